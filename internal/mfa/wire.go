package mfa

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
)

// The JSON that pages exchange with the browser's navigator.credentials (Web Authentication level 3,
// section 5.1): bytes are base64url without padding.

const publicKey = "public-key"

// CreationOptions is PublicKeyCredentialCreationOptionsJSON.
type CreationOptions struct {
	RP          RelyingParty           `json:"rp"`
	User        UserEntity             `json:"user"`
	Challenge   string                 `json:"challenge"`
	Parameters  []CredentialParameter  `json:"pubKeyCredParams"`
	Timeout     int64                  `json:"timeout" description:"milliseconds"`
	Exclude     []CredentialDescriptor `json:"excludeCredentials"`
	Selection   AuthenticatorSelection `json:"authenticatorSelection"`
	Attestation string                 `json:"attestation" enum:"none"`
}

// RelyingParty names the site.
type RelyingParty struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// UserEntity names the account to its owner.
type UserEntity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// CredentialParameter is a kind of key that is accepted.
type CredentialParameter struct {
	Type      string `json:"type" enum:"public-key"`
	Algorithm int64  `json:"alg" description:"COSE algorithm"`
}

// CredentialDescriptor names a passkey.
type CredentialDescriptor struct {
	Type       string   `json:"type" enum:"public-key"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

// AuthenticatorSelection tells what the authenticator must be able to do.
type AuthenticatorSelection struct {
	ResidentKey        string `json:"residentKey" enum:"required"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification" enum:"required"`
}

// RequestOptions is PublicKeyCredentialRequestOptionsJSON.
type RequestOptions struct {
	Challenge        string                 `json:"challenge"`
	Timeout          int64                  `json:"timeout" description:"milliseconds"`
	RPID             string                 `json:"rpId"`
	Allow            []CredentialDescriptor `json:"allowCredentials"`
	UserVerification string                 `json:"userVerification" enum:"required"`
}

// Registration is RegistrationResponseJSON, as far as it is looked at.
type Registration struct {
	ID       string               `json:"id"`
	RawID    string               `json:"rawId"`
	Type     string               `json:"type"`
	Response RegistrationResponse `json:"response"`
}

// RegistrationResponse is AuthenticatorAttestationResponseJSON, as far as it is looked at.
type RegistrationResponse struct {
	ClientData  string   `json:"clientDataJSON"`
	Attestation string   `json:"attestationObject"`
	Transports  []string `json:"transports,omitempty"`
}

// Assertion is AuthenticationResponseJSON, as far as it is looked at.
type Assertion struct {
	ID       string            `json:"id"`
	RawID    string            `json:"rawId"`
	Type     string            `json:"type"`
	Response AssertionResponse `json:"response"`
}

// AssertionResponse is AuthenticatorAssertionResponseJSON, as far as it is looked at.
type AssertionResponse struct {
	ClientData    string `json:"clientDataJSON"`
	Authenticator string `json:"authenticatorData"`
	Signature     string `json:"signature"`
	UserHandle    string `json:"userHandle,omitempty"`
}

// ReadAssertion reads an answer that came as text; false when it is none.
func ReadAssertion(text string) (answer Assertion, ok bool) {
	err := json.Unmarshal([]byte(text), &answer)
	return answer, err == nil
}

// Credential is the id of the passkey that an answer names; nil when it is not one.
func (a Assertion) Credential() []byte {
	id, err := strict.DecodeString(a.RawID)
	if err != nil {
		return nil
	}
	return id
}

func (r Registration) parse() (*protocol.ParsedCredentialCreationData, error) {
	b, err := decode(r.RawID, r.Response.ClientData, r.Response.Attestation)
	if err != nil {
		return nil, err
	}
	return protocol.CredentialCreationResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{Credential: protocol.Credential{ID: r.ID, Type: r.Type}, RawID: b[0]},
		AttestationResponse: protocol.AuthenticatorAttestationResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: b[1]}, AttestationObject: b[2],
		},
	}.Parse()
}

func (a Assertion) parse() (*protocol.ParsedCredentialAssertionData, error) {
	b, err := decode(a.RawID, a.Response.ClientData, a.Response.Authenticator, a.Response.Signature, a.Response.UserHandle)
	if err != nil {
		return nil, err
	}
	return protocol.CredentialAssertionResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{Credential: protocol.Credential{ID: a.ID, Type: a.Type}, RawID: b[0]},
		AssertionResponse: protocol.AuthenticatorAssertionResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: b[1]},
			AuthenticatorData:     b[2], Signature: b[3], UserHandle: b[4],
		},
	}.Parse()
}

func decode(texts ...string) (decoded []protocol.URLEncodedBase64, err error) {
	for _, text := range texts {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, b)
	}
	return decoded, nil
}

func descriptors(keys []Passkey) []CredentialDescriptor {
	all := []CredentialDescriptor{} // an empty list of JSON, not null
	for _, key := range keys {
		all = append(all, CredentialDescriptor{Type: publicKey, ID: strict.EncodeToString(key.ID), Transports: key.Transports})
	}
	return all
}

// known drops transports that no specification names, so that nothing foreign is kept.
func known(transports []string) (kept []string) {
	for _, name := range []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"} {
		if slices.Contains(transports, name) {
			kept = append(kept, name)
		}
	}
	return kept
}
