// Package testredis gives tests a Redis: the server that all share, with a prefix for each test, or a
// server of the test's own that can be killed.
package testredis

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTimeout is how long a server may take until it answers.
const startTimeout = 30 * time.Second

// URL is the shared server's. Without one the test fails.
func URL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("TEST_REDIS_URL")
	if url == "" {
		t.Fatal("TEST_REDIS_URL is not set; run the tests with: go run ./internal/tools/withservices go test ./...")
	}
	return url
}

// Prefix is what the names of a test's keys and channels begin with, so that tests on the shared
// server do not meet. Everything that we keep in Redis goes by itself.
func Prefix() string { return "test-" + strings.ToLower(rand.Text()) + ":" }

// Server is a redis-server of a test's own. It keeps nothing on disk: whoever is started after a kill
// is empty.
type Server struct {
	t       testing.TB
	program string
	env     []string
	args    []string
	dir     string
	address string
	process *exec.Cmd
	exited  chan struct{}
}

// Start runs a server until the test ends. args are further settings, as "--name value".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir(), args: args, address: freeAddress(t)}
	s.program, s.env = find(t)
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// Address is host and port, which stay the same over a kill.
func (s *Server) Address() string { return s.address }

// URL is the address as REDIS_URL.
func (s *Server) URL() string { return "redis://" + s.address }

// Run starts the server after a kill and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	args := append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no"}, s.args...)
	s.start(exec.CommandContext(context.WithoutCancel(s.t.Context()), s.program, args...))
}

func (s *Server) start(process *exec.Cmd) {
	s.t.Helper()
	s.process = process
	s.process.Env, s.process.Dir = s.env, s.dir
	dieWithParent(s.process)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	exited := make(chan struct{})
	s.exited = exited
	go func(process *exec.Cmd) {
		_ = process.Wait() // it is killed
		close(exited)
	}(s.process)
	s.await()
}

// Kill ends the server as kill -9 does, and waits until its port is free.
func (s *Server) Kill() {
	_ = s.process.Process.Kill() // it may be dead
	<-s.exited
}

// Signal sends a signal, as SIGSTOP.
func (s *Server) Signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) await() {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(startTimeout)
	for {
		err := s.ping()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-s.exited:
			s.t.Fatalf("redis-server ended while starting: %v", err)
		case <-late:
			s.t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

func (s *Server) ping() error {
	answer, err := s.Command("PING")
	if err == nil && answer != "+PONG" && !strings.HasPrefix(answer, "-NOAUTH") {
		err = fmt.Errorf("PING was answered with %q", answer)
	}
	return err
}

// Command sends a command in one line and returns the answer: a text, or the first line of another.
func (s *Server) Command(line string) (string, error) {
	conn, err := new(net.Dialer).DialContext(context.WithoutCancel(s.t.Context()), "tcp", s.address)
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // the answer is all that was wanted
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte(line + "\r\n")); err != nil {
		return "", err
	}
	reader := bufio.NewReader(conn)
	answer, err := reader.ReadString('\n')
	answer = strings.TrimSpace(answer)
	if size, isText := strings.CutPrefix(answer, "$"); isText && err == nil {
		n, err := strconv.Atoi(size)
		if err != nil || n < 0 {
			return answer, err
		}
		text := make([]byte, n)
		_, err = io.ReadFull(reader, text)
		return string(text), err
	}
	return answer, err
}

// freeAddress is one that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// find looks for the program where it is installed or where the set-up unpacks it.
func find(t testing.TB) (program string, env []string) {
	t.Helper()
	if program, err := exec.LookPath("redis-server"); err == nil {
		return program, os.Environ()
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		program := filepath.Join(dir, ".cache/debian/usr/bin/redis-server")
		if _, err := os.Stat(program); err == nil {
			libs, err := filepath.Glob(filepath.Join(dir, ".cache/debian/usr/lib/*-linux-gnu"))
			if err != nil {
				t.Fatal(err)
			}
			return program, append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libs, ":"))
		}
	}
	t.Fatal("no redis-server found; `make setup` installs it")
	return "", nil
}
