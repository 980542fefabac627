package httpapi_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"maska/internal/testkit"
)

const goodPassword = "vzr9kqpw"

// mailedServer is a server whose mail can be read.
func mailedServer(t *testing.T, settings ...string) (*testkit.Server, *testkit.MailServer) {
	t.Helper()
	letters := testkit.StartMail(t, nil)
	return testkit.Start(t, append(settings, "PUBLIC_URL="+ourPage, "SMTP_URL="+letters.URL(), "MAIL_FROM=Maska <noreply@example.org>")...), letters
}

func credentials(address, secret, confirm string) string {
	return fmt.Sprintf(`{"email":%s,"password":%s,"confirmPassword":%s}`, quote(address), quote(secret), quote(confirm))
}

func login(address, secret string) string {
	return fmt.Sprintf(`{"email":%s,"password":%s}`, quote(address), quote(secret))
}

func (s tokenSet) bearer() string { return "Authorization: Bearer " + s.Access }

func register(t *testing.T, s *testkit.Server, address string) tokenSet {
	t.Helper()
	return must[tokenSet](t, s, 201, http.MethodPost, "/api/auth/register", credentials(address, goodPassword, goodPassword), "Accept-Language: en")
}

func TestPasswordRoutesAnswerAsTheContractSays(t *testing.T) {
	t.Parallel()
	s, _ := mailedServer(t, "RATE_LIMIT_SCALE=100")
	register(t, s, "taken@example.com")
	long := strings.Repeat("x", 60<<10)
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"register", `{}`, 400, "email_invalid"},
		{"register", `{"email":7}`, 400, "validation_failed"},
		{"register", `{"email":"a@example.com","email":"b@example.com"}`, 400, "malformed_json"},
		{"register", credentials("nonsense", goodPassword, goodPassword), 400, "email_invalid"},
		{"register", credentials("a@example.com", goodPassword, "other"), 400, "password_mismatch"},
		{"register", credentials("a@example.com", "short", "short"), 400, "password_weak"},
		{"register", credentials("a@example.com", "lettersonly", "lettersonly"), 400, "password_weak"},
		{"register", credentials("a@example.com", long, long), 413, "payload_too_large"},
		{"register", credentials("a@example.com", long[:2000], long[:2000]), 400, "password_weak"},
		{"register", credentials(long[:2000]+"@example.com", goodPassword, goodPassword), 400, "email_invalid"},
		{"register", credentials("taken@example.com", "weak", "weak"), 400, "password_weak"},
		{"register", credentials("TAKEN@example.com", goodPassword, goodPassword), 409, "email_taken"},
		{"login", `{}`, 400, "validation_failed"},
		{"login", `{"email":"a@example.com"}`, 400, "validation_failed"},
		{"login", `{"email":"a@example.com","username":"a","password":"x"}`, 400, "validation_failed"},
		{"login", login("a@example.com", long[:2000]), 400, "validation_failed"},
		{"login", login("taken@example.com", "wrong9"), 401, "credentials_invalid"},
		{"login", login("nobody@example.com", "wrong9"), 401, "credentials_invalid"},
		{"login", `{"username":"nobody","password":"wrong9"}`, 401, "credentials_invalid"},
		{"login", login("taken@example.com", goodPassword), 200, ""},
		{"login", `{"email":"taken@example.com","password":"` + goodPassword + `","roles":["admin"],"userId":1}`, 200, ""},
		{"email/verify", `{}`, 400, "verification_token_invalid"},
		{"email/verify", `{"token":"x"}`, 400, "verification_token_invalid"},
		{"email/verify", `{"token":["x"]}`, 400, "validation_failed"},
		{"password/forgot", `{}`, 400, "email_invalid"},
		{"password/forgot", `{"email":"nobody@example.com"}`, 202, ""},
		{"password/forgot", `{"email":"taken@example.com"}`, 202, ""},
		{"password/reset", `{"token":"x"}`, 400, "password_weak"},
		{"password/reset", `{"token":"x","password":"a","confirmPassword":"b"}`, 400, "password_mismatch"},
		{"password/reset", `{"token":"x","password":"` + goodPassword + `","confirmPassword":"` + goodPassword + `"}`, 400, "reset_token_invalid"},
	} {
		if answer := s.Do(http.MethodPost, "/api/auth/"+c.path, c.body); answer.Status != c.status || answer.Code() != c.code {
			t.Errorf("%s %.80s: %d %.200s, want %d %s", c.path, c.body, answer.Status, answer.Body, c.status, c.code)
		}
	}
}

func TestSignUpCanBeClosed(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "SIGNUP=closed")
	if answer := s.Do(http.MethodPost, "/api/auth/register", `{}`); answer.Status != 403 || answer.Code() != "signup_disabled" {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}

func TestOwnPasswordRoutesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	s, _ := mailedServer(t, "RATE_LIMIT_SCALE=100", "DATABASE_URL="+url)
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close() //nolint:errcheck // the test is over
	set := func(p tokenSet, active bool, roles string) {
		t.Helper()
		if _, err := raw.ExecContext(t.Context(), `UPDATE accounts SET active = $1, roles = $2 WHERE short_id = $3`, active, roles, p.User["shortId"]); err != nil {
			t.Fatal(err)
		}
	}
	gone, disabled := register(t, s, "gone@example.com"), register(t, s, "disabled@example.com")
	must[struct{}](t, s, 200, http.MethodPost, "/api/auth/logout", "", gone.bearer())
	set(disabled, false, "user")
	other := s.Enter(9)
	change := fmt.Sprintf(`{"currentPassword":%q,"password":"new0pass","confirmPassword":"new0pass"}`, goodPassword)
	for i, c := range []struct {
		path, body string
		status     int
		holds      []string
	}{
		{"/api/auth/email/verify/send", "", 202, []string{`"success":true`}},
		{"/api/auth/password/change", change, 200, []string{`"success":true`, `"revoked":0`}},
		{"/api/auth/password/change", `{"currentPassword":"wrong9","password":"new0pass","confirmPassword":"new0pass"}`, 401, []string{`"credentials_invalid"`}},
		{"/api/auth/reauth", `{"password":"` + goodPassword + `"}`, 200, []string{`"fresh_until":"`}},
		{"/api/auth/reauth", `{"password":"wrong9"}`, 401, []string{`"credentials_invalid"`}},
		{"/api/user/bind-email", credentials("new@example.com", goodPassword, goodPassword), 409, []string{`"email_already_bound"`}},
		{"/api/user/bind-email", credentials("new@example.com", "weak", "weak"), 400, []string{`"password_weak"`, `"field":"password","code":"too_short"`}},
	} {
		for code, headers := range map[string]string{"token_missing": "X-Nobody: 1", "token_invalid": "Authorization: Bearer nonsense", "session_revoked": gone.bearer(), "account_disabled": disabled.bearer()} {
			if answer := s.Do(http.MethodPost, c.path, c.body, headers); answer.Code() != code {
				t.Errorf("%s: %d %s, want %s", c.path, answer.Status, answer.Body, code)
			}
		}
		for _, roles := range []string{"user", "user moderator", "user moderator admin"} {
			person := register(t, s, fmt.Sprintf("p%d.%d@example.com", i, len(roles)))
			set(person, true, roles)
			answer := s.Do(http.MethodPost, c.path, c.body, person.bearer(), "Accept-Language: en")
			if answer.Status != c.status {
				t.Errorf("%s as %s: %d %s", c.path, roles, answer.Status, answer.Body)
			}
			for _, text := range c.holds {
				if !strings.Contains(string(answer.Body), text) {
					t.Errorf("%s: %s, want %s in it", c.path, answer.Body, text)
				}
			}
			mustNotHold(t, c.path, string(answer.Body), append(secrets(other), goodPassword, "new0pass", "taken@", "$argon2"))
		}
	}
}

// Founding document 2, section 6.2.
func TestAnAddressIsLinkedInTheWordsOfTheFoundingDocument(t *testing.T) {
	t.Parallel()
	s, letters := mailedServer(t)
	person := s.Enter(1)
	answer := s.Do(http.MethodPost, "/api/user/bind-email", credentials("user@example.com", "P@ssw0rd", "P@ssw0rd"), person.Bearer())
	var got struct {
		Success  bool           `json:"success"`
		Message  string         `json:"message"`
		User     map[string]any `json:"user"`
		Warnings []string       `json:"warnings"`
	}
	answer.Into(t, &got)
	if answer.Status != 200 || !got.Success || got.Message != "邮箱绑定成功，现在可以使用邮箱或Telegram登录" || len(got.Warnings) != 1 || got.Warnings[0] != "password_common" {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	for name, want := range map[string]any{"email": "user@example.com", "emailVerified": false, "telegramLinked": true, "telegramId": nil, "isActive": true, "hasPassword": true} {
		if got.User[name] != want {
			t.Errorf("user.%s is %v, want %v", name, got.User[name], want)
		}
	}
	if letter := letters.Next(t); letter.To != "user@example.com" || letter.From != "noreply@example.org" {
		t.Errorf("%+v", letter)
	}
	again := s.Do(http.MethodPost, "/api/auth/login", `{"email":"user@example.com","password":"P@ssw0rd","deviceInfo":"iPhone 14"}`)
	var byMail struct {
		Profile struct {
			ID int64 `json:"id"`
		} `json:"profile"`
	}
	again.Into(t, &byMail)
	if again.Status != 200 || byMail.Profile.ID != person.Mask {
		t.Errorf("%d %s", again.Status, again.Body)
	}
	for body, want := range map[string]string{
		credentials("new@example.com", "P@ssw0rd", "P@ssw0rd1"): "密码和确认密码不匹配",
		credentials("new@example.com", "P@ssw", "P@ssw"):        "密码强度不满足要求：至少6个字符，且包含至少一个字母与一个数字",
		credentials("new@example.com", "P@ssw0rd", "P@ssw0rd"):  "该账号已绑定邮箱",
	} {
		if refusal := s.Do(http.MethodPost, "/api/user/bind-email", body, person.Bearer()); !strings.Contains(string(refusal.Body), `"message":"`+want+`"`) {
			t.Errorf("%s: %s", body, refusal.Body)
		}
	}
	refusal := s.Do(http.MethodPost, "/api/user/bind-email", credentials("user@example.com", "P@ssw0rd", "P@ssw0rd"), s.Enter(2).Bearer())
	if refusal.Status != 409 || !strings.Contains(string(refusal.Body), `"message":"该邮箱已被其他账号使用"`) {
		t.Errorf("%d %s", refusal.Status, refusal.Body)
	}
}

func TestAPasswordIsForgottenAndSetAnewOverTheWire(t *testing.T) {
	t.Parallel()
	s, letters := mailedServer(t)
	person := register(t, s, "Ann@example.com")
	if person.User["emailVerified"] != false || person.User["language"] != "en" || person.User["username"] != "user_"+fmt.Sprint(person.User["shortId"]) || !person.IsNew {
		t.Errorf("%v", person.User)
	}
	_, verify := letters.Next(t).Link(t)
	alone := s.Do(http.MethodPost, "/api/auth/email/verify", `{"ask":true,"token":`+quote(verify)+`}`, "Authorization: Bearer nonsense")
	if alone.Status != 403 || alone.Code() != "reauth_required" || !strings.Contains(string(alone.Body), `"reason":"password"`) {
		t.Errorf("the link alone: %d %s", alone.Status, alone.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/auth/email/verify", `{"ask":true,"token":`+quote(verify)+`}`, person.bearer()); string(answer.Body) != `{"success":true}` {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	register(t, s, "Eve@example.com")
	_, another := letters.Next(t).Link(t)
	for _, want := range []string{`{"success":true}`, "verification_token_invalid"} { // row 13: the token does, once
		if answer := s.Do(http.MethodPost, "/api/auth/email/verify", `{"token":`+quote(another)+`}`); !strings.Contains(string(answer.Body), want) {
			t.Errorf("by the token alone: %d %s", answer.Status, answer.Body)
		}
	}
	forgotten := s.Do(http.MethodPost, "/api/auth/password/forgot", `{"email":"ann@example.com"}`, "Host: evil.example", "X-Forwarded-Host: evil.example", "Accept-Language: en")
	if forgotten.Status != 202 || string(forgotten.Body) != `{"success":true,"message":"If this address is confirmed on an account, a link is on its way to it"}` {
		t.Errorf("%d %s", forgotten.Status, forgotten.Body)
	}
	page, reset := letters.Next(t).Link(t)
	if page != ourPage+"/reset-password" {
		t.Errorf("the link leads to %s", page)
	}
	if answer := s.Do(http.MethodGet, "/reset-password", ""); answer.Status != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page of the link: %d", answer.Status)
	}
	body := fmt.Sprintf(`{"token":%s,"password":"new0pass","confirmPassword":"new0pass"}`, quote(reset))
	if answer := s.Do(http.MethodPost, "/api/auth/password/reset", body); string(answer.Body) != `{"success":true}` {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodGet, "/api/auth/profile", "", person.bearer()); answer.Code() != "session_revoked" {
		t.Errorf("a session of before: %d %s", answer.Status, answer.Body)
	}
	must[tokenSet](t, s, 200, http.MethodPost, "/api/auth/login", login("ann@example.com", "new0pass"))
	letters.Next(t)
	s.Stop()
	mustNotHold(t, "the log", s.Log(), []string{"ann@", "Ann@", goodPassword, "new0pass", verify, reset, "127.0.0.1", "$argon2"})
}

var requestIDs = regexp.MustCompile(`"requestId":"[^"]*"`)

func TestNobodyCanTellWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	s, _ := mailedServer(t, "RATE_LIMIT_SCALE=100")
	register(t, s, "known@example.com")
	shape := func(path, body string) string {
		answer := s.Do(http.MethodPost, path, body)
		var headers []string
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "Retry-After", "Content-Language"} {
			headers = append(headers, answer.Header.Get(name))
		}
		return fmt.Sprint(answer.Status, headers, requestIDs.ReplaceAllString(string(answer.Body), ""))
	}
	for range 8 { // into the lock and beyond
		known, unknown := shape("/api/auth/login", login("known@example.com", "wrong9")), shape("/api/auth/login", login("absent@example.com", "wrong9"))
		if known != unknown {
			t.Errorf("%s\n%s", known, unknown)
		}
	}
	if known, unknown := shape("/api/auth/password/forgot", `{"email":"known@example.com"}`), shape("/api/auth/password/forgot", `{"email":"absent@example.com"}`); known != unknown {
		t.Errorf("%s\n%s", known, unknown)
	}
}

func TestItTakesAsLongToRefuseNobodyAsSomebody(t *testing.T) {
	t.Parallel()
	s := testkit.StartDear(t, "RATE_LIMIT_SCALE=1000")
	const rounds = 6
	fastest := map[string]time.Duration{}
	measure := func(who, address string) {
		began := time.Now()
		s.Do(http.MethodPost, "/api/auth/login", login(address, "wrong9"))
		if took := time.Since(began); fastest[who] == 0 || took < fastest[who] {
			fastest[who] = took
		}
	}
	for i := range rounds { // other accounts each time: a locked one is refused at once, known or not
		address := fmt.Sprintf("known%d@example.com", i)
		register(t, s, address)
		measure("known", address)
		measure("unknown", fmt.Sprintf("absent%d@example.com", i))
	}
	// Without the hash of nobody's password the one would be twenty times the other.
	if known, unknown := fastest["known"], fastest["unknown"]; unknown < known/3 || known < unknown/3 {
		t.Errorf("known %v, unknown %v", known, unknown)
	}
}

func TestWhoComesTooOftenIsInTheAuditOnce(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	s := testkit.Start(t, "DATABASE_URL="+url)
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close() //nolint:errcheck // the test is over
	person := s.Enter(1)
	body := credentials("nonsense@example.com", goodPassword, goodPassword+"x")
	for i := range 8 {
		answer := s.Do(http.MethodPost, "/api/auth/password/forgot", `{"email":"nobody@example.com"}`)
		if limited := i >= 3; limited != (answer.Code() == "rate_limited") || limited != (answer.Header.Get("Retry-After") != "") {
			t.Errorf("request %d: %d %s", i, answer.Status, answer.Body)
		}
	}
	for range 12 {
		s.Do(http.MethodPost, "/api/user/bind-telegram", `{}`, person.Bearer())
	}
	if answer := s.Do(http.MethodPost, "/api/user/bind-email", body, person.Bearer()); answer.Code() != "password_mismatch" {
		t.Errorf("%s", answer.Body) // field rules come first
	}
	var all, known int
	if err := raw.QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(account_id) FROM audit WHERE event = 'rate_limited' AND outcome = 'refused'`).Scan(&all, &known); err != nil {
		t.Fatal(err)
	}
	if all != 2 || known != 1 {
		t.Errorf("%d refusals in the audit, %d of a known account", all, known)
	}
}

func TestTheMailOfDevModeIsNotInTheLog(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_BOT_TOKEN=", "HOST=") // the letter goes to standard output
	register(t, s, "dev@example.com")
	s.Stop()
	mustNotHold(t, "the log", s.Log(), []string{"dev@", "#token=", "not sent", "not written"})
}
