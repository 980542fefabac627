package session_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/mfa"
	"maska/internal/session"
)

const page = "https://maska.example"

var site = virtualwebauthn.RelyingParty{ID: "maska.example", Name: "Maska", Origin: page}

// authenticator is somebody's device.
type authenticator struct {
	t      testing.TB
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
}

// wholeKey is the length of a key on the curve P-256 in COSE.
const wholeKey = 77

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	a := &authenticator{t: t, device: virtualwebauthn.NewAuthenticator(), key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	for len(a.key.Key.AttestationData()) != wholeKey { // of one in 128, the library writes a coordinate a byte short
		a.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return a
}

func (a *authenticator) json(value any) string {
	a.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

func (a *authenticator) register(options mfa.CreationOptions) (answer mfa.Registration) {
	a.t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(a.json(options))
	if err == nil {
		a.device.Options.UserHandle, err = base64.RawURLEncoding.DecodeString(options.User.ID)
	}
	if err == nil {
		err = json.Unmarshal([]byte(virtualwebauthn.CreateAttestationResponse(site, a.device, a.key, *parsed)), &answer)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

func (a *authenticator) prove(options mfa.RequestOptions) (answer mfa.Assertion) {
	a.t.Helper()
	a.key.Counter++
	parsed, err := virtualwebauthn.ParseAssertionOptions(a.json(options))
	if err == nil {
		err = json.Unmarshal([]byte(virtualwebauthn.CreateAssertionResponse(site, a.device, a.key, *parsed)), &answer)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

// addPasskey gives the actor a passkey.
func (w *world) addPasskey(actor session.Actor, name string) (*authenticator, session.Factor, []string) {
	w.t.Helper()
	options, err := w.PasskeyOptions(w.t.Context(), actor, page)
	if err != nil {
		w.t.Fatal(err)
	}
	a := newAuthenticator(w.t)
	f, codes, err := w.AddPasskey(w.t.Context(), actor, page, name, a.register(options), client)
	if err != nil {
		w.t.Fatal(err)
	}
	return a, f, codes
}

func (w *world) askPasskey() mfa.RequestOptions {
	w.t.Helper()
	options, err := w.PasskeySignInOptions(page)
	if err != nil {
		w.t.Fatal(err)
	}
	return options
}

func TestAnAnswerOfAPasskeySignsInOnce(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor := w.authenticate(w.enter(guarded).Access)
		a, f, codes := w.addPasskey(actor, strings.Repeat("я", 100))
		if len(codes) != mfa.RecoveryCodes || f.Name != strings.Repeat("я", 40) {
			t.Errorf("%d recovery codes, name %q", len(codes), f.Name)
		}
		w.db.Exec(t, "UPDATE accounts SET mfa_for = 'all'")
		answer := a.prove(w.askPasskey())
		won := w.race(8, func(int) error {
			tokens, err := w.SignInPasskey(t.Context(), page, answer, client, locale.English)
			if err == nil && tokens.Account.ID != actor.Account.ID {
				t.Error("another account")
			}
			return err
		}, errs.MFAInvalid)
		if won != 1 {
			t.Errorf("one answer signed in %d times", won)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM challenges WHERE expires_at % 3600000 <> 0"); n != 0 {
			t.Error("a challenge that was answered dates the sign-in")
		}
		dump := w.db.Dump(t)
		for _, secret := range [][]byte{a.key.ID, []byte(base64.RawURLEncoding.EncodeToString(a.key.ID))} {
			if bytes.Contains(dump, secret) {
				t.Error("the database names the credential")
			}
		}
		w.db.Exec(t, "UPDATE accounts SET active = false")
		_, err := w.SignInPasskey(t.Context(), page, a.prove(w.askPasskey()), client, locale.English)
		w.wantCode(err, errs.AccountDisabled)
	})
}

func TestTheLastPasskeyOfAnAccountWithoutAnotherWayInStays(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor := w.authenticate(w.enter(guarded).Access)
		_, first, _ := w.addPasskey(actor, "one")
		a, second, none := w.addPasskey(actor, "two")
		if none != nil {
			t.Error("a second passkey voided the recovery codes")
		}
		if _, err := w.UnbindTelegram(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveFactor(t.Context(), actor, first.ID, client, session.FactorPasskey); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.RemoveFactor(t.Context(), actor, second.ID, client), errs.LastLoginMethod)
		if tokens, err := w.SignInPasskey(t.Context(), page, a.prove(w.askPasskey()), client, locale.English); err != nil || tokens.Account.ID != actor.Account.ID {
			t.Error(err)
		}
	})
}

func TestAKeyBelongsToOneAccount(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		a := newAuthenticator(t)
		const n = 4
		actors := make([]session.Actor, n)
		answers := make([]mfa.Registration, n)
		for i := range actors {
			actors[i] = w.authenticate(w.enter(int64(i + 1)).Access)
			options, err := w.PasskeyOptions(t.Context(), actors[i], page)
			if err != nil {
				t.Fatal(err)
			}
			answers[i] = a.register(options)
		}
		won := w.race(n, func(i int) error {
			_, _, err := w.AddPasskey(t.Context(), actors[i], page, "", answers[i], client)
			return err
		}, errs.FactorExists)
		if won != 1 {
			t.Errorf("one key was taken by %d accounts", won)
		}
		_, _, err := w.AddPasskey(t.Context(), actors[0], page, "", answers[1], client)
		w.wantCode(err, errs.MFAInvalid) // made for another account
	})
}
