package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"maska/internal/telegram"
	"maska/internal/testkit"
)

func widgetOf(p *testkit.Person) string {
	return string(telegram.SignWidget(testkit.BotToken, telegram.SignParams{User: p.User, AuthDate: time.Now()}))
}

// stale is a person whose proof is too old for what needs a fresh one.
func stale(t *testing.T, s *testkit.Server, id int64) *testkit.Person {
	t.Helper()
	p := s.Enter(id)
	var set struct {
		Access string `json:"access_token"`
	}
	answer := s.Do(http.MethodPost, "/api/auth/refresh", `{"refresh_token":"`+p.Refresh+`"}`)
	answer.Into(t, &set)
	p.Access = set.Access
	return p
}

func TestTheRoutesOfAnAccountAnswerAsTheContractSays(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	other := s.Enter(2)
	gone := s.Enter(3)
	if answer := s.Do(http.MethodPost, "/api/auth/logout", "", gone.Bearer()); answer.Status != 200 {
		t.Fatalf("logout: %s", answer.Body)
	}
	boss, disabled := s.Enter(4), s.Enter(5)
	if answer := s.Do(http.MethodPost, "/api/admin/claim", `{"code":"`+adminCode(t, s)+`"}`, boss.Bearer()); answer.Status != 200 {
		t.Fatalf("the first admin: %s", answer.Body)
	}
	if answer := s.Do(http.MethodPatch, fmt.Sprintf("/api/admin/users/%d", accountID(t, s, disabled)), `{"isActive":false}`, boss.Bearer()); answer.Status != 200 {
		t.Fatalf("disabling: %s", answer.Body)
	}
	for i, c := range []struct {
		method, path, body string
		fresh              bool
		status             int
		holds              string
	}{
		{"GET", "/api/auth/sessions", "", false, 200, `"current":true`},
		{"GET", "/api/auth/audit", "", false, 200, `"event":"login_success"`},
		{"GET", "/api/auth/audit?cursor=x", "", false, 400, `"field":"cursor"`},
		{"GET", "/api/auth/audit?cursor=AAAAAAAAAAEAAAAAAAAAAQ", "", false, 200, `"events":[]`},
		{"DELETE", "/api/auth/sessions/unknown", "", false, 404, `"session_not_found"`},
		{"DELETE", "/api/auth/sessions/%00", "", false, 404, `"session_not_found"`},
		{"DELETE", "/api/auth/sessions/%ff", "", false, 404, `"session_not_found"`},
		{"POST", "/api/auth/logout-all", "", false, 200, `"revoked":1`},
		{"POST", "/api/auth/logout-all", `{"keepCurrent":true}`, false, 200, `"revoked":0`},
		{"POST", "/api/auth/logout-all", `{"keepCurrent":1}`, false, 400, `"field":"keepCurrent"`},
		{"POST", "/api/auth/reauth", `{}`, false, 400, `"validation_failed"`},
		{"POST", "/api/auth/reauth", `{"initData":"x","password":"y"}`, false, 400, `"validation_failed"`},
		{"POST", "/api/auth/reauth", `{"initData":"x"}`, false, 401, `"init_data_invalid"`},
		{"PATCH", "/api/user/profile", `{"firstName":"Nobody","language":"en"}`, false, 200, `"firstName":"Nobody","lastName":null,"first_name":"Nobody"`},
		{"PATCH", "/api/user/profile", `{"language":"fr","lastName":"\u0007"}`, false, 400, `"bad_character"`},
		{"POST", "/api/user/bind-telegram", `{}`, false, 400, `"validation_failed"`},
		{"POST", "/api/user/bind-telegram", widgetOf(other), false, 409, `"telegram_already_bound"`},
		{"POST", "/api/user/unbind-telegram", "", true, 409, `"last_login_method"`},
		{"POST", "/api/user/unbind-email", "", true, 409, `"not_bound"`},
		{"GET", "/api/user/export", "", true, 200, `"sessions":[{`},
		{"GET", "/api/me/data", "", true, 200, `"profile":{"id":`},
		{"DELETE", "/api/user", "", true, 204, ""},
		{"DELETE", "/api/me", "", true, 204, ""},
	} {
		for code, who := range map[string]struct {
			status int
			header string
		}{
			"token_missing": {401, "X-Nobody: 1"}, "token_invalid": {401, "Authorization: Bearer nonsense"},
			"session_revoked": {401, gone.Bearer()}, "account_disabled": {403, disabled.Bearer()},
		} {
			if answer := s.Do(c.method, c.path, c.body, who.header); c.status < 400 && (answer.Status != who.status || answer.Code() != code) {
				t.Errorf("%s %s: %d %s, want %s", c.method, c.path, answer.Status, answer.Body, code)
			}
		}
		if c.method == http.MethodGet { // a role opens nobody else's account
			answer := s.Do(c.method, c.path, "", boss.Bearer())
			if answer.Status != c.status {
				t.Errorf("%s %s for an admin: %d %s", c.method, c.path, answer.Status, answer.Body)
			}
			mustNotHold(t, c.path, string(answer.Body), secrets(other))
		}
		if c.fresh {
			answer := s.Do(c.method, c.path, c.body, stale(t, s, 1000+int64(i)).Bearer())
			if answer.Status != 403 || answer.Code() != "reauth_required" {
				t.Errorf("%s %s with an old proof: %d %s", c.method, c.path, answer.Status, answer.Body)
			}
		}
		person := s.Enter(100 + int64(i))
		answer := s.Do(c.method, c.path, c.body, person.Bearer())
		if answer.Status != c.status || !strings.Contains(string(answer.Body), c.holds) {
			t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, answer.Status, answer.Body, c.status, c.holds)
		}
		mustNotHold(t, c.path, string(answer.Body), append(secrets(other), secrets(person)...))
	}
	// What another one did with his account changed nothing here.
	if answer := s.Do(http.MethodGet, "/api/auth/sessions", "", other.Bearer()); answer.Status != 200 || strings.Count(string(answer.Body), `"id"`) != 1 {
		t.Errorf("sessions of somebody else: %d %s", answer.Status, answer.Body)
	}
}

func TestASessionOfSomebodyElseCannotBeEnded(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	owner, other := s.Enter(1), s.Enter(2)
	second := *owner
	s.SignIn(&second)
	var list struct {
		Sessions []struct {
			ID      string `json:"id"`
			Current bool   `json:"current"`
		} `json:"sessions"`
	}
	s.Do(http.MethodGet, "/api/auth/sessions", "", owner.Bearer()).Into(t, &list)
	if len(list.Sessions) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, each := range list.Sessions {
		if each.Current {
			continue
		}
		path := "/api/auth/sessions/" + each.ID
		if answer := s.Do(http.MethodDelete, path, "", other.Bearer()); answer.Status != 404 {
			t.Errorf("by somebody else: %d %s", answer.Status, answer.Body)
		}
		if answer := s.Do(http.MethodDelete, path, "", owner.Bearer()); answer.Status != 200 || string(answer.Body) != `{"success":true}` {
			t.Errorf("by its owner: %d %s", answer.Status, answer.Body)
		}
	}
	if answer := s.Do(http.MethodGet, "/api/me", "", second.Bearer()); answer.Code() != "session_revoked" {
		t.Errorf("the ended session: %d %s", answer.Status, answer.Body)
	}
}

func TestTheWidgetSignsInAndIsLinked(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := s.Enter(1)
	good := widgetOf(person)
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"good", good, 200, ""},
		{"with deviceInfo and a member of our own", strings.Replace(good, "{", `{"deviceInfo":"iPhone","x":1,`, 1), 200, ""},
		{"numbers as text", strings.Replace(good, fmt.Sprintf(`"id":%d`, person.User.ID), fmt.Sprintf(`"id":"%d"`, person.User.ID), 1), 200, ""},
		{"forged", strings.Replace(good, "Zinaida", "Eve", 1), 401, "telegram_data_invalid"},
		{"initData's hash", `{"initData":"` + person.InitData() + `"}`, 400, "validation_failed"},
		{"no hash", `{"id":1,"first_name":"A","auth_date":1}`, 400, "validation_failed"},
		{"a name that is no text", strings.Replace(good, `"Zinaida"`, `5`, 1), 400, "validation_failed"},
		{"a line end", strings.Replace(good, `Zinaida`, `Zin\naida`, 1), 401, "telegram_data_invalid"},
		{"twice the same member", strings.Replace(good, "{", `{"id":1,`, 1), 400, "malformed_json"},
		{"not JSON", "x", 400, "malformed_json"},
	} {
		answer := s.Do(http.MethodPost, "/api/auth/telegram/bot-login", c.body)
		if answer.Status != c.status || answer.Code() != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, answer.Status, answer.Body, c.status, c.code)
		}
		if c.status == 200 && !strings.Contains(string(answer.Body), `"username":"zina_quetzal"`) {
			t.Errorf("%s: %s", c.name, answer.Body)
		}
	}
	// POST /auth keeps a tag only; binding the same identity seals it (decision 9).
	fresh := s.Enter(7)
	fresh.User.Username = "fresh_quetzal"
	answer := s.Do(http.MethodPost, "/api/user/bind-telegram", widgetOf(fresh), fresh.Bearer(), "Accept-Language: zh")
	if answer.Status != 200 || !strings.Contains(string(answer.Body), `"message":"Telegram账号绑定成功，现在可以使用邮箱或Telegram登录"`) || !strings.Contains(string(answer.Body), `"username":"fresh_quetzal"`) {
		t.Errorf("binding: %d %s", answer.Status, answer.Body)
	}
	mustNotHold(t, "the log", s.Log(), append(secrets(person), secrets(fresh)...))
}
