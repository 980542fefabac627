package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"maska/internal/testkit"
)

// adminCode is the code that the server prints at its first start.
func adminCode(t *testing.T, s *testkit.Server) string {
	t.Helper()
	_, after, found := strings.Cut(s.Greeting, "becomes one, once: ")
	code, _, _ := strings.Cut(after, "\n")
	if !found || len(code) != 24 {
		t.Fatalf("no code in %q", s.Greeting)
	}
	return code
}

func accountID(t *testing.T, s *testkit.Server, p *testkit.Person) int64 {
	t.Helper()
	var user struct {
		ID int64 `json:"id"`
	}
	s.Do(http.MethodGet, "/api/auth/profile", "", p.Bearer()).Into(t, &user)
	return user.ID
}

func TestAdminRoutesAreForAdmins(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	boss, moderator, user, target := s.Enter(1), s.Enter(2), s.Enter(3), s.Enter(4)
	code := adminCode(t, s)
	if answer := s.Do(http.MethodPost, "/api/admin/claim", `{"code":"wrong"}`, user.Bearer()); answer.Status != 401 || answer.Code() != "mfa_invalid" {
		t.Errorf("a wrong code: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/admin/claim", `{"code":"`+code+`"}`, boss.Bearer()); answer.Status != 200 || !strings.Contains(string(answer.Body), `"roles":["user","moderator","admin"]`) {
		t.Fatalf("the code: %d %s", answer.Status, answer.Body)
	}
	if answer := s.Do(http.MethodPost, "/api/admin/claim", `{"code":"`+code+`"}`, user.Bearer()); answer.Status != 401 {
		t.Errorf("the code again: %d %s", answer.Status, answer.Body)
	}
	grant := fmt.Sprintf("/api/admin/users/%d", accountID(t, s, moderator))
	if answer := s.Do(http.MethodPatch, grant, `{"roles":["moderator"]}`, boss.Bearer()); answer.Status != 200 || !strings.Contains(string(answer.Body), `"roles":["user","moderator"]`) {
		t.Fatalf("granting: %d %s", answer.Status, answer.Body)
	}
	own, other := fmt.Sprintf("/api/admin/users/%d", accountID(t, s, boss)), fmt.Sprintf("/api/admin/users/%d", accountID(t, s, target))
	for _, c := range []struct {
		method, path, body string
		status             int
		holds              string
	}{
		{"GET", "/api/admin/users", "", 200, `"users":[{`},
		{"GET", "/api/admin/users?special=true", "", 200, `"moderator"`},
		{"GET", "/api/admin/users?special=maybe", "", 400, `"special"`},
		{"GET", "/api/admin/users?cursor=x", "", 400, `"cursor"`},
		{"GET", "/api/admin/users?cursor=9007199254740991", "", 200, `{"users":[]}`},
		{"GET", "/api/admin/users?q=nobody", "", 200, `{"users":[]}`},
		{"GET", fmt.Sprintf("/api/admin/users?q=tg:%d", target.User.ID), "", 200, `"telegramLinked":true`},
		{"GET", "/api/admin/audit", "", 200, `"role_changed"`},
		{"GET", "/api/admin/audit?cursor=x", "", 400, `"cursor"`},
		{"PATCH", own, `{"isActive":false}`, 403, `"self"`},
		{"PATCH", own, `{"roles":["user"]}`, 403, `"forbidden"`},
		{"PATCH", other, `{"roles":["king"]}`, 400, `"roles"`},
		{"PATCH", other, `{"roles":[]}`, 400, `"roles"`},
		{"PATCH", other, `{"isActive":"no"}`, 400, `"isActive"`},
		{"PATCH", other, `{}`, 200, `"isActive":true`},
		{"PATCH", "/api/admin/users/12345", `{"isActive":false}`, 404, `"not_found"`},
		{"PATCH", "/api/admin/users/x", `{"isActive":false}`, 404, `"not_found"`},
		{"POST", other + "/logout", "", 200, `"revoked":1`},
		{"POST", "/api/admin/users/12345/logout", "", 404, `"not_found"`},
		{"PATCH", other, `{"isActive":false}`, 200, `"isActive":false`},
	} {
		for name, headers := range map[string][]string{"token_missing": {"X-Guest: 1"}, "token_invalid": {"Authorization: Bearer x"}} {
			if answer := s.Do(c.method, c.path, c.body, headers...); c.status == 200 && (answer.Status != 401 || answer.Code() != name) {
				t.Errorf("%s %s: %d %s, want %s", c.method, c.path, answer.Status, answer.Body, name)
			}
		}
		for _, person := range []*testkit.Person{user, moderator} {
			if answer := s.Do(c.method, c.path, c.body, person.Bearer()); c.status == 200 && (answer.Status != 403 || answer.Code() != "forbidden") {
				t.Errorf("%s %s by %d: %d %s", c.method, c.path, person.User.ID, answer.Status, answer.Body)
			}
		}
		answer := s.Do(c.method, c.path, c.body, boss.Bearer())
		if answer.Status != c.status || !strings.Contains(string(answer.Body), c.holds) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, answer.Status, answer.Body, c.status, c.holds)
		}
		for _, person := range []*testkit.Person{boss, moderator, user, target} { // and never from an account to a mask
			mustNotHold(t, c.method+" "+c.path, string(answer.Body), append(secrets(person), person.Nickname, fmt.Sprint(person.Mask)))
		}
	}
	if answer := s.Do(http.MethodGet, "/api/me", "", target.Bearer()); answer.Status != 403 || answer.Code() != "account_disabled" {
		t.Errorf("the disabled one: %d %s", answer.Status, answer.Body)
	}
	mustNotHold(t, "the log", s.Log(), []string{code})
}
