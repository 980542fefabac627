package app_test

import (
	"net/http"
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
