package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"maska/internal/testkit"
)

func runAdmin(t *testing.T, environ []string, args ...string) (code int, said string) {
	t.Helper()
	var out strings.Builder
	code = execute(t.Context(), append([]string{"admin"}, args...), environ, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func TestAdminActsBesideARunningServer(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(t *testing.T) []string{
		"SQLite":     func(*testing.T) []string { return nil },
		"PostgreSQL": func(t *testing.T) []string { return []string{"DATABASE_URL=" + testkit.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := settings(t)
			s := testkit.Start(t, given...)
			environ := append([]string{"DATA_DIR=" + s.DataDir}, given...)
			person := s.Enter(1)
			named := fmt.Sprintf("tg:%d", person.User.ID)
			for _, step := range []struct {
				args []string
				code int
				says string
			}{
				{[]string{"list"}, 0, ""},
				{[]string{"grant", named, "admin"}, 0, "user,moderator,admin\tactive"},
				{[]string{"list"}, 0, "user,moderator,admin\tactive"},
				{[]string{"grant", named, "king"}, 2, "moderator"},
				{[]string{"grant", "nobody@example.org", "admin"}, 1, "there is no account nobody@example.org"},
				{[]string{"logout", named}, 0, "1 sessions ended"},
				{[]string{"revoke", named}, 0, "\tuser\tactive"},
				{[]string{"disable", named}, 0, "\tuser\tdisabled"},
				{[]string{"list"}, 0, "\tuser\tdisabled"},
			} {
				code, said := runAdmin(t, environ, step.args...)
				if code != step.code || !strings.Contains(said, step.says) || (step.says == "" && said != "") {
					t.Errorf("%v: %d %s, want %d %q", step.args, code, said, step.code, step.says)
				}
			}
			if answer := s.Do(http.MethodPost, "/auth", `{"initData":"`+person.InitData()+`"}`); answer.Code() != "account_disabled" {
				t.Errorf("the disabled one signs in: %d %s", answer.Status, answer.Body)
			}
			if code, said := runAdmin(t, environ, "enable", named); code != 0 {
				t.Errorf("enable: %d %s", code, said)
			}
			s.SignIn(person)
		})
	}
}

func TestAdminNeedsADatabaseThatAServerHasMade(t *testing.T) {
	t.Parallel()
	if code, said := runAdmin(t, []string{"DATA_DIR=" + t.TempDir()}, "list"); code != 1 || !strings.Contains(said, "no server has run on this database yet") {
		t.Errorf("%d %s", code, said)
	}
}
