package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"maska/internal/testkit"
	"maska/internal/testkit/testredis"
)

// runAuthcheck runs the command as a shell would, away from anybody's .env.
func runAuthcheck(t *testing.T, environ []string, args ...string) (code int, said string) {
	t.Helper()
	var out strings.Builder
	code = execute(t.Context(), append([]string{"authcheck"}, args...), environ, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func wantAllSteps(t *testing.T, code int, said string) {
	t.Helper()
	if code != 0 || strings.Contains(said, "✗") || strings.Count(said, "✓") != 15 {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

func TestAuthcheckPassesOnSQLite(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	for range 2 { // it can be run again
		code, said := runAuthcheck(t, []string{"TELEGRAM_BOT_TOKEN=" + testkit.BotToken}, s.URL)
		wantAllSteps(t, code, said)
	}
}

func TestAuthcheckPassesWhereLaunchDataSignsInOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_REPLAY=once")
	code, said := runAuthcheck(t, nil, s.URL, "--token="+testkit.BotToken)
	wantAllSteps(t, code, said)
}

func TestAuthcheckPassesInDevMode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "TELEGRAM_BOT_TOKEN=")
	code, said := runAuthcheck(t, []string{"DATA_DIR=" + s.DataDir}, s.URL)
	wantAllSteps(t, code, said)
}

// Each request goes to the other node than the one before.
func TestAuthcheckPassesOnTwoNodesBehindABalancer(t *testing.T) {
	t.Parallel()
	settings := []string{
		"DATABASE_URL=" + testkit.PostgresURL(t), "REDIS_URL=" + testredis.URL(t), "REDIS_PREFIX=" + testredis.Prefix(), "ROOT_KEY=" + strings.Repeat("5a", 32),
	}
	var nodes [2]*httputil.ReverseProxy
	for i := range nodes {
		address, err := url.Parse(testkit.Start(t, settings...).URL)
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = httputil.NewSingleHostReverseProxy(address)
	}
	var turn atomic.Int64
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nodes[turn.Add(1)%2].ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)
	code, said := runAuthcheck(t, nil, balancer.URL, "--token="+testkit.BotToken)
	wantAllSteps(t, code, said)
}

func TestAuthcheckSaysWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	if code, said := runAuthcheck(t, nil, s.URL, "--token=700000001:another"); code != 1 ||
		!strings.Contains(said, "✗ signed launch data signs in: want 200, got 401 init_data_invalid; is this the server's bot token?") || !strings.Contains(said, "1 of 15 steps hold") {
		t.Errorf("another token: %d\n%s", code, said)
	}
	agreeable := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(`{"access_token":"a","refresh_token":"b","token_type":"Bearer","expires_in":1,"user":{"shortId":"x","telegramId":1}}`))
	}))
	t.Cleanup(agreeable.Close)
	if code, said := runAuthcheck(t, nil, agreeable.URL, "--token="+testkit.BotToken); code != 1 || !strings.Contains(said, "✗ forged launch data is refused: want 401 init_data_invalid, got 200") {
		t.Errorf("a server that says yes to everything: %d\n%s", code, said)
	}
	agreeable.Close()
	if code, said := runAuthcheck(t, nil, agreeable.URL, "--token="+testkit.BotToken); code != 1 || !strings.Contains(said, "✗ the server is ready") {
		t.Errorf("no server: %d\n%s", code, said)
	}
	for _, wrong := range []string{"ftp://x", "x", ""} {
		if code, said := runAuthcheck(t, nil, wrong, "--token=1:a"); code != 2 {
			t.Errorf("%q: %d\n%s", wrong, code, said)
		}
	}
	if code, said := runAuthcheck(t, []string{"DATA_DIR=" + t.TempDir()}, s.URL); code != 1 || !strings.Contains(said, "no TELEGRAM_BOT_TOKEN is set") {
		t.Errorf("no token anywhere: %d\n%s", code, said)
	}
}
