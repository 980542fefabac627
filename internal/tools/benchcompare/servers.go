package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// The servers that are compared: the product and the founding sketch with their database, and what
// carries each of them without.
const (
	maska      = "Maska"
	node       = "Node"
	engine     = "socketio"
	nodeEngine = "Node, no database"
)

// ours tells which of them must deliver rightly.
func ours(server string) bool { return server == maska || server == engine }

const botToken = "700000001:made-up-for-benchmarks"

type server struct {
	name     string
	command  []string
	database bool
	flags    []string // how maska bench gets in
}

// prepare builds what has to be built and lists the servers.
func prepare(ctx context.Context, product, dir string) ([]server, error) {
	for _, needed := range []string{product, "bench/node/node_modules"} {
		if _, err := os.Stat(needed); err != nil {
			return nil, fmt.Errorf("%w; make bench prepares it", err)
		}
	}
	binary := filepath.Join(dir, "benchserver")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./internal/tools/benchserver") //nolint:gosec // a path of our own
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	bare := []string{"--bare"}
	return []server{
		{name: maska, command: []string{product}, database: true, flags: []string{"--token", botToken}},
		{name: node, command: []string{"node", "bench/node/server.js"}, database: true, flags: bare},
		{name: engine, command: []string{binary}, flags: bare},
		{name: nodeEngine, command: []string{"node", "bench/node/server.js", "--no-database"}, flags: bare},
	}, nil
}

// process is a server that runs.
type process struct {
	url string
	cmd *exec.Cmd
}

// said is the line with which each server tells its address.
var said = regexp.MustCompile(`[Ll]isten(?:s|ing) on (?:http://)?(\S+)`)

const startLimit = 30 * time.Second

// start runs a server on its core and waits for its address.
func (s *server) start(ctx context.Context, database, dir string) (*process, error) {
	data, err := os.MkdirTemp(dir, "data-")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", serverCore}, s.command...)...) //nolint:gosec // the commands are ours
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "HOST=127.0.0.1", "PORT=0", "DATABASE_URL="+database, "DATA_DIR="+data,
		"TELEGRAM_BOT_TOKEN="+botToken, "RATE_LIMITS=off", "LOG_LEVEL=error", "NODE_ENV=production")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	deadline := time.AfterFunc(startLimit, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if found := said.FindStringSubmatch(lines.Text()); found != nil {
			p.url = "http://" + found[1]
			go func() { _, _ = io.Copy(io.Discard, stdout) }() // ends with the process
			return p, nil
		}
	}
	return nil, errors.Join(errors.New("the server did not tell its address"), p.stop())
}

// pid is the server's own: taskset becomes the command that it runs.
func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the server at once; how it drains is measured elsewhere.
func (p *process) stop() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = p.cmd.Wait() // it was killed
	return nil
}
