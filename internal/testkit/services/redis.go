package services

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// StartRedis runs a server that keeps nothing on disk: whoever is started after a kill is empty. dir
// takes its log. args are further settings, as "--name value".
func StartRedis(ctx context.Context, dir string, args ...string) (*Server, error) {
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	spec, err := RedisSpec(dir, address, append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no"}, args...)...)
	if err != nil {
		return nil, err
	}
	return Start(ctx, spec)
}

// RedisSpec says how to run redis-server with exactly these arguments, which make it listen at the address.
func RedisSpec(dir, address string, args ...string) (Spec, error) {
	program, err := findRedis()
	if err != nil {
		return Spec{}, err
	}
	return Spec{
		Name: "redis", URL: "redis://" + address, Dir: dir, StopBy: syscall.SIGTERM,
		Command: func() *exec.Cmd {
			redis := exec.Command(program, args...) //nolint:noctx // It is ended by Stop and Kill.
			redis.Dir, redis.Env = dir, unpackedEnv(program)
			return redis
		},
		Ready: func(ctx context.Context) error { return pingRedis(ctx, address) },
	}, nil
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
	if err == nil && line != "+PONG\r\n" && !strings.HasPrefix(line, "-NOAUTH") {
		err = fmt.Errorf("PING was answered with %q", line)
	}
	return err
}

func findRedis() (string, error) {
	if found, err := findUnpacked("usr/bin/redis-server"); err != nil || found != "" {
		return found, err
	}
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", errors.New("no redis-server found; `make setup` installs it")
	}
	return program, nil
}
