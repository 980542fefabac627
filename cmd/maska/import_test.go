package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"maska/internal/testkit"
)

func runImport(t *testing.T, environ []string, lines string, args ...string) (code int, said string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.jsonl")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	code = execute(t.Context(), append([]string{"import", "users", file}, args...), environ, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func TestImportedPeopleSignInWithWhatTheyHad(t *testing.T) {
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
			hash, err := bcrypt.GenerateFromPassword([]byte("old-password-1"), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			person := &testkit.Person{}
			person.User.ID, person.User.FirstName = 7_400_000_009, "Zinaida"
			lines := fmt.Sprintf(`{"email":"Ann@Example.org","emailVerified":true,"passwordHash":%q,"username":"ann_bell","firstName":"Ann","language":"ru","createdAt":"2020-01-02T03:04:05Z"}
{"telegramId":7400000009,"firstName":"Zinaida","roles":["moderator"]}

{"email":"gone@example.org","passwordHash":%q,"isActive":false}
`, hash, hash)
			if code, said := runImport(t, environ, lines, "--dry-run"); code != 0 || said != "nothing was kept; would be: 3 made, 0 already there, 0 refused\n" {
				t.Errorf("rehearsed: %d %s", code, said)
			}
			if code, said := runImport(t, environ, lines); code != 0 || said != "3 made, 0 already there, 0 refused\n" {
				t.Errorf("%d %s", code, said)
			}
			if code, said := runImport(t, environ, lines); code != 0 || said != "0 made, 3 already there, 0 refused\n" {
				t.Errorf("again: %d %s", code, said)
			}
			for _, login := range []struct {
				body   string
				status int
				holds  string
			}{
				{`{"email":"ann@example.org","password":"old-password-1"}`, 200, `"language":"ru"`},
				{`{"username":"ann_bell","password":"old-password-1"}`, 200, `"createdAt":"2020-01-02T03:00:00Z"`},
				{`{"email":"ann@example.org","password":"another-1"}`, 401, `"credentials_invalid"`},
				{`{"email":"gone@example.org","password":"old-password-1"}`, 403, `"account_disabled"`},
			} {
				if answer := s.Do(http.MethodPost, "/api/auth/login", login.body); answer.Status != login.status || !strings.Contains(string(answer.Body), login.holds) {
					t.Errorf("%s: %d %s", login.body, answer.Status, answer.Body)
				}
			}
			answer := s.Do(http.MethodPost, "/auth", `{"initData":"`+person.InitData()+`"}`)
			if answer.Status != 200 || !strings.Contains(string(answer.Body), `"is_new_user":false`) || !strings.Contains(string(answer.Body), `"moderator"`) {
				t.Errorf("by Telegram: %d %s", answer.Status, answer.Body)
			}
		})
	}
}

func TestALineThatCannotBeImportedIsRefusedWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	for line, says := range map[string]string{
		`{}`:                  "line 1: neither email nor telegramId",
		`{"email":"secret"}`:  "line 1: email is no address",
		`{"telegramId":-1}`:   "line 1: telegramId is out of range",
		`{"telegramId":"1"}`:  "line 1: /telegramId is unknown or of another type",
		`{"e-mail":"secret"}`: "line 1: /e-mail is unknown or of another type",
		`{"email":"secret@example.org","email":"secret@example.org"}`: "line 1: not a JSON object, or a member twice",
		`["secret"]`: "line 1:",
		`secret`:     "line 1: not a JSON object",
		`{"email":"secret@example.org","passwordHash":"secret"}`: "line 1: passwordHash has an unknown form",
		`{"email":"secret@example.org","passwordHash":"$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"}`: "line 1: passwordHash has an unknown form, or costs",
		`{"telegramId":1,"passwordHash":"$2a$10$abcdefghijklmnopqrstuv"}`:                                                                                   "line 1: passwordHash without email",
		`{"telegramId":1,"language":"fr"}`:                    "line 1: language is none",
		`{"telegramId":1,"roles":["king"]}`:                   "line 1: roles holds one",
		`{"telegramId":1,"firstName":"a\u0000b"}`:             "line 1: a name is too long",
		`{"telegramId":1,"createdAt":"2999-01-01T00:00:00Z"}`: "line 1: createdAt lies in the future",
	} {
		code, said := runImport(t, []string{"DATA_DIR=" + s.DataDir}, line+"\n")
		if code != 1 || !strings.Contains(said, says) || !strings.HasSuffix(said, "0 made, 0 already there, 1 refused\n") || strings.Contains(said, "secret") {
			t.Errorf("%s: %d %s, want %q", line, code, said, says)
		}
	}
	if code, said := runImport(t, []string{"DATA_DIR=" + s.DataDir}, strings.Repeat("x", 70_000)); code != 1 || !strings.Contains(said, "too long") {
		t.Errorf("a line that is too long: %d %.200s", code, said)
	}
}
