package faultlab

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"maska/internal/testkit/services"
)

// Build makes the server's binary in a folder.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "maska")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "maska/cmd/maska").CombinedOutput() //nolint:gosec // The path is our own.
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// startNode runs one server process with those settings, "NAME=value", on an address that stays its own.
func startNode(ctx context.Context, binary, dir, name string, settings []string) (*services.Server, error) {
	address, err := services.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(address, ":")
	data := filepath.Join(dir, name)
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	env := append([]string{
		"HOST=" + host, "PORT=" + port, "DATA_DIR=" + data, "TELEGRAM_BOT_TOKEN=" + botToken, "RATE_LIMITS=off", "LOG_LEVEL=warn",
	}, settings...)
	url := "http://" + address
	return services.Start(ctx, services.Spec{
		Name: name, URL: url, Dir: dir, StopBy: syscall.SIGTERM,
		Command: func() *exec.Cmd {
			node := exec.Command(binary) //nolint:noctx // It is ended by Stop and Kill.
			node.Dir, node.Env = data, env
			return node
		},
		Ready: func(ctx context.Context) error { return ready(ctx, url) },
	})
}

// readyLimit is how long an answer of /readyz may take.
const readyLimit = 3 * time.Second

// ready asks /readyz, over a connection of its own as a balancer's first question is.
func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return rest(ctx, client, url, nil, http.MethodGet, "/readyz", nil, nil)
}
