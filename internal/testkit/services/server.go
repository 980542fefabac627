// Package services runs the servers that tests need, PostgreSQL and Redis or any other program, as real
// processes that can be stopped, killed and halted, and started again with the port and the data they had.
package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 20 * time.Second
	pollEvery    = 2 * time.Millisecond
)

// Spec says how to run a program.
type Spec struct {
	Name string
	URL  string // where clients find it
	Dir  string // of its log, Name.log, which grows over all its lives
	// Command makes the process of the next life. It is started out of reach of the terminal's Ctrl-C,
	// which the tests still need while they end, and dies with this process.
	Command func() *exec.Cmd
	// Ready tells whether it answers.
	Ready func(ctx context.Context) error
	// StopBy asks it to end.
	StopBy syscall.Signal
}

// Server is a program that runs, or will run again. Its methods are for one goroutine at a time, except
// those that only tell something.
type Server struct {
	spec Spec

	mu      sync.Mutex
	process *os.Process
	exited  chan struct{}
}

// Start runs a program and waits until it is ready.
func Start(ctx context.Context, spec Spec) (*Server, error) {
	s := &Server{spec: spec}
	return s, s.Start(ctx)
}

// URL is where clients find the server, the same over all its lives.
func (s *Server) URL() string { return s.spec.URL }

// PID is the process of the present life.
func (s *Server) PID() int {
	process, _ := s.life()
	return process.Pid
}

// Exited is closed when the present life ends.
func (s *Server) Exited() <-chan struct{} {
	_, exited := s.life()
	return exited
}

func (s *Server) life() (*os.Process, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process, s.exited
}

// Start runs the program again after it has ended, and waits until it is ready. If it does not become
// so, the error holds the end of its log.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Launch(); err != nil {
		return fmt.Errorf("%s: %w", s.spec.Name, err)
	}
	if err := s.Await(ctx); err != nil {
		return errors.Join(fmt.Errorf("%s: %w\n%s", s.spec.Name, err, s.logTail()), s.Kill())
	}
	return nil
}

// Launch runs the program again and does not wait for anything.
func (s *Server) Launch() error {
	log, err := os.OpenFile(s.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // The process has its own copy of the descriptor.
	cmd := s.spec.Command()
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	DieWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.mu.Lock()
	s.process, s.exited = cmd.Process, exited
	s.mu.Unlock()
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		close(exited)
	}()
	return nil
}

// Await waits until the server is ready.
func (s *Server) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	_, exited := s.life()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.spec.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return errors.New("it ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", err)
		case <-tick.C:
		}
	}
}

// Stop asks the server to end and waits until it has; after a while it is killed.
func (s *Server) Stop() error {
	process, exited := s.life()
	if err := process.Signal(s.spec.StopBy); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(errors.New(s.spec.Name+" does not end"), s.Kill())
	}
}

// Kill ends the server and all its children as kill -9 does, and waits until they are gone. A server
// that has ended is left alone.
func (s *Server) Kill() error {
	process, exited := s.life()
	select {
	case <-exited:
		return nil
	default:
	}
	// Halted first, so that it has no further children while they are listed.
	if err := process.Signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	all := append(children(process.Pid), process.Pid)
	for _, pid := range all {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	<-exited
	return awaitGone(all)
}

// Signal sends a signal, as SIGSTOP, to the server and all its children.
func (s *Server) Signal(signal syscall.Signal) error {
	process, _ := s.life()
	if err := process.Signal(signal); err != nil {
		return err
	}
	for _, pid := range children(process.Pid) {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

func awaitGone(pids []int) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	late := time.After(stopTimeout)
	for _, pid := range pids {
		for alive(pid) {
			select {
			case <-tick.C:
			case <-late:
				return fmt.Errorf("process %d was killed and is still there", pid)
			}
		}
	}
	return nil
}

// LogPath is the file of everything the server has said, over all its lives.
func (s *Server) LogPath() string { return filepath.Join(s.spec.Dir, s.spec.Name+".log") }

func (s *Server) logTail() string {
	const most = 2 << 10
	text, err := os.ReadFile(s.LogPath())
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-most):]))
}
