package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"maska/internal/testkit"
)

// wholeKey is the length of a key on the curve P-256 in COSE.
const wholeKey = 77

// authenticator is somebody's device in a browser that shows our page.
type authenticator struct {
	t      *testing.T
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	a := &authenticator{t: t, device: virtualwebauthn.NewAuthenticator(), key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	for len(a.key.Key.AttestationData()) != wholeKey { // of one in 128, the library writes a coordinate a byte short
		a.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return a
}

var relyingParty = virtualwebauthn.RelyingParty{ID: "maska.example.org", Name: "Maska", Origin: ourPage}

func (a *authenticator) register(options []byte) string {
	a.t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		a.t.Fatalf("%v: %s", err, options)
	}
	return virtualwebauthn.CreateAttestationResponse(relyingParty, a.device, a.key, *parsed)
}

func (a *authenticator) prove(options []byte) string {
	a.t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		a.t.Fatalf("%v: %s", err, options)
	}
	a.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(relyingParty, a.device, a.key, *parsed)
}

// addPasskey gives a person a passkey on a device of his.
func addPasskey(t *testing.T, s *testkit.Server, person *testkit.Person) (device *authenticator, factor string, codes []string) {
	t.Helper()
	device = newAuthenticator(t)
	options := s.Do(http.MethodPost, "/api/auth/passkey/register/options", "", person.Bearer())
	var asked struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	options.Into(t, &asked)
	mustNotHold(t, "options", string(options.Body), []string{fmt.Sprint(person.User.ID), person.User.FirstName})
	added := must[struct {
		ID    string   `json:"id"`
		Name  string   `json:"name"`
		Codes []string `json:"recoveryCodes"`
	}](t, s, 201, http.MethodPost, "/api/auth/passkey/register", strings.TrimSuffix(device.register(options.Body), "}")+`,"name":"  my phone "}`, person.Bearer())
	if added.Name != "my phone" {
		t.Errorf("%+v", added)
	}
	var err error
	if device.device.Options.UserHandle, err = base64.RawURLEncoding.DecodeString(asked.User.ID); err != nil {
		t.Fatal(err)
	}
	return device, added.ID, added.Codes
}

func TestAPasskeySignsIn(t *testing.T) {
	t.Parallel()
	s, _ := guardedServer(t)
	person := s.Enter(1)
	device, factor, codes := addPasskey(t, s, person)
	if len(codes) != 10 {
		t.Errorf("recovery codes %v", codes)
	}
	if _, _, more := addPasskey(t, s, person); more != nil {
		t.Error("a second passkey voided the recovery codes")
	}
	ask := func() []byte { return s.Do(http.MethodPost, "/api/auth/passkey/login/options", "").Body }
	answer := device.prove(ask())
	set := must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/passkey/login", answer, "X-Device-Id: 0123456789abcdef")
	if set.IsNew || set.User["mfaEnabled"] != true {
		t.Errorf("%+v", set)
	}
	own := must[map[string]any](t, s, 200, http.MethodGet, "/api/auth/profile", "", person.Bearer())
	if own["id"] != set.User["id"] {
		t.Error("the passkey leads to another account")
	}
	stranger := newAuthenticator(t)
	stolen := s.Do(http.MethodPost, "/api/auth/passkey/register", device.register(s.Do(http.MethodPost, "/api/auth/passkey/register/options", "", s.Enter(2).Bearer()).Body), s.Enter(2).Bearer())
	if stolen.Status != 409 || stolen.Code() != "factor_exists" {
		t.Errorf("a key of another account: %d %s", stolen.Status, stolen.Body)
	}
	for name, body := range map[string]string{
		"replayed": answer, "a stranger's": stranger.prove(ask()), "empty": `{}`, "a challenge of a registration": device.prove(s.Do(http.MethodPost, "/api/auth/passkey/register/options", "", person.Bearer()).Body),
		"a made-up challenge": device.prove([]byte(`{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","rpId":"maska.example.org"}`)),
	} {
		if answer := s.Do(http.MethodPost, "/api/auth/passkey/login", body); answer.Status != 401 || answer.Code() != "mfa_invalid" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	if answer := s.Do(http.MethodDelete, "/api/auth/passkey/"+factor, "", person.Bearer()); answer.Status != 204 {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/passkey/login", device.prove(ask())); answer.Code() != "mfa_invalid" {
		t.Errorf("a removed passkey: %d %s", answer.Status, answer.Body)
	}
}

func TestASignInIsCompletedByAPasskey(t *testing.T) {
	t.Parallel()
	s, _ := guardedServer(t)
	person := s.Enter(1)
	device, _, _ := addPasskey(t, s, person)
	must[struct{}](t, s, 200, http.MethodPatch, "/api/auth/mfa", `{"mfaFor":"all"}`, person.Bearer())
	wait := func() string {
		t.Helper()
		refusal := s.Do(http.MethodPost, "/auth", `{"initData":`+quote(person.InitData())+`}`)
		var problem struct {
			Token   string   `json:"mfa_token"`
			Factors []string `json:"factors"`
		}
		refusal.Into(t, &problem)
		if !slices.Equal(problem.Factors, []string{"passkey", "recovery"}) {
			t.Fatalf("%s", refusal.Body)
		}
		return problem.Token
	}
	ask := func(token string) []byte {
		t.Helper()
		asked := must[struct {
			Passkey json.RawMessage `json:"passkey"`
		}](t, s, 202, http.MethodPost, "/api/auth/mfa/challenge", `{"mfa_token":"`+token+`","factor":"passkey"}`)
		return asked.Passkey
	}
	verify := func(token, answer string) testkit.Answer {
		return s.Do(http.MethodPost, "/api/auth/mfa/verify", fmt.Sprintf(`{"mfa_token":%q,"factor":"passkey","code":%s}`, token, quote(answer)))
	}
	one, two := wait(), wait()
	answer := device.prove(ask(one))
	for name, refused := range map[string]testkit.Answer{
		"for another sign-in": verify(two, answer), "no answer": verify(one, "123456"), "empty": verify(one, ""),
		"of a sign-in by passkey": verify(one, device.prove(s.Do(http.MethodPost, "/api/auth/passkey/login/options", "").Body)),
	} {
		if refused.Status != 401 || refused.Code() != "mfa_invalid" {
			t.Errorf("%s: %d %s", name, refused.Status, refused.Body)
		}
	}
	if done := verify(one, answer); done.Status != 200 {
		t.Errorf("%d %s", done.Status, done.Body)
	}
}

func TestWithoutAnAddressThereAreNoPasskeys(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	if state := s.Do(http.MethodGet, "/api/auth/mfa", "", s.Enter(1).Bearer()); !strings.Contains(string(state.Body), `"factors":[],"recoveryCodesLeft":0,"available":["totp"]`) {
		t.Errorf("%s", state.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/passkey/login/options", ""); answer.Status != 404 || answer.Code() != "not_found" {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}
