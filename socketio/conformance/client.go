package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"maska/socketio"
)

// clientServer is mode C: the server that the JavaScript client's own tests
// talk to.
func clientServer(log *slog.Logger) (*socketio.Server, error) {
	srv, err := socketio.New(socketio.Config{
		PingInterval:     2 * time.Second,
		PingTimeout:      20 * time.Second,
		MaxUnjoinedPerIP: -1,
		Recovery:         &socketio.Recovery{},
		AllowOrigin:      func(*http.Request, string) bool { return true },
		Admit:            slowly,
		Logger:           log,
	})
	if err != nil {
		return nil, err
	}
	n := srv.Namespace("/")
	n.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		if s.Handshake().Query.Get("fail") != "" {
			return &socketio.ConnectError{Message: "Auth failed (main namespace)"}
		}
		s.SetData(&seen{})
		return nil
	})
	texts(n)
	dates(n)
	binaries(n)
	acks(n)

	srv.Namespace("/no").OnConnect(func(context.Context, *socketio.Socket) error {
		return &socketio.ConnectError{Message: "Auth failed (custom namespace)"}
	})
	srv.Namespace("/abc").OnConnected(func(s *socketio.Socket) { check(s.Emit("handshake", handshake(s))) })
	srv.Namespace("/foo").OnEvent("getId", ackID)
	for _, name := range []string{"/timeout_socket", "/valid", "/asd"} {
		srv.Namespace(name)
	}
	return srv, nil
}

// slowly admits everybody after a moment, as an authorisation server would.
func slowly(r *http.Request) error {
	select {
	case <-time.After(10 * time.Millisecond):
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

// handshake is the handshake as the reference server describes it.
func handshake(s *socketio.Socket) map[string]any {
	h := s.Handshake()
	headers := make(map[string]any, len(h.Header))
	for key, values := range h.Header {
		headers[strings.ToLower(key)] = strings.Join(values, ", ")
	}
	query := make(map[string]any, len(h.Query))
	for key, values := range h.Query {
		query[key] = values[0]
	}
	return map[string]any{
		"headers": headers,
		"time":    h.Time.Format(time.RFC1123Z),
		"address": h.RemoteAddr,
		"xdomain": h.XDomain,
		"secure":  h.Secure,
		"issued":  h.Time.UnixMilli(),
		"url":     h.URL,
		"query":   query,
		"auth":    authOf(s),
	}
}

func ackID(s *socketio.Socket, e *socketio.Event) { check(e.Ack(s.ID())) }

// emits answers an event with another.
func emits(n *socketio.Namespace, event, reply string, args ...any) {
	n.OnEvent(event, func(s *socketio.Socket, _ *socketio.Event) { check(s.Emit(reply, args...)) })
}

func texts(n *socketio.Namespace) {
	emits(n, "hi", "hi")
	emits(n, "false", "false", false)
	n.OnEvent("getUtf8", func(s *socketio.Socket, _ *socketio.Event) {
		for _, text := range []string{"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"} {
			check(s.Emit("takeUtf8", text))
		}
	})
}

func dates(n *socketio.Namespace) {
	now := func() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00") }
	n.OnEvent("getAckDate", func(_ *socketio.Socket, e *socketio.Event) { check(e.Ack(now())) })
	n.OnEvent("getDate", func(s *socketio.Socket, _ *socketio.Event) { check(s.Emit("takeDate", now())) })
	n.OnEvent("getDateObj", func(s *socketio.Socket, _ *socketio.Event) {
		check(s.Emit("takeDateObj", map[string]any{"date": now()}))
	})
}

func acks(n *socketio.Namespace) {
	n.OnEvent("echo", func(_ *socketio.Socket, e *socketio.Event) { check(e.Ack(all(e.Args)...)) })
	n.OnEvent("getId", ackID)
	n.OnEvent("getHandshake", func(s *socketio.Socket, e *socketio.Event) { check(e.Ack(handshake(s))) })
	n.OnEvent("ack", func(s *socketio.Socket, _ *socketio.Event) {
		// The answer comes through this connection's reader, so that its
		// handler must not wait for it.
		go func() {
			answer, err := s.EmitWithAck(s.Context(), "ack")
			if err != nil || len(answer) != 2 {
				return
			}
			var number int
			var object struct{ Test bool }
			if answer[0].Bind(&number) == nil && answer[1].Bind(&object) == nil && number == 5 && object.Test {
				check(s.Emit("got it"))
			}
		}()
	})
}

// seen is what a client has sent of a series.
type seen struct {
	abuff1 bool
	blobs  int
}

func binaries(n *socketio.Namespace) {
	data := socketio.Binary("asdfasdf")
	emits(n, "doge", "doge", data)
	emits(n, "getbin", "takebin", data)

	// on answers an event whose first argument passes.
	on := func(event, reply string, passes func(s *socketio.Socket, e *socketio.Event) bool) {
		n.OnEvent(event, func(s *socketio.Socket, e *socketio.Event) {
			if passes(s, e) && reply != "" {
				check(s.Emit(reply))
			}
		})
	}
	isBinary := func(_ *socketio.Socket, e *socketio.Event) bool {
		if len(e.Args) == 0 {
			return false
		}
		_, ok := e.Args[0].Binary()
		return ok
	}
	isGreeting := func(_ *socketio.Socket, e *socketio.Event) bool {
		var m struct {
			Hello, Goodbye string
			Message        []byte
		}
		return e.Bind(0, &m) == nil && m.Hello == "lol" && m.Goodbye == "gotcha" && m.Message != nil
	}
	on("buffa", "buffack", isBinary)
	on("blob", "back", isBinary)
	on("jsonbuff", "jsonbuff-ack", isGreeting)
	on("jsonblob", "jsonblob-ack", isGreeting)

	of := func(s *socketio.Socket) *seen { return s.Data().(*seen) }
	on("abuff1", "", func(s *socketio.Socket, e *socketio.Event) bool {
		of(s).abuff1 = isBinary(s, e)
		return true
	})
	on("abuff2", "abuff2-ack", func(s *socketio.Socket, _ *socketio.Event) bool { return of(s).abuff1 })

	step := func(number int, passes func(s *socketio.Socket, e *socketio.Event) bool) func(*socketio.Socket, *socketio.Event) bool {
		return func(s *socketio.Socket, e *socketio.Event) bool {
			if of(s).blobs != number-1 || !passes(s, e) {
				return false
			}
			of(s).blobs = number
			return true
		}
	}
	isSecond := func(_ *socketio.Socket, e *socketio.Event) bool {
		var text string
		return e.Bind(0, &text) == nil && text == "second"
	}
	on("blob1", "", step(1, isBinary))
	on("blob2", "", step(2, isSecond))
	on("blob3", "blob3-ack", step(3, isBinary))
}
