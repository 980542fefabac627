package mfa

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"maska/internal/random"
)

// PasskeyTime is how long a page has between asking for a challenge and answering it.
const PasskeyTime = 5 * time.Minute

// ErrPasskey is returned for an answer that does not prove a passkey, whatever the reason.
var ErrPasskey = errors.New("mfa: the passkey is not proved")

// Passkeys makes and checks what authenticators sign (Web Authentication, level 3). The server keeps
// nothing between question and answer: a challenge carries its purpose, its end and a MAC. Whoever
// accepts an answer must see to it that its challenge is used once.
type Passkeys struct {
	name   string
	key    []byte
	random random.Source
	now    func() time.Time
}

// NewPasskeys makes the relying party. name is what authenticators show, key authenticates challenges.
func NewPasskeys(name string, key []byte, source random.Source, now func() time.Time) *Passkeys {
	return &Passkeys{name: name, key: key, random: source, now: now}
}

// Owner is the person as an authenticator knows him.
type Owner struct {
	Handle []byte // opaque; nothing of the person can be read from it
	Name   string // shown to the person when he chooses among passkeys
	Keys   []Passkey
}

// Passkey is what is kept of a credential.
type Passkey struct {
	ID         []byte   `json:"id"`
	PublicKey  []byte   `json:"publicKey"` // COSE
	SignCount  uint32   `json:"signCount"`
	Synced     bool     `json:"synced,omitempty"` // may be copied to other devices; never changes
	Transports []string `json:"transports,omitempty"`
}

// What a challenge is for. An answer to one is no answer to another.
const (
	ForSignIn = "signin"
	ForFactor = "factor"

	forRegistration = "register"
)

// challengeSize is the size of a challenge: end 8, random 16, MAC 16.
const challengeSize = 40

// challenge makes a question for one purpose, bound to a text such as the handle of an account.
func (p *Passkeys) challenge(purpose, bound string) []byte {
	c := binary.BigEndian.AppendUint64(nil, uint64(p.now().Add(PasskeyTime).Unix())) //nolint:gosec // after 1970
	c = append(c, p.random.Bytes(16)...)
	return append(c, p.mac(c, purpose, bound)...)
}

func (p *Passkeys) mac(signed []byte, purpose, bound string) []byte {
	h := hmac.New(sha256.New, p.key)
	h.Write(signed)
	h.Write([]byte(purpose + "\n" + bound))
	return h.Sum(nil)[:16]
}

// ours reports whether a challenge was made here for this purpose and has not run out.
func (p *Passkeys) ours(challenge, purpose, bound string) bool {
	c, err := strict.DecodeString(challenge)
	if err != nil || len(c) != challengeSize {
		return false
	}
	signed, proof := c[:challengeSize-16], c[challengeSize-16:]
	end := binary.BigEndian.Uint64(signed)
	return hmac.Equal(proof, p.mac(signed, purpose, bound)) && uint64(p.now().Unix()) < end //nolint:gosec // after 1970
}

// strict refuses text that decodes but is not what the encoder writes.
var strict = base64.RawURLEncoding.Strict()

// relyingParty is the site that an authenticator binds a key to; origin is its address, such as
// https://example.org. Only a page of this very origin can answer.
func relyingParty(name, origin string) (*webauthn.WebAuthn, error) {
	site, err := url.Parse(origin)
	if err != nil || site.Hostname() == "" {
		return nil, fmt.Errorf("%w: a page without an address", ErrPasskey)
	}
	return webauthn.New(&webauthn.Config{RPID: site.Hostname(), RPDisplayName: name, RPOrigins: []string{origin}})
}

// Algorithms of keys that are accepted, the preferred one first.
var algorithms = []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256}

// CreationOptions asks for a new passkey of an owner.
func (p *Passkeys) CreationOptions(origin string, owner Owner) (CreationOptions, error) {
	site, err := relyingParty(p.name, origin)
	if err != nil {
		return CreationOptions{}, err
	}
	options := CreationOptions{
		RP:        RelyingParty{ID: site.Config.RPID, Name: p.name},
		User:      UserEntity{ID: strict.EncodeToString(owner.Handle), Name: owner.Name, DisplayName: owner.Name},
		Challenge: strict.EncodeToString(p.challenge(forRegistration, string(owner.Handle))),
		Timeout:   PasskeyTime.Milliseconds(), Exclude: descriptors(owner.Keys), Attestation: "none",
		Selection: AuthenticatorSelection{ResidentKey: "required", RequireResidentKey: true, UserVerification: "required"},
	}
	for _, algorithm := range algorithms {
		options.Parameters = append(options.Parameters, CredentialParameter{Type: publicKey, Algorithm: int64(algorithm)})
	}
	return options, nil
}

// Register checks the answer to CreationOptions.
func (p *Passkeys) Register(origin string, owner Owner, answer Registration) (Passkey, error) {
	site, err := relyingParty(p.name, origin)
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := answer.parse()
	if err != nil {
		return Passkey{}, fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	if !p.ours(challenge, forRegistration, string(owner.Handle)) {
		return Passkey{}, fmt.Errorf("%w: challenge", ErrPasskey)
	}
	ceremony := session(challenge, owner)
	for _, algorithm := range algorithms {
		ceremony.CredParams = append(ceremony.CredParams, protocol.CredentialParameter{Type: publicKey, Algorithm: algorithm})
	}
	made, err := site.CreateCredential(person(owner), ceremony, parsed)
	if err != nil {
		return Passkey{}, fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	return Passkey{
		ID: made.ID, PublicKey: made.PublicKey, SignCount: made.Authenticator.SignCount,
		Synced: made.Flags.BackupEligible, Transports: known(answer.Response.Transports),
	}, nil
}

// RequestOptions asks for the proof of a passkey: of one of keys, or of any that belongs to this
// site when there are none. bound ties the answer to what it is given for.
func (p *Passkeys) RequestOptions(origin, purpose, bound string, keys []Passkey) (RequestOptions, error) {
	site, err := relyingParty(p.name, origin)
	if err != nil {
		return RequestOptions{}, err
	}
	return RequestOptions{
		Challenge: strict.EncodeToString(p.challenge(purpose, bound)), Timeout: PasskeyTime.Milliseconds(),
		RPID: site.Config.RPID, Allow: descriptors(keys), UserVerification: "required",
	}, nil
}

// Check checks the answer to RequestOptions against the key that it names. It returns the key with
// its new counter, and the challenge, which the caller must not accept again.
func (p *Passkeys) Check(origin, purpose, bound string, owner Owner, answer Assertion) (used Passkey, challenge string, err error) {
	site, err := relyingParty(p.name, origin)
	if err != nil {
		return Passkey{}, "", err
	}
	parsed, err := answer.parse()
	if err != nil {
		return Passkey{}, "", fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	challenge = parsed.Response.CollectedClientData.Challenge
	if !p.ours(challenge, purpose, bound) {
		return Passkey{}, "", fmt.Errorf("%w: challenge", ErrPasskey)
	}
	checked, err := site.ValidateLogin(person(owner), session(challenge, owner), parsed)
	if err != nil {
		return Passkey{}, "", fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	if checked.Authenticator.CloneWarning {
		return Passkey{}, "", fmt.Errorf("%w: the counter went back; somebody copied the key", ErrPasskey)
	}
	for _, key := range owner.Keys {
		if bytes.Equal(key.ID, checked.ID) {
			used = key
		}
	}
	used.SignCount = checked.Authenticator.SignCount
	return used, challenge, nil
}

// session is what the library wants to know of the question. The end of the challenge is checked
// here, by our clock.
func session(challenge string, owner Owner) webauthn.SessionData {
	return webauthn.SessionData{Challenge: challenge, UserID: owner.Handle, UserVerification: protocol.VerificationRequired}
}

// person is an owner as the library sees him.
type person Owner

func (p person) WebAuthnID() []byte          { return p.Handle }
func (p person) WebAuthnName() string        { return p.Name }
func (p person) WebAuthnDisplayName() string { return p.Name }

func (p person) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(p.Keys))
	for i, key := range p.Keys {
		all[i] = webauthn.Credential{
			ID: key.ID, PublicKey: key.PublicKey, AttestationFormat: "none",
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: key.Synced},
			Authenticator: webauthn.Authenticator{SignCount: key.SignCount},
		}
	}
	return all
}
