package main_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestCommandGetsItsServerAndGivesItsExitCode(t *testing.T) {
	program := build(t)
	cmd := exec.CommandContext(t.Context(), program, "sh", "-c", `case "$TEST_POSTGRES_URL" in postgres://*) exit 7;; esac`)
	cmd.Env = withoutServer()
	if code := exitCode(cmd.Run()); code != 7 {
		t.Fatalf("exit code %d", code)
	}
}

func TestRedisIsThereAndDiesWithTheRun(t *testing.T) {
	run := start(t, build(t), "echo $TEST_POSTGRES_URL; echo $TEST_REDIS_URL; cat")
	line, err := run.stdout.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(strings.TrimSpace(line), "redis://")
	redis, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close() //nolint:errcheck // the server ends it
	if _, err := redis.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(redis)
	if answer, err := answers.ReadString('\n'); answer != "+PONG\r\n" {
		t.Fatalf("%q, %v", answer, err)
	}
	if err := run.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.ReadByte(); err == nil {
		t.Fatal("redis says something that nobody asked for")
	}
	_ = run.cmd.Wait() // it was killed
	// A dying process closes its files one after another; the port may be the last of them.
	for patience := time.Now().Add(10 * time.Second); ; {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		_ = conn.Close()
		if time.Now().After(patience) {
			t.Fatal("redis outlived its run")
		}
	}
}

func TestServerThatIsGivenIsUsed(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), build(t), "sh", "-c", `echo "$TEST_POSTGRES_URL"`)
	cmd.Env = append(withoutServer(), "TEST_POSTGRES_URL=postgres://given/one")
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "postgres://given/one" {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestMissingCommandIsAFailure(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), build(t), "no-such-command")
	cmd.Env = append(withoutServer(), "TEST_POSTGRES_URL=postgres://given/one")
	if code := exitCode(cmd.Run()); code != 1 {
		t.Fatalf("exit code %d", code)
	}
}

func TestNothingIsLeftWhenTheCommandEnds(t *testing.T) {
	run := start(t, build(t), "echo $TEST_POSTGRES_URL; cat")
	data := run.dataDir(t)
	if code := run.end(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	run.mustBeGone(t)
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is still there: %v", data, err)
	}
}

func TestServerIsAsDurableAsInProduction(t *testing.T) {
	run := start(t, build(t), "echo $TEST_POSTGRES_URL; cat")
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := run.conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil || value != "on" {
			t.Errorf("%s is %q (%v)", setting, value, err)
		}
	}
	if code := run.end(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
}

func TestSignalReachesTheCommandAndStopsTheServer(t *testing.T) {
	// wait is what a shell lets a signal interrupt.
	run := start(t, build(t), `sleep 60 & trap "kill $!; exit 3" TERM; echo $TEST_POSTGRES_URL; wait`)
	if err := run.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(run.cmd.Wait()); code != 3 {
		t.Fatalf("exit code %d", code)
	}
	run.mustBeGone(t)
}

func TestServerDiesWithAKilledRunAndTheNextRunSweepsItsFolder(t *testing.T) {
	program := build(t)
	run := start(t, program, "echo $TEST_POSTGRES_URL; cat")
	data := run.dataDir(t)
	if err := run.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The query ends when the server does.
	if _, err := run.conn.Exec(t.Context(), "SELECT pg_sleep(60)"); err == nil {
		t.Fatal("the server outlived its run by a minute")
	}
	if code := exitCode(run.cmd.Wait()); code != -1 {
		t.Fatalf("exit code %d", code)
	}
	next := exec.CommandContext(t.Context(), program, "true")
	next.Env = withoutServer()
	if err := next.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is still there: %v", data, err)
	}
}

// running is a run whose command has printed the server's URL.
type running struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	url    string
	conn   *pgx.Conn
}

func start(t *testing.T, program, script string) *running {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "sh", "-c", script)
	cmd.Env = withoutServer()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(stdout)
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return &running{cmd: cmd, stdin: stdin, stdout: reader, url: url, conn: conn}
}

// end closes the command's input and returns the exit code of the run.
func (r *running) end(t *testing.T) int {
	t.Helper()
	if err := r.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	return exitCode(r.cmd.Wait())
}

func (r *running) dataDir(t *testing.T) string {
	t.Helper()
	var path string
	if err := r.conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&path); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *running) mustBeGone(t *testing.T) {
	t.Helper()
	if conn, err := pgx.Connect(t.Context(), r.url); err == nil {
		t.Fatal("the server is still there", conn.Close(t.Context()))
	}
}

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "withservices")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func withoutServer() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TEST_POSTGRES_URL=") && !strings.HasPrefix(pair, "TEST_REDIS_URL=") {
			env = append(env, pair)
		}
	}
	return env
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		return -2
	}
}
