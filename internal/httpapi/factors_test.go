package httpapi_test

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"maska/internal/mfa"
	"maska/internal/testkit"
)

const ourPage = "https://maska.example.org"

// guardedServer is a server whose pages have an address, with a gateway whose text messages come out of texts.
func guardedServer(t *testing.T) (s *testkit.Server, texts chan string) {
	t.Helper()
	texts = make(chan string, 10)
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		texts <- string(body)
	}))
	t.Cleanup(gateway.Close)
	return testkit.Start(t, "PUBLIC_URL="+ourPage, "SMS_WEBHOOK_URL="+gateway.URL), texts
}

// must sends a request that has to succeed.
func must[Out any](t *testing.T, s *testkit.Server, status int, method, path, body string, headers ...string) (out Out) {
	t.Helper()
	answer := s.Do(method, path, body, headers...)
	if answer.Status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, answer.Status, answer.Body, status)
	}
	if len(answer.Body) > 0 {
		answer.Into(t, &out)
	}
	return out
}

type enrolment struct {
	ID     string `json:"factorId"`
	Secret string `json:"secret"`
	URI    string `json:"otpauthUri"`
}

type recovery struct {
	Codes []string `json:"recoveryCodes"`
}

type tokenSet struct {
	Access  string         `json:"access_token"`
	Session string         `json:"session_id"`
	IsNew   bool           `json:"is_new_user"`
	User    map[string]any `json:"user"`
}

// codeOf is what an authenticator app shows, now or some steps later.
func codeOf(t *testing.T, secret string, later int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return mfa.Secret(key).At(mfa.StepOf(time.Now()) + later)
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string has JSON
	}
	return string(quoted)
}

func TestTheSecondFactorIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	s, _ := guardedServer(t)
	person, other := s.Enter(1), s.Enter(2)
	mine := must[enrolment](t, s, 200, http.MethodPost, "/api/auth/mfa/totp/enroll", "", person.Bearer())
	stale := must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/refresh", `{"refresh_token":"`+other.Refresh+`"}`)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string // for a stranger who is signed in
		fresh              bool
	}{
		{"GET", "/api/auth/mfa", "", 200, "", false},
		{"PATCH", "/api/auth/mfa", `{"mfaFor":"nobody"}`, 400, "validation_failed", true},
		{"POST", "/api/auth/mfa/totp/activate", `{"factorId":"` + mine.ID + `","code":"` + codeOf(t, mine.Secret, 0) + `"}`, 404, "not_found", true},
		{"POST", "/api/auth/mfa/totp/enroll", "", 200, "", true},
		{"POST", "/api/auth/mfa/sms/enroll", `{"phone":"1"}`, 400, "validation_failed", true},
		{"POST", "/api/auth/mfa/sms/activate", `{"factorId":"x","code":"1"}`, 404, "not_found", true},
		{"POST", "/api/auth/mfa/recovery", "", 404, "not_found", true},
		{"DELETE", "/api/auth/mfa/" + mine.ID, "", 404, "not_found", true},
		{"POST", "/api/auth/passkey/register/options", "", 200, "", true},
		{"POST", "/api/auth/passkey/register", `{}`, 401, "mfa_invalid", true},
		{"DELETE", "/api/auth/passkey/" + mine.ID, "", 404, "not_found", true},
	} {
		if answer := s.Do(c.method, c.path, c.body); answer.Code() != "token_missing" {
			t.Errorf("guest: %s %s: %d %s", c.method, c.path, answer.Status, answer.Body)
		}
		if answer := s.Do(c.method, c.path, c.body, "Authorization: Bearer "+stale.Access); c.fresh != (answer.Code() == "reauth_required") {
			t.Errorf("not proved lately: %s %s: %d %s", c.method, c.path, answer.Status, answer.Body)
		}
		answer := s.Do(c.method, c.path, c.body, other.Bearer())
		if answer.Status != c.status || answer.Code() != c.code {
			t.Errorf("another: %s %s: %d %s, want %d %s", c.method, c.path, answer.Status, answer.Body, c.status, c.code)
		}
		mustNotHold(t, c.path, string(answer.Body), append(secrets(person), mine.Secret))
	}
}

func TestASignInIsCompletedByAnApp(t *testing.T) {
	t.Parallel()
	s, _ := guardedServer(t)
	person := s.Enter(1)
	e := must[enrolment](t, s, 200, http.MethodPost, "/api/auth/mfa/totp/enroll", "", person.Bearer())
	if !strings.HasPrefix(e.URI, "otpauth://totp/Maska:user_") || !strings.Contains(e.URI, "secret="+e.Secret) {
		t.Errorf("%+v", e)
	}
	activate := func(code string) testkit.Answer {
		return s.Do(http.MethodPost, "/api/auth/mfa/totp/activate", `{"factorId":"`+e.ID+`","code":"`+code+`"}`, person.Bearer())
	}
	if answer := activate("12345"); answer.Status != 401 || answer.Code() != "mfa_invalid" {
		t.Errorf("a wrong code: %d %s", answer.Status, answer.Body)
	}
	var given recovery
	activate(codeOf(t, e.Secret, -1)).Into(t, &given)
	if len(given.Codes) != 10 {
		t.Fatalf("recovery codes %v", given.Codes)
	}
	if answer := activate(codeOf(t, e.Secret, 0)); answer.Status != 409 || answer.Code() != "factor_exists" {
		t.Errorf("again: %d %s", answer.Status, answer.Body)
	}
	state := must[struct {
		Enabled   bool             `json:"mfaEnabled"`
		For       string           `json:"mfaFor"`
		Factors   []map[string]any `json:"factors"`
		Left      int              `json:"recoveryCodesLeft"`
		Available []string         `json:"available"`
	}](t, s, 200, http.MethodPatch, "/api/auth/mfa", `{"mfaFor":"all"}`, person.Bearer())
	if !state.Enabled || state.For != "all" || len(state.Factors) != 1 || state.Factors[0]["kind"] != "totp" || state.Left != 10 || !slices.Contains(state.Available, "sms") {
		t.Errorf("%+v", state)
	}

	for _, path := range []string{"/auth", "/api/auth/telegram/login"} {
		refusal := s.Do(http.MethodPost, path, `{"initData":`+quote(person.InitData())+`}`)
		var problem struct {
			Token   string   `json:"mfa_token"`
			Factors []string `json:"factors"`
		}
		refusal.Into(t, &problem)
		if refusal.Status != 403 || refusal.Code() != "mfa_required" || problem.Token == "" || !slices.Equal(problem.Factors, []string{"totp", "recovery"}) {
			t.Fatalf("%s: %d %s", path, refusal.Status, refusal.Body)
		}
		mustNotHold(t, path, string(refusal.Body), secrets(person))
		must[struct{}](t, s, 202, http.MethodPost, "/api/auth/mfa/challenge", `{"mfa_token":"`+problem.Token+`","factor":"totp"}`)
		for body, want := range map[string]string{
			`{}`: "mfa_expired", `{"mfa_token":"x","factor":"totp","code":"1"}`: "mfa_expired",
			`{"mfa_token":"` + problem.Token + `","factor":"totp","code":"000000"}`: "mfa_invalid",
			`{"mfa_token":"` + problem.Token + `","factor":"bot","code":"000000"}`:  "mfa_invalid",
			`{"mfa_token":"` + problem.Token + `","factor":"totp","code":7}`:        "validation_failed",
		} {
			if answer := s.Do(http.MethodPost, "/api/auth/mfa/verify", body); answer.Code() != want {
				t.Errorf("%s: %d %s, want %s", body, answer.Status, answer.Body, want)
			}
		}
		code := given.Codes[0]
		factor := "recovery"
		if path == "/auth" {
			code, factor = codeOf(t, e.Secret, 0), "totp"
		}
		set := must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/mfa/verify", fmt.Sprintf(`{"mfa_token":%q,"factor":%q,"code":%q}`, problem.Token, factor, code))
		if set.Access == "" || set.IsNew || set.User["mfaEnabled"] != true {
			t.Errorf("%s: %+v", path, set)
		}
		mustNotHold(t, "the log", s.Log(), append(secrets(person), problem.Token, e.Secret, code, set.Access))
	}
	if answer := s.Do(http.MethodDelete, "/api/auth/mfa/"+e.ID, "", person.Bearer()); answer.Status != 204 || len(answer.Body) != 0 {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	s.SignIn(person)
}

func TestASignInIsCompletedByATextMessage(t *testing.T) {
	t.Parallel()
	s, texts := guardedServer(t)
	person := s.Enter(1)
	e := must[enrolment](t, s, 200, http.MethodPost, "/api/auth/mfa/sms/enroll", `{"phone":"+49 151 2345678"}`, person.Bearer())
	code := func() string {
		t.Helper()
		text := <-texts
		if !strings.Contains(text, `"to":"+491512345678"`) {
			t.Fatal(text)
		}
		return text[strings.Index(text, "验证码 ")+len("验证码 "):][:6]
	}
	must[recovery](t, s, 200, http.MethodPost, "/api/auth/mfa/sms/activate", `{"factorId":"`+e.ID+`","code":"`+code()+`"}`, person.Bearer())
	must[struct{}](t, s, 200, http.MethodPatch, "/api/auth/mfa", `{"mfaFor":"all"}`, person.Bearer())
	var problem struct {
		Token string `json:"mfa_token"`
	}
	s.Do(http.MethodPost, "/auth", `{"initData":`+quote(person.InitData())+`}`).Into(t, &problem)
	must[struct{}](t, s, 202, http.MethodPost, "/api/auth/mfa/challenge", `{"mfa_token":"`+problem.Token+`","factor":"sms"}`)
	sent := code()
	set := must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/mfa/verify", `{"mfa_token":"`+problem.Token+`","factor":"sms","code":"`+sent+`"}`)
	if answer := s.Do(http.MethodPost, "/api/auth/mfa/challenge", `{"mfa_token":"`+problem.Token+`","factor":"sms"}`); answer.Code() != "mfa_expired" {
		t.Errorf("after it was used: %d %s", answer.Status, answer.Body)
	}
	mustNotHold(t, "the log", s.Log(), []string{sent, "1512345678", problem.Token, set.Access})
}

func TestAPasswordAsksForTheFactorUnlessTheDeviceIsTrusted(t *testing.T) {
	t.Parallel()
	s, _ := guardedServer(t)
	credentials := `{"email":"zinaida@example.com","password":"vzr9kqpw","confirmPassword":"vzr9kqpw"}`
	person := must[tokenSet](t, s, 201, http.MethodPost, "/api/auth/register", credentials)
	bearer := "Authorization: Bearer " + person.Access
	e := must[enrolment](t, s, 200, http.MethodPost, "/api/auth/mfa/totp/enroll", "", bearer)
	given := must[recovery](t, s, 200, http.MethodPost, "/api/auth/mfa/totp/activate", `{"factorId":"`+e.ID+`","code":"`+codeOf(t, e.Secret, -1)+`"}`, bearer)
	if answer := s.Do(http.MethodPost, "/api/auth/mfa/email/enroll", "", bearer); answer.Status != 403 || answer.Code() != "email_not_verified" {
		t.Errorf("an address that was not proved: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/mfa/email/enroll", "", s.Enter(1).Bearer()); answer.Status != 409 || answer.Code() != "not_bound" {
		t.Errorf("no address: %d %s", answer.Status, answer.Body)
	}
	const here, there = "X-Device-Id: 0123456789abcdef0123456789abcdef", "X-Device-Id: ffffffffffffffffffffffffffffffff"
	login := func(device string) testkit.Answer {
		return s.Do(http.MethodPost, "/api/auth/login", `{"email":"zinaida@example.com","password":"vzr9kqpw"}`, device)
	}
	var waiting struct {
		Token string `json:"mfa_token"`
	}
	login(here).Into(t, &waiting)
	body := fmt.Sprintf(`{"mfa_token":%q,"factor":"recovery","code":%q,"trustDevice":true}`, waiting.Token, given.Codes[0])
	must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/mfa/verify", body, here)
	if answer := login(here); answer.Status != 200 {
		t.Errorf("a trusted device: %d %s", answer.Status, answer.Body)
	}
	for _, device := range []string{there, "X-Nothing: 1"} {
		if answer := login(device); answer.Code() != "mfa_required" {
			t.Errorf("%s: %d %s", device, answer.Status, answer.Body)
		}
	}
	for code, want := range map[string]int{given.Codes[0]: 401, given.Codes[1]: 200} { // used, and not
		if answer := s.Do(http.MethodPost, "/api/auth/reauth", `{"code":"`+code+`"}`, bearer); answer.Status != want {
			t.Errorf("reauth: %d %s, want %d", answer.Status, answer.Body, want)
		}
	}
	mustNotHold(t, "the log", s.Log(), append(given.Codes, e.Secret, waiting.Token, "vzr9kqpw", "zinaida@example.com"))
}
