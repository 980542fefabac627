package testkit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// Issuer is a small OpenID Connect issuer on loopback: discovery, keys, authorization and token.
type Issuer struct {
	URL          string
	ClientID     string
	ClientSecret string
	t            testing.TB
	key          *rsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]map[string]any  // by code: claims of the token
	proofs map[string]string          // by code: the challenge of PKCE
	down   bool                       // answers 500 to everything
	Alter  func(claims jwt.MapClaims) // spoils tokens before they are signed
}

// issuerKey is made once for all issuers of a process: it takes a while.
var issuerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// StartIssuer runs an issuer until the test ends.
func StartIssuer(t testing.TB, clientID, clientSecret string) *Issuer {
	t.Helper()
	key, err := issuerKey()
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{t: t, key: key, ClientID: clientID, ClientSecret: clientSecret, codes: map[string]map[string]any{}, proofs: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		down := i.down
		i.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

func (i *Issuer) answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		i.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the server under test may have gone away
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	i.answer(w, http.StatusOK, map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	i.answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "test", "n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes()),
	}}})
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id) // RFC 6749, section 2.3.1
	secret, _ = url.QueryUnescape(secret)
	i.mu.Lock()
	defer i.mu.Unlock()
	code := r.PostFormValue("code")
	claims, proof := i.codes[code], i.proofs[code]
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != i.ClientID || secret != i.ClientSecret || claims == nil || base64.RawURLEncoding.EncodeToString(sum[:]) != proof {
		i.answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	delete(i.codes, code) // it works once
	i.answer(w, http.StatusOK, map[string]any{"access_token": "unused", "token_type": "Bearer", "expires_in": 60, "id_token": i.Sign(claims)})
}

// Sign makes an ID token of the claims and those that every token has.
func (i *Issuer) Sign(extra map[string]any) string {
	claims := jwt.MapClaims{"iss": i.URL, "aud": i.ClientID, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, extra)
	if i.Alter != nil {
		i.Alter(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "test"
	text, err := token.SignedString(i.key)
	if err != nil {
		i.t.Error(err)
	}
	return text
}

// SignWithAnotherKey makes an ID token that the issuer never made.
func (i *Issuer) SignWithAnotherKey(claims map[string]any) string {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	all := jwt.MapClaims{"iss": i.URL, "aud": i.ClientID, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	token.Header["kid"] = "test"
	text, err := token.SignedString(key)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

// Visit is a browser that opens the address of a sign-in and says there who it is: what the issuer sends back.
func (i *Issuer) Visit(address string, claims map[string]any) (code, state string) {
	i.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		i.t.Fatal(err)
	}
	query := u.Query()
	if query.Get("client_id") != i.ClientID || query.Get("response_type") != "code" || query.Get("code_challenge_method") != "S256" || query.Get("redirect_uri") == "" {
		i.t.Fatalf("asked for with %v", query)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	code = rand.Text()
	all := map[string]any{"nonce": query.Get("nonce")}
	maps.Copy(all, claims)
	i.codes[code], i.proofs[code] = all, query.Get("code_challenge")
	return code, query.Get("state")
}

// SetDown lets the issuer answer nothing but errors, or work again.
func (i *Issuer) SetDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}
