package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// unpackedRedis is where the set-up of a user who may not install puts the server.
const unpackedRedis = ".cache/debian/usr/bin/redis-server"

func startRedis(ctx context.Context, parent string) (*server, error) {
	program, err := findRedis()
	if err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, err := serverDir(parent, "redis", as)
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	redis := exec.CommandContext(ctx, program, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), //nolint:gosec // Found by us.
		"--save", "", "--appendonly", "no", "--daemonize", "no")
	redis.Env = redisEnv(program)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return launch(ctx, asUser(redis, dir, as), parent, "redis://"+address, syscall.SIGTERM, func(ctx context.Context) error {
		return pingRedis(ctx, address)
	})
}

func pingRedis(ctx context.Context, address string) (err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("PING was answered with %q", line)
	}
	return err
}

func findRedis() (string, error) {
	if _, err := os.Stat(unpackedRedis); err == nil {
		return filepath.Abs(unpackedRedis)
	}
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errors.New("no redis-server found; `make setup` installs it")
	}
	return program, nil
}

// redisEnv lets an unpacked server find the libraries unpacked beside it.
func redisEnv(program string) []string {
	env := os.Environ()
	if root, isUnpacked := strings.CutSuffix(program, "/usr/bin/redis-server"); isUnpacked && root != "" {
		libs, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
		if err == nil {
			env = append(env, "LD_LIBRARY_PATH="+strings.Join(libs, ":"))
		}
	}
	return env
}
