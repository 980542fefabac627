// Package testredis gives tests a Redis: the server that all share, with a prefix for each test, or a
// server of the test's own that can be killed.
package testredis

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"maska/internal/testkit/services"
)

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
	process *services.Server
}

// Start runs a server until the test ends. args are further settings, as "--name", "value".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	process, err := services.StartRedis(t.Context(), t.TempDir(), args...)
	return owned(t, process, err)
}

func owned(t testing.TB, process *services.Server, err error) *Server {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, process: process}
	t.Cleanup(s.Kill)
	return s
}

// Address is host and port, which stay the same over a kill.
func (s *Server) Address() string { return strings.TrimPrefix(s.URL(), "redis://") }

// URL is the address as REDIS_URL.
func (s *Server) URL() string { return s.process.URL() }

// Run starts the server after a kill and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	if err := s.process.Start(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the server as kill -9 does, and waits until its port is free.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.process.Kill(); err != nil {
		s.t.Error(err)
	}
}

// Signal sends a signal, as SIGSTOP.
func (s *Server) Signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Command sends a command in one line and returns the answer: a text, or the first line of another.
func (s *Server) Command(line string) (string, error) {
	conn, err := new(net.Dialer).DialContext(context.WithoutCancel(s.t.Context()), "tcp", s.Address())
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
