package app_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"maska/internal/testkit"
	"maska/internal/testkit/testredis"
)

// Guarantee G7, decision 29: however sessions end, their sockets are closed within two seconds, on
// whatever node they are.
func TestWhateverEndsSessionsCutsTheirSocketsOnAllNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t), "RATE_LIMITS=off")
	for i, c := range []struct {
		method, path, body string
		code               string // what the token of the socket gets afterwards
	}{
		{http.MethodPost, "/api/auth/logout-all", `{"keepCurrent":true}`, "session_revoked"},
		{http.MethodPost, "/api/auth/logout-all", "", "session_revoked"},
		{http.MethodDelete, "/api/auth/sessions/{id}", "", "session_revoked"},
		{http.MethodDelete, "/api/user", "", "user_not_found"},
	} {
		person := nodes[0].Enter(int64(i + 1))
		elsewhere := *person
		nodes[1].SignIn(&elsewhere)
		socket := listen(t, nodes[1], &elsewhere, nil)
		nodes[1].Do(http.MethodGet, "/api/me", "", elsewhere.Bearer()) // the other node remembers the session
		path := c.path
		if path == "/api/auth/sessions/{id}" {
			path = "/api/auth/sessions/" + otherSession(t, nodes[0], person)
		}
		if answer := nodes[0].Do(c.method, path, c.body, person.Bearer()); answer.Status >= 300 {
			t.Fatalf("%s: %d %s", c.path, answer.Status, answer.Body)
		}
		began := time.Now()
		socket.until("the end", func() bool { return socket.saw("session_revoked") && socket.saw("disconnect") })
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: the socket was closed after %v", c.path, took)
		}
		if answer := nodes[1].Do(http.MethodGet, "/api/me", "", elsewhere.Bearer()); answer.Code() != c.code {
			t.Errorf("%s: REST says %d %s", c.path, answer.Status, answer.Body)
		}
	}
}

func otherSession(t *testing.T, s *testkit.Server, person *testkit.Person) string {
	t.Helper()
	var list struct {
		Sessions []struct {
			ID      string `json:"id"`
			Current bool   `json:"current"`
		} `json:"sessions"`
	}
	s.Do(http.MethodGet, "/api/auth/sessions", "", person.Bearer()).Into(t, &list)
	for _, each := range list.Sessions {
		if !each.Current {
			return each.ID
		}
	}
	t.Fatal("there is no other session")
	return ""
}

// Roles are remembered for some seconds on every node; a change must not wait for that.
func TestWhoIsDemotedOnOneNodeHasNoRightsOnTheOthers(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t), "RATE_LIMITS=off")
	boss, friend := nodes[0].Enter(1), nodes[0].Enter(2)
	_, code, _ := strings.Cut(nodes[0].Greeting, "becomes one, once: ")
	code, _, _ = strings.Cut(code, "\n")
	if answer := nodes[0].Do(http.MethodPost, "/api/admin/claim", `{"code":"`+code+`"}`, boss.Bearer()); answer.Status != http.StatusOK {
		t.Fatalf("claim: %d %s", answer.Status, answer.Body)
	}
	for _, c := range []struct {
		role string
		want int
	}{{"admin", http.StatusOK}, {"user", http.StatusForbidden}} {
		nodes[1].Do(http.MethodGet, "/api/me", "", friend.Bearer()) // the other node remembers the role before
		if answer := nodes[0].Do(http.MethodPatch, "/api/admin/users/"+accountOf(t, nodes[0], friend), `{"roles":["`+c.role+`"]}`, boss.Bearer()); answer.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", c.role, answer.Status, answer.Body)
		}
		for got, began := 0, time.Now(); got != c.want; {
			got = nodes[1].Do(http.MethodGet, "/api/admin/users", "", friend.Bearer()).Status
			if time.Since(began) > 3*time.Second {
				t.Fatalf("%s: the other node still answers %d", c.role, got)
			}
		}
	}
}

func accountOf(t *testing.T, s *testkit.Server, person *testkit.Person) string {
	t.Helper()
	var user struct {
		ID int64 `json:"id"`
	}
	s.Do(http.MethodGet, "/api/auth/profile", "", person.Bearer()).Into(t, &user)
	return strconv.FormatInt(user.ID, 10)
}
