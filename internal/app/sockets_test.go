package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/internal/testkit"
)

const handshake = "/socket.io/?EIO=4&transport=polling"

func TestSocketsBehindAProxyAreCountedByTheirOwnAddress(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TRUSTED_PROXIES=127.0.0.1")
	status := http.StatusOK
	for n := 0; status == http.StatusOK; n++ {
		if n > 1000 {
			t.Fatal("one address opened a thousand sessions and signed in to none")
		}
		status = s.Do(http.MethodGet, handshake, "", "X-Forwarded-For: 198.51.100.9").Status
	}
	if answer := s.Do(http.MethodGet, handshake, "", "X-Forwarded-For: 203.0.113.5"); answer.Status != http.StatusOK {
		t.Errorf("another address is locked out: %d %s", answer.Status, answer.Body)
	}
}

func TestSocketsWithoutATokenAreBoundedPerAddress(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	const tries, allowed = 130, 100
	refusals := make(chan string, tries)
	for range tries {
		ws, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a handshake has none
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow() //nolint:errcheck // the server is stopped as well
		if err := ws.Write(t.Context(), websocket.MessageText, []byte("40")); err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				_, frame, err := ws.Read(t.Context())
				if err != nil {
					return
				}
				if strings.HasPrefix(string(frame), `42["auth_error"`) {
					refusals <- string(frame)
					return
				}
			}
		}()
	}
	for range tries - allowed {
		if refusal := <-refusals; !strings.Contains(refusal, "rate_limited") {
			t.Errorf("refused as %s", refusal)
		}
	}
}

func TestAStolenRefreshTokenClosesTheSocketsOfItsSession(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	person := s.Enter(1)
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a handshake has none
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow() //nolint:errcheck // the server closes it
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`40{"token":"`+person.Access+`"}`)); err != nil {
		t.Fatal(err)
	}
	await := func(ctx context.Context, event string) {
		t.Helper()
		for {
			_, frame, err := ws.Read(ctx)
			if err != nil {
				t.Fatalf("%s did not come: %v", event, err)
			}
			if strings.HasPrefix(string(frame), `42["`+event+`"`) {
				return
			}
		}
	}
	await(t.Context(), "joined")
	refresh := func(token string) testkit.Answer {
		return s.Do(http.MethodPost, "/api/auth/refresh", `{"refresh_token":"`+token+`"}`)
	}
	next := person.Refresh
	for range 2 {
		var got struct {
			Refresh string `json:"refresh_token"`
		}
		refresh(next).Into(t, &got)
		next = got.Refresh
	}
	if answer := refresh(person.Refresh); answer.Code() != "refresh_token_reused" {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	within, cancel := context.WithTimeout(t.Context(), 2*time.Second) // auth contract, section 7.4; the sweep takes longer
	defer cancel()
	await(within, "session_revoked")
}
