package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"maska/internal/account"
	"maska/internal/errs"
)

// checkService tells whether a bearer token is a secret of another service.
func (a *API) checkService(token string) error {
	given := sha256.Sum256([]byte(token)) // so that the time tells nothing of lengths
	known := 0
	for _, secret := range a.cfg.ServiceSecrets {
		sum := sha256.Sum256([]byte(secret))
		known |= subtle.ConstantTimeCompare(given[:], sum[:])
	}
	if known == 0 {
		return errs.New(errs.TokenInvalid)
	}
	return nil
}

type introspectBody struct {
	Token string `json:"token"`
}

// worth is the answer of token introspection (RFC 7662, section 2.2).
type worth struct {
	Active    bool           `json:"active"`
	TokenType string         `json:"token_type,omitzero"`
	Scope     string         `json:"scope,omitzero" description:"the roles, separated by spaces"`
	Subject   string         `json:"sub,omitzero" description:"the account id"`
	Session   string         `json:"sid,omitzero"`
	Roles     []account.Role `json:"roles,omitzero"`
	Methods   []string       `json:"amr,omitzero"`
	Issuer    string         `json:"iss,omitzero"`
	Audience  string         `json:"aud,omitzero"`
	IssuedAt  int64          `json:"iat,omitzero"`
	ExpiresAt int64          `json:"exp,omitzero"`
}

// introspect serves POST /api/auth/introspect.
func (a *API) introspect(c *call, in introspectBody) (worth, error) {
	found, err := a.sessions.Introspect(c.Context(), in.Token)
	if err != nil || !found.Active {
		return worth{}, err
	}
	roles := make([]string, len(found.Roles))
	for i, role := range found.Roles {
		roles[i] = string(role)
	}
	return worth{
		Active: true, TokenType: "Bearer", Scope: strings.Join(roles, " "), Subject: strconv.FormatInt(int64(found.Account), 10), Session: found.Session,
		Roles: found.Roles, Methods: found.Methods, Issuer: found.Issuer, Audience: found.Audience, IssuedAt: found.IssuedAt.Unix(), ExpiresAt: found.ExpiresAt.Unix(),
	}, nil
}

// jwkSet is a set of keys (RFC 7517, section 5).
type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// jwk is a public key of Ed25519 (RFC 8037, section 2).
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
}

// jwks serves GET /.well-known/jwks.json.
func (a *API) jwks(*call, struct{}) (jwkSet, error) {
	set := jwkSet{Keys: []jwk{}}
	for _, key := range a.sessions.PublicKeys() {
		set.Keys = append(set.Keys, jwk{Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key.Key), ID: key.ID, Use: "sig", Alg: "EdDSA"})
	}
	if len(set.Keys) == 0 {
		return jwkSet{}, errs.New(errs.NotFound)
	}
	return set, nil
}
