package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maska/internal/loadtest"
	"maska/internal/testkit"
)

// runBench starts the program as a shell would.
func runBench(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = execute(t.Context(), append([]string{"bench"}, args...), nil, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestBenchPrintsATableAndWritesJSON(t *testing.T) {
	s := testkit.Start(t, "RATE_LIMITS=off")
	file := filepath.Join(t.TempDir(), "result.json")
	code, stdout, stderr := runBench(t, "--url", s.URL, "--token", testkit.BotToken, "--members", "5", "--in-flight", "2",
		"--warm-up", "10ms", "--duration", "100ms", "--json", file)
	if code != 0 || !strings.Contains(stdout, "0 lost, 0 doubled") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report loadtest.Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if report.Case.Members != 5 || report.Deliver.Count == 0 {
		t.Errorf("%s", text)
	}
}

func TestBenchFailsWhenTheServerRefuses(t *testing.T) {
	s := testkit.Start(t) // with its limits
	code, stdout, stderr := runBench(t, "--url", s.URL, "--token", testkit.BotToken, "--members", "1", "--in-flight", "10",
		"--warm-up", "10ms", "--duration", "50ms")
	if code != 1 || !strings.Contains(stdout, "rate_limited: a server that is put under load must run with RATE_LIMITS=off\n") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestBenchSignsInWithTheTokenOfTheSettings(t *testing.T) {
	s := testkit.Start(t, "RATE_LIMITS=off")
	bench := func(environ ...string) (code int, text string) {
		var out strings.Builder
		code = execute(t.Context(), []string{"bench", "--url", s.URL, "--members", "2", "--warm-up", "10ms", "--duration", "50ms"}, environ, strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	if code, text := bench("TELEGRAM_BOT_TOKEN=" + testkit.BotToken); code != 0 {
		t.Errorf("exit code %d: %s", code, text)
	}
	for want, environ := range map[string][]string{
		"the server is not in dev mode, so its bot token is needed: --token or TELEGRAM_BOT_TOKEN": nil,
		"the server has another bot token": {"TELEGRAM_BOT_TOKEN=700000009:another"},
	} {
		if code, text := bench(environ...); code != 1 || !strings.HasSuffix(text, want+"\n") || strings.Count(text, "\n") != 1 {
			t.Errorf("exit code %d: %s", code, text)
		}
	}
}

func TestBenchLoadsAnotherMachineOnlyWhenToldSo(t *testing.T) {
	for _, url := range []string{"https://chat.example.org", "http://192.0.2.1:3000", "http://localhost.example.org"} {
		if code, _, stderr := runBench(t, "--url", url); code != 2 || !strings.Contains(stderr, "--yes-remote") {
			t.Errorf("%s: exit code %d: %s", url, code, stderr)
		}
	}
}
