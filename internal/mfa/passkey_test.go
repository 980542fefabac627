package mfa_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"maska/internal/mfa"
)

const site = "https://maska.example"

// wholeKey is the length of a key on the curve P-256 in COSE.
const wholeKey = 77

// device is an authenticator with one key, in a browser that shows a page of an origin.
type device struct {
	t             testing.TB
	rp            virtualwebauthn.RelyingParty
	authenticator virtualwebauthn.Authenticator
	key           virtualwebauthn.Credential
}

func newDevice(t testing.TB, kind virtualwebauthn.KeyType) *device {
	return &device{
		t: t, rp: virtualwebauthn.RelyingParty{ID: "maska.example", Name: "Maska", Origin: site},
		authenticator: virtualwebauthn.NewAuthenticator(), key: newKey(kind),
	}
}

// newKey draws a key that is well formed: of one in 128, the library writes a coordinate a byte short.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		key := virtualwebauthn.NewCredential(kind)
		if kind != virtualwebauthn.KeyTypeEC2 || len(key.Key.AttestationData()) == wholeKey {
			return key
		}
	}
}

func (d *device) register(options mfa.CreationOptions) (answer mfa.Registration) {
	d.t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(encode(d.t, options))
	if err != nil {
		d.t.Fatal(err)
	}
	text := virtualwebauthn.CreateAttestationResponse(d.rp, d.authenticator, d.key, *parsed)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		d.t.Fatal(err)
	}
	return answer
}

func (d *device) prove(options mfa.RequestOptions) (answer mfa.Assertion) {
	d.t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(encode(d.t, options))
	if err != nil {
		d.t.Fatal(err)
	}
	text := virtualwebauthn.CreateAssertionResponse(d.rp, d.authenticator, d.key, *parsed)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		d.t.Fatal(err)
	}
	return answer
}

func encode(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ceremony is a site with a clock that the test moves, an owner, and his device.
type ceremony struct {
	*mfa.Passkeys
	t      testing.TB
	now    time.Time
	owner  mfa.Owner
	device *device
}

func newCeremony(t testing.TB, kind virtualwebauthn.KeyType) *ceremony {
	t.Helper()
	c := &ceremony{t: t, now: time.Unix(1_800_000_000, 0), owner: mfa.Owner{Handle: bytes.Repeat([]byte{5}, 32), Name: "ann"}, device: newDevice(t, kind)}
	c.Passkeys = mfa.NewPasskeys("Maska", bytes.Repeat([]byte{3}, 32), source, func() time.Time { return c.now })
	return c
}

func (c *ceremony) ask() mfa.CreationOptions {
	c.t.Helper()
	options, err := c.CreationOptions(site, c.owner)
	if err != nil {
		c.t.Fatal(err)
	}
	return options
}

func (c *ceremony) register() {
	c.t.Helper()
	key, err := c.Register(site, c.owner, c.device.register(c.ask()))
	if err != nil {
		c.t.Fatal(err)
	}
	if !bytes.Equal(key.ID, c.device.key.ID) || len(key.PublicKey) == 0 {
		c.t.Fatalf("registered %+v", key)
	}
	c.owner.Keys = append(c.owner.Keys, key)
	c.device.authenticator.Options.UserHandle = c.owner.Handle
}

func (c *ceremony) request(purpose, bound string) mfa.RequestOptions {
	c.t.Helper()
	options, err := c.RequestOptions(site, purpose, bound, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return options
}

func TestAPasskeyIsRegisteredAndProved(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]virtualwebauthn.KeyType{"ES256": virtualwebauthn.KeyTypeEC2, "RS256": virtualwebauthn.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCeremony(t, kind)
			c.register()
			if again := c.ask(); len(again.Exclude) != 1 {
				t.Errorf("a second registration does not exclude the key: %+v", again.Exclude)
			}
			c.device.key.Counter = 7
			answer := c.device.prove(c.request(mfa.ForSignIn, ""))
			used, challenge, err := c.Check(site, mfa.ForSignIn, "", c.owner, answer)
			if err != nil || used.SignCount != 7 || challenge == "" || !bytes.Equal(answer.Credential(), used.ID) {
				t.Fatalf("%+v, %q, %v", used, challenge, err)
			}
		})
	}
}

func TestARegistrationHoldsForItsOwnerPageAndTime(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(c *ceremony, answer *mfa.Registration){
		"for another account": func(c *ceremony, _ *mfa.Registration) { c.owner.Handle = []byte("somebody else") },
		"too late":            func(c *ceremony, _ *mfa.Registration) { c.now = c.now.Add(mfa.PasskeyTime) },
		"another key's id":    func(_ *ceremony, a *mfa.Registration) { a.RawID = "AAAA" },
		"no base64":           func(_ *ceremony, a *mfa.Registration) { a.Response.Attestation = "%" },
		"a cut attestation":   func(_ *ceremony, a *mfa.Registration) { a.Response.Attestation = a.Response.Attestation[:40] },
		"empty client data":   func(_ *ceremony, a *mfa.Registration) { a.Response.ClientData = "" },
		"type":                func(_ *ceremony, a *mfa.Registration) { a.Type = "password" },
		"the answer to a proof": func(c *ceremony, a *mfa.Registration) {
			*a = c.device.register(mfa.CreationOptions{Challenge: c.request(mfa.ForSignIn, string(c.owner.Handle)).Challenge})
		},
		"a page of another site": func(c *ceremony, a *mfa.Registration) {
			c.device.rp.Origin = "https://maska.example.evil"
			*a = c.device.register(c.ask())
		},
		"another port": func(c *ceremony, a *mfa.Registration) {
			c.device.rp.Origin = site + ":8443"
			*a = c.device.register(c.ask())
		},
		"another relying party": func(c *ceremony, a *mfa.Registration) { c.device.rp.ID = "example"; *a = c.device.register(c.ask()) },
		"nobody there": func(c *ceremony, a *mfa.Registration) {
			c.device.authenticator.Options.UserNotPresent = true
			*a = c.device.register(c.ask())
		},
		"anybody there": func(c *ceremony, a *mfa.Registration) {
			c.device.authenticator.Options.UserNotVerified = true
			*a = c.device.register(c.ask())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCeremony(t, virtualwebauthn.KeyTypeEC2)
			answer := c.device.register(c.ask())
			spoil(c, &answer)
			if key, err := c.Register(site, c.owner, answer); !errors.Is(err, mfa.ErrPasskey) {
				t.Errorf("%+v, %v", key, err)
			}
		})
	}
}

func TestAProofHoldsForItsPurposeOwnerPageAndTime(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(c *ceremony, answer *mfa.Assertion){
		"too late":              func(c *ceremony, _ *mfa.Assertion) { c.now = c.now.Add(mfa.PasskeyTime) },
		"for another account":   func(c *ceremony, _ *mfa.Assertion) { c.owner.Handle = []byte("somebody else") },
		"with another key":      func(c *ceremony, _ *mfa.Assertion) { c.owner.Keys[0].PublicKey = otherKey(c.t) },
		"with an unknown key":   func(c *ceremony, _ *mfa.Assertion) { c.owner.Keys[0].ID = []byte("another") },
		"signature":             func(_ *ceremony, a *mfa.Assertion) { a.Response.Signature = a.Response.Authenticator },
		"empty":                 func(_ *ceremony, a *mfa.Assertion) { *a = mfa.Assertion{} },
		"cut data":              func(_ *ceremony, a *mfa.Assertion) { a.Response.Authenticator = a.Response.Authenticator[:20] },
		"of another purpose":    func(c *ceremony, a *mfa.Assertion) { *a = c.device.prove(c.request(mfa.ForSignIn, "token")) },
		"bound to another text": func(c *ceremony, a *mfa.Assertion) { *a = c.device.prove(c.request(mfa.ForFactor, "other")) },
		"a page of another site": func(c *ceremony, a *mfa.Assertion) {
			c.device.rp.Origin = "https://evil.example"
			*a = c.device.prove(c.request(mfa.ForFactor, "token"))
		},
		"anybody there": func(c *ceremony, a *mfa.Assertion) {
			c.device.authenticator.Options.UserNotVerified = true
			*a = c.device.prove(c.request(mfa.ForFactor, "token"))
		},
		"a copied key": func(c *ceremony, _ *mfa.Assertion) { c.owner.Keys[0].SignCount = 10 },
		"a synced twin": func(c *ceremony, a *mfa.Assertion) {
			c.device.authenticator.Options.BackupEligible = true
			*a = c.device.prove(c.request(mfa.ForFactor, "token"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCeremony(t, virtualwebauthn.KeyTypeEC2)
			c.register()
			c.device.key.Counter = 3
			answer := c.device.prove(c.request(mfa.ForFactor, "token"))
			spoil(c, &answer)
			if used, _, err := c.Check(site, mfa.ForFactor, "token", c.owner, answer); !errors.Is(err, mfa.ErrPasskey) {
				t.Errorf("%+v, %v", used, err)
			}
		})
	}
}

func TestAPageWithoutAnAddressHasNoPasskeys(t *testing.T) {
	t.Parallel()
	c := newCeremony(t, virtualwebauthn.KeyTypeEC2)
	c.register()
	answer := c.device.prove(c.request(mfa.ForSignIn, ""))
	for _, origin := range []string{"", "maska.example", "https://", "https://%"} {
		_, asking := c.CreationOptions(origin, c.owner)
		_, requesting := c.RequestOptions(origin, mfa.ForSignIn, "", nil)
		_, registering := c.Register(origin, c.owner, mfa.Registration{})
		_, _, checking := c.Check(origin, mfa.ForSignIn, "", c.owner, answer)
		for _, err := range []error{asking, requesting, registering, checking} {
			if !errors.Is(err, mfa.ErrPasskey) {
				t.Errorf("%q: %v", origin, err)
			}
		}
	}
}

// otherKey is the public key of somebody else's device.
func otherKey(t testing.TB) []byte {
	t.Helper()
	other := newCeremony(t, virtualwebauthn.KeyTypeEC2)
	other.register()
	return other.owner.Keys[0].PublicKey
}
