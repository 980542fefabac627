package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 10 * time.Second
	pollEvery    = 10 * time.Millisecond
)

// server is a running server process.
type server struct {
	url     string
	process *os.Process
	stopBy  syscall.Signal
	exited  chan struct{}
	logPath string
}

// launch starts a server process that writes its output to a log in dir and waits until ready succeeds.
func launch(ctx context.Context, cmd *exec.Cmd, dir, url string, stopBy syscall.Signal, ready func(context.Context) error) (*server, error) {
	logPath := filepath.Join(dir, filepath.Base(cmd.Path)+".log")
	log, err := os.Create(logPath) //nolint:gosec // The path is of our own making.
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // The process has its own copy of the descriptor.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{url: url, process: cmd.Process, stopBy: stopBy, exited: make(chan struct{}), logPath: logPath}
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		close(s.exited)
	}()
	if err := s.await(ctx, ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, s.logTail()), s.stop())
	}
	return s, nil
}

func (s *server) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return errors.New("it ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s: %w", startTimeout, err)
		case <-tick.C:
		}
	}
}

func (s *server) stop() error {
	for _, sig := range []syscall.Signal{s.stopBy, syscall.SIGKILL} {
		if err := s.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		select {
		case <-s.exited:
			return nil
		case <-time.After(stopTimeout):
		}
	}
	return errors.New("server does not end: " + s.url)
}

func (s *server) logTail() string {
	const most = 2 << 10
	text, err := os.ReadFile(s.logPath)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-most):]))
}

// freePort returns a loopback port nobody listens on. Somebody may take it before the server does:
// then the server ends while starting, and its log says so.
func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// serverUser returns the user the servers run as: nil for the present one. PostgreSQL refuses to run as root.
func serverUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root may not run it, and there is no user postgres or nobody")
}

// serverDir makes a folder for one server, owned by the user it runs as.
func serverDir(parent, name string, as *syscall.Credential) (string, error) {
	path := filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	if as == nil {
		return path, nil
	}
	// The parent is private to root; the server must get through it to its own folder.
	if err := os.Chmod(parent, 0o711); err != nil { //nolint:gosec // Passing through shows nothing.
		return "", err
	}
	return path, os.Chown(path, int(as.Uid), int(as.Gid))
}

// asUser prepares a server command: as the given user, out of reach of the terminal's Ctrl-C
// (the tests still need it while they end), and dead when this process is.
func asUser(cmd *exec.Cmd, dir string, as *syscall.Credential) *exec.Cmd {
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	dieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	return cmd
}
