package faultlab_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"maska/internal/faultlab"
	"maska/internal/testkit/services"
)

// binary is the server, built once for all tests; folder is where they run.
var binary, folder string

func TestMain(m *testing.M) {
	code, err := main(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func main(m *testing.M) (code int, err error) {
	dir, err := services.NewDir()
	if err != nil {
		return 1, err
	}
	folder = dir.Path()
	if binary, err = faultlab.Build(context.Background(), folder); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, dir.Remove()
}

// seed is FAULTS_SEED, to play again what has failed, or a new one.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("FAULTS_SEED")
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// run plays a scenario and shows what came of it.
func run(t *testing.T, s faultlab.Scenario, scale faultlab.Scale) *faultlab.Report {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	report, err := faultlab.Run(t.Context(), s, scale, seed(t), binary, folder, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := faultlab.WriteTable(t.Output(), []*faultlab.Report{report}); err != nil {
		t.Error(err)
	}
	return report
}

// short is what every change must pass, on whatever machine. How long things take is judged by make faults.
var short = faultlab.Scale{Kills: 3, Acked: 7000, Quiet: 2 * time.Second, Slack: 10 * time.Second, Limit: 3 * time.Minute}

func TestServersThatAreKilledLoseNothing(t *testing.T) {
	if report := run(t, faultlab.KilledServers(), short); report.Failed() {
		t.Errorf("%s", report)
	}
}

func TestADatabaseThatIsKilledLosesNothing(t *testing.T) {
	if report := run(t, faultlab.KilledDatabase(), short); report.Failed() {
		t.Errorf("%s", report)
	}
}

func TestARedisThatIsKilledOrEmptiedLosesNothing(t *testing.T) {
	if report := run(t, faultlab.KilledRedis(), short); report.Failed() {
		t.Errorf("%s", report)
	}
}
