// Command conformance serves what protocol test suites expect, written as any
// user of the package would write it:
//
//	go run ./socketio/conformance -eio-sio 127.0.0.1:3000 -client 127.0.0.1:3001
//
// The first address has an Engine.IO echo at /engine.io/ (mode A) and a
// Socket.IO echo at /socket.io/ (mode B), the second a server for tests of the
// JavaScript client's behaviour at /socket.io/ (mode C).
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"maska/socketio"
)

func main() {
	echoes := flag.String("eio-sio", "127.0.0.1:3000", "address of modes A and B")
	client := flag.String("client", "127.0.0.1:3001", "address of mode C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := listenAndRun(ctx, log, *echoes, *client); err != nil {
		log.Error("conformance", slog.Any("error", err))
		os.Exit(1)
	}
}

func listenAndRun(ctx context.Context, log *slog.Logger, echoes, client string) error {
	var listen net.ListenConfig
	first, err := listen.Listen(ctx, "tcp", echoes)
	if err != nil {
		return err
	}
	second, err := listen.Listen(ctx, "tcp", client)
	if err != nil {
		return errors.Join(err, first.Close())
	}
	return run(ctx, log, first, second)
}

// run serves the three modes until ctx ends.
func run(ctx context.Context, log *slog.Logger, echoes, client net.Listener) error {
	a, err := engineEcho(log)
	if err != nil {
		return err
	}
	b, err := socketEcho(log)
	if err != nil {
		return err
	}
	c, err := clientServer(log)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", a)
	mux.Handle("/socket.io/", b)

	failed := make(chan error, 2)
	var servers []*http.Server
	for _, site := range []struct {
		listener net.Listener
		handler  http.Handler
	}{{echoes, mux}, {client, c}} {
		server := &http.Server{Handler: site.handler, ReadHeaderTimeout: 5 * time.Second}
		servers = append(servers, server)
		go func() { failed <- server.Serve(site.listener) }()
		log.Info("serving", slog.String("addr", site.listener.Addr().String()))
	}

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for _, s := range []*socketio.Server{a, b, c} {
		err = errors.Join(err, s.Shutdown(stop, 0))
	}
	for _, s := range servers {
		err = errors.Join(err, s.Close())
	}
	return err
}

// check is for what can fail only because the client has just gone; anything
// else is a mistake in this program, which the server logs.
func check(err error) {
	if err != nil && !errors.Is(err, socketio.ErrDisconnected) && !errors.Is(err, socketio.ErrClosed) {
		panic(err)
	}
}

// all passes received arguments on.
func all(values []socketio.Value) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}
