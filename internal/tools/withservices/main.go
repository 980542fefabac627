// Withservices runs a command with the real servers that the tests need:
//
//	go run ./internal/tools/withservices go test ./...
//
// It starts each server on a free loopback port with its data in a temporary folder, tells the command where it
// is by an environment variable, stops everything when the command ends, and exits with the command's code.
// A server whose variable is set already is used as it is. A server that cannot be started is a failure.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"maska/internal/testkit/services"
)

// A service is one server program the tests need.
type service struct {
	name  string
	env   string // holds the server's URL for the tests
	start func(ctx context.Context, dir string, settings ...string) (*services.Server, error)
}

var needed = []service{
	{name: "PostgreSQL", env: "TEST_POSTGRES_URL", start: services.StartPostgres},
	{name: "Redis", env: "TEST_REDIS_URL", start: services.StartRedis},
}

func main() {
	// The kernel's "parent died" signal follows the thread that started the child, not the process:
	// everything is started from this goroutine, on a thread that lives as long as the process.
	runtime.LockOSThread()
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservices:", err)
		code = 1
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	if len(args) == 0 {
		return 0, errors.New("usage: withservices COMMAND [ARGUMENT…]")
	}
	// Before the first server: a signal during the start must still stop what has been started.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	dir, err := services.NewDir()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, dir.Remove()) }()

	env := os.Environ()
	for _, s := range needed {
		if os.Getenv(s.env) != "" {
			continue
		}
		running, startErr := s.start(context.Background(), dir.Path())
		if startErr != nil {
			return 0, fmt.Errorf("start %s: %w", s.name, startErr)
		}
		defer func() { err = errors.Join(err, running.Stop()) }()
		env = append(env, s.env+"="+running.URL())
	}
	return runCommand(args, env, signals)
}

func runCommand(args, env []string, signals <-chan os.Signal) (code int, err error) {
	select {
	case sig := <-signals:
		return 0, fmt.Errorf("stopped by %s before the command began", sig)
	default:
	}
	cmd := exec.CommandContext(context.Background(), args[0], args[1:]...) //nolint:gosec // Running the given command is the purpose.
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	services.DieWithParent(cmd.SysProcAttr, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return 0, err
			}
		case err := <-ended:
			return exitCode(err)
		}
	}
}

// exitCode follows the shells: a command that a signal ended has the code 128 + signal.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
