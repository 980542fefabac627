package httpapi_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"maska/internal/testkit"
)

func TestTheKeysOfAccessTokensArePublishedOnlyWithEdDSA(t *testing.T) {
	t.Parallel()
	if answer := testkit.Start(t).Do(http.MethodGet, "/.well-known/jwks.json", ""); answer.Status != http.StatusNotFound || answer.Code() != "not_found" {
		t.Errorf("HS256: %d %s", answer.Status, answer.Body)
	}
	secret := strings.Repeat("s", 40)
	s := testkit.Start(t, "JWT_ALG=EdDSA", "JWT_SECRET="+secret, "JWT_SECRET_PREVIOUS="+strings.Repeat("p", 40))
	person := s.Enter(1)
	answer := s.Do(http.MethodGet, "/.well-known/jwks.json", "")
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	answer.Into(t, &set)
	if answer.Status != http.StatusOK || len(set.Keys) != 2 {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	parts := strings.Split(person.Access, ".")
	decode := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	key := set.Keys[0]
	if len(key) != 6 || key["kty"] != "OKP" || key["crv"] != "Ed25519" || key["use"] != "sig" || key["alg"] != "EdDSA" || !strings.Contains(string(decode(parts[0])), key["kid"]) ||
		!ed25519.Verify(decode(key["x"]), []byte(parts[0]+"."+parts[1]), decode(parts[2])) {
		t.Errorf("%v does not verify", key)
	}
	if answer := s.Do(http.MethodGet, "/api/me", "", person.Bearer()); answer.Status != http.StatusOK {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	mustNotHold(t, "the set", string(answer.Body), []string{secret, `"d"`})
}

func TestOnlyAServiceWithASecretMayAskAboutTokens(t *testing.T) {
	t.Parallel()
	const secret, next = "a-secret-of-at-least-thirty-two-bytes", "another-secret-of-at-least-32-bytes"
	s, closed := testkit.Start(t, "INTROSPECTION_SECRETS="+secret+","+next), testkit.Start(t)
	person := s.Enter(1)
	body := `{"token":"` + person.Access + `"}`
	for _, c := range []struct {
		name    string
		server  *testkit.Server
		headers []string
		status  int
		code    string
	}{
		{"guest", s, nil, 401, "token_missing"},
		{"a person", s, []string{person.Bearer()}, 401, "token_invalid"},
		{"almost", s, []string{"Authorization: Bearer " + secret + "x"}, 401, "token_invalid"},
		{"one secret", s, []string{"Authorization: Bearer " + secret}, 200, ""},
		{"the other", s, []string{"Authorization: Bearer " + next}, 200, ""},
		{"no secret is set", closed, []string{"Authorization: Bearer "}, 401, "token_invalid"},
		{"no secret is set, one is sent", closed, []string{"Authorization: Bearer " + secret}, 401, "token_invalid"},
	} {
		answer := c.server.Do(http.MethodPost, "/api/auth/introspect", body, c.headers...)
		if answer.Status != c.status || answer.Code() != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, answer.Status, answer.Body, c.status, c.code)
		}
	}
	ask := func(token string) (got map[string]any, text string) {
		answer := s.Do(http.MethodPost, "/api/auth/introspect", `{"token":"`+token+`"}`, "Authorization: Bearer "+secret)
		answer.Into(t, &got)
		return got, string(answer.Body)
	}
	got, text := ask(person.Access)
	if got["active"] != true || got["scope"] != "user" || got["sid"] == "" || got["exp"].(float64)-got["iat"].(float64) != 3600 {
		t.Errorf("%v", got)
	}
	if id, err := strconv.ParseInt(got["sub"].(string), 10, 64); err != nil || id == person.Mask {
		t.Errorf("subject %v", got["sub"])
	}
	mustNotHold(t, "introspection", text, append(secrets(person), person.Nickname))
	for _, worthless := range []string{"", "x", person.Refresh, person.Access + "A"} {
		if _, text := ask(worthless); text != `{"active":false}` {
			t.Errorf("%.10q: %s", worthless, text)
		}
	}
}

func TestAnotherSystemIsToldOfAccounts(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard <- r.Header.Get("Webhook-Signature")[:3] + string(body)
	}))
	t.Cleanup(receiver.Close)
	s := testkit.Start(t, "WEBHOOK_URL="+receiver.URL, "WEBHOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	person := s.Enter(1)
	id := accountID(t, s, person)
	if answer := s.Do(http.MethodDelete, "/api/user", "", person.Bearer()); answer.Status != http.StatusNoContent {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	missing := []string{`v1,{"type":"user.created","data":{"id":"` + strconv.FormatInt(id, 10) + `"}}`, `v1,{"type":"user.deleted","data":{"id":"` + strconv.FormatInt(id, 10) + `"}}`}
	for len(missing) > 0 {
		select {
		case got := <-heard:
			if i := slices.Index(missing, got); i >= 0 {
				missing = slices.Delete(missing, i, i+1)
			} else {
				t.Errorf("told %s", got)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("not told of %v", missing)
		}
	}
}
