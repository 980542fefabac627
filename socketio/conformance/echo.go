package main

import (
	"log/slog"
	"time"

	"maska/socketio"
)

// echoConfig is common to modes A and B. Suites open many sessions from one
// address and send their largest message many times over.
func echoConfig(log *slog.Logger) socketio.Config {
	return socketio.Config{
		PingInterval:     300 * time.Millisecond,
		PingTimeout:      200 * time.Millisecond,
		MaxPayload:       1_000_000,
		MaxQueueBytes:    16 << 20,
		AllowAnyOrigin:   true,
		Logger:           log,
		MaxUnjoinedPerIP: -1,
	}
}

// engineEcho is mode A: every message comes back, text as text, binary as
// binary.
func engineEcho(log *slog.Logger) (*socketio.Server, error) {
	cfg := echoConfig(log)
	cfg.Path = "/engine.io/"
	cfg.Engine = &socketio.Engine{
		OnMessage: func(c *socketio.Conn, data []byte, binary bool) { check(c.Send(data, binary)) },
	}
	return socketio.New(cfg)
}

// socketEcho is mode B: events come back with their arguments, as events or as
// acknowledgements.
func socketEcho(log *slog.Logger) (*socketio.Server, error) {
	cfg := echoConfig(log)
	cfg.ConnectTimeout = 1500 * time.Millisecond
	srv, err := socketio.New(cfg)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"/", "/custom"} {
		srv.Namespace(name).OnConnected(func(s *socketio.Socket) {
			// Without the pause the reply and the event leave in one write, and
			// a suite that awaits one WebSocket message after the other misses
			// the second: both are dispatched before it listens again.
			<-time.After(apart)
			check(s.Emit("auth", authOf(s)))
		})
	}
	main := srv.Namespace("/")
	main.OnEvent("message", func(s *socketio.Socket, e *socketio.Event) {
		check(s.Emit("message-back", all(e.Args)...))
	})
	main.OnEvent("message-with-ack", func(_ *socketio.Socket, e *socketio.Event) {
		check(e.Ack(all(e.Args)...))
	})
	return srv, nil
}

// apart is enough for a client to have handled one packet before the next.
const apart = 10 * time.Millisecond

// authOf is the CONNECT payload, {} when absent.
func authOf(s *socketio.Socket) any {
	if auth := s.Handshake().Auth; auth != nil {
		return auth
	}
	return struct{}{}
}
