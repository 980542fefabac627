package socketio_test

import (
	"context"
	"encoding/json"

	"maska/socketio"
)

// must is for registering handlers that cannot fail in a test.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// anys passes received values on as arguments.
func anys(values []socketio.Value) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}

// echo registers what most tests talk to: "echo" comes back as an event or an
// acknowledgement, "say" goes to everybody as "said".
func echo(srv *socketio.Server) {
	n := srv.Namespace("/")
	n.OnConnected(func(s *socketio.Socket) { s.Join("all") })
	n.OnEvent("echo", func(s *socketio.Socket, e *socketio.Event) {
		if e.WantsAck() {
			must(e.Ack(anys(e.Args)...))
			return
		}
		must(s.Emit("echo", anys(e.Args)...))
	})
	n.OnEvent("say", func(_ *socketio.Socket, e *socketio.Event) {
		p, err := n.Encode("said", anys(e.Args)...)
		must(err)
		n.Broadcast("all", p)
	})
}

// withToken admits whoever says {"token":"good"}.
func withToken(_ context.Context, s *socketio.Socket) error {
	var auth struct{ Token string }
	if json.Unmarshal(s.Handshake().Auth, &auth) != nil || auth.Token != "good" {
		return &socketio.ConnectError{Message: "token_invalid", Data: map[string]any{"code": "token_invalid", "retryAfter": 5}}
	}
	return nil
}

// ending is what OnDisconnect saw.
type ending struct {
	socket *socketio.Socket
	reason socketio.Reason
}

// endings collects what OnDisconnect sees in a namespace.
func endings(n *socketio.Namespace) <-chan ending {
	ch := make(chan ending, 64)
	n.OnDisconnect(func(s *socketio.Socket, reason socketio.Reason) { ch <- ending{s, reason} })
	return ch
}

// forClient registers what testclient/client.js talks to.
func forClient(srv *socketio.Server) <-chan ending {
	echo(srv)
	n := srv.Namespace("/")
	n.OnConnect(withToken)
	n.OnEvent("ack", func(_ *socketio.Socket, e *socketio.Event) {
		go func() { must(e.Ack(map[string]any{"args": []any{e.Args[0], e.Args[1]}})) }()
	})
	n.OnEvent("binary ack", func(_ *socketio.Socket, e *socketio.Event) {
		b, ok := e.Args[0].Binary()
		if !ok {
			panic("not binary")
		}
		must(e.Ack(b))
	})
	n.OnEvent("ask me", func(s *socketio.Socket, _ *socketio.Event) {
		go func() {
			answer, err := s.EmitWithAck(s.Context(), "question", 2, 3)
			must(err)
			must(s.Emit("answered", anys(answer)))
		}()
	})
	n.OnEvent("kick me", func(s *socketio.Socket, _ *socketio.Event) { s.Disconnect() })
	n.OnEvent("drop me", func(s *socketio.Socket, _ *socketio.Event) { s.Close() })

	other := srv.Namespace("/other")
	other.OnConnect(withToken)
	other.OnEvent("where", func(s *socketio.Socket, e *socketio.Event) { must(e.Ack(s.Namespace().Name())) })
	return endings(n)
}
