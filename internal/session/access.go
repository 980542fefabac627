package session

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"maska/internal/account"
	"maska/internal/errs"
)

// What an access token says of itself (auth contract, section 7.1).
const (
	issuer         = "maska"
	audience       = "api"
	useAccess      = "access"
	maxAccessToken = 4096
	leeway         = 30 * time.Second
)

// claims are what an access token carries. Nothing in it is personal. Times are UNIX seconds.
type claims struct {
	Issuer     string   `json:"iss"`
	Audience   string   `json:"aud"`
	Subject    string   `json:"sub"` // the account id
	Session    string   `json:"sid"`
	Generation int64    `json:"gen"`
	Use        string   `json:"use"`
	Methods    []string `json:"amr"`
	ProvedAt   int64    `json:"auth_time,omitempty"` // when the owner proved who he is, if it led to this token
	IssuedAt   int64    `json:"iat"`
	NotBefore  int64    `json:"nbf,omitempty"`
	ExpiresAt  int64    `json:"exp"`
	ID         string   `json:"jti"`
}

// The library wants these for checks of its own, which are switched off: verify does them.

func (claims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil } //nolint:nilnil // not asked for
func (claims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil } //nolint:nilnil // not asked for
func (claims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil } //nolint:nilnil // not asked for
func (claims) GetIssuer() (string, error)                   { return "", nil }
func (claims) GetSubject() (string, error)                  { return "", nil }
func (claims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// accessKeys signs with the first key and verifies with all of them.
type accessKeys struct {
	method  jwt.SigningMethod
	signing string         // id of the key that signs
	private any            // that key: []byte, or ed25519.PrivateKey
	byID    map[string]any // what verifies: []byte, or ed25519.PublicKey
	public  []PublicKey
	opened  *openedTokens
}

// PublicKey verifies access tokens, for whoever wants to do so elsewhere.
type PublicKey struct {
	ID  string
	Key ed25519.PublicKey
}

// newAccessKeys makes keys of secrets, the current one first. With eddsa they are the seeds of Ed25519
// key pairs (RFC 8032), else keys of HMAC-SHA-256.
func newAccessKeys(eddsa bool, secrets ...[]byte) (accessKeys, error) {
	keys := accessKeys{method: jwt.SigningMethodHS256, byID: map[string]any{}, opened: newOpenedTokens()}
	if eddsa {
		keys.method = jwt.SigningMethodEdDSA
	}
	for i, secret := range secrets {
		id, private, public := keyID(secret), any(secret), any(secret)
		if eddsa {
			if len(secret) != ed25519.SeedSize {
				return accessKeys{}, fmt.Errorf("session: the seed of an access key has %d bytes, want %d", len(secret), ed25519.SeedSize)
			}
			pair := ed25519.NewKeyFromSeed(secret)
			verifying := ed25519.PublicKey(pair[ed25519.SeedSize:])
			id, private, public = keyID(verifying), pair, verifying
			keys.public = append(keys.public, PublicKey{ID: id, Key: verifying})
		}
		if i == 0 {
			keys.signing, keys.private = id, private
		}
		keys.byID[id] = public
	}
	return keys, nil
}

// keyID names a key by the first 8 hex digits of its SHA-256.
func keyID(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:4])
}

// sign makes a token. proved is when the owner proved who he is, zero if that did not lead to this token.
func (k accessKeys) sign(s Session, id string, now, proved time.Time, life time.Duration) (string, error) {
	c := claims{
		Issuer: issuer, Audience: audience, Subject: strconv.FormatInt(int64(s.Account), 10),
		Session: s.ID, Generation: s.Generation, Use: useAccess, Methods: s.Methods,
		IssuedAt: now.Unix(), ExpiresAt: now.Add(life).Unix(), ID: id,
	}
	if !proved.IsZero() {
		c.ProvedAt = proved.Unix()
	}
	token := jwt.NewWithClaims(k.method, c)
	token.Header["kid"] = k.signing
	return token.SignedString(k.private)
}

// verify checks everything about a token that needs no store. An expired token of ours gives its
// claims together with token_expired.
func (k accessKeys) verify(token string, now time.Time) (claims, account.ID, error) {
	if token == "" {
		return claims{}, 0, errs.New(errs.TokenMissing)
	}
	if len(token) > maxAccessToken || strings.ContainsAny(token, "\r\n") { // the base64 decoder skips line ends
		return claims{}, 0, errs.New(errs.TokenInvalid)
	}
	opened, known := k.opened.get(token)
	if !known {
		var err error
		if opened, err = k.open(token); err != nil {
			return claims{}, 0, errs.Wrap(errs.TokenInvalid, err)
		}
		k.opened.put(token, opened)
	}
	c := opened.claims
	future := now.Add(leeway).Unix()
	if c.IssuedAt > future || c.NotBefore > future {
		return claims{}, 0, errs.New(errs.TokenInvalid)
	}
	if now.Add(-leeway).Unix() >= c.ExpiresAt {
		return c, opened.account, errs.New(errs.TokenExpired)
	}
	return c, opened.account, nil
}

// open checks what does not change with time: the signature, and that the token is for this use.
func (k accessKeys) open(token string) (o openedToken, err error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{k.method.Alg()}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(token, &o.claims, k.keyOf); err != nil {
		return o, err
	}
	c := &o.claims
	id, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil || id <= 0 || c.Use != useAccess || c.Session == "" || c.Issuer != issuer || c.Audience != audience || c.ExpiresAt <= 0 || c.IssuedAt <= 0 {
		return o, errors.New("not an access token of ours")
	}
	o.account = account.ID(id)
	return o, nil
}

// keyOf refuses headers that would let a token choose how it is verified (RFC 8725).
func (k accessKeys) keyOf(token *jwt.Token) (any, error) {
	for name := range token.Header {
		switch name {
		case "alg", "kid", "typ":
		default:
			return nil, fmt.Errorf("header parameter %q", name)
		}
	}
	kid, ok := token.Header["kid"].(string)
	if !ok {
		return nil, errors.New("no kid")
	}
	key, known := k.byID[kid]
	if !known {
		return nil, errors.New("unknown kid")
	}
	return key, nil
}
