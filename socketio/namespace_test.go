package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"maska/socketio"
)

func TestFirstPacketMustBeConnect(t *testing.T) {
	for _, p := range []string{`42["echo",1]`, `41`, `430[]`, `42/other,["x"]`} {
		h := start(t, socketio.Config{}, echo)
		ws := h.websocket()
		ws.send(p)
		ws.wantClosed(-1)
	}
}

func TestConnectReplyHasOnlyThePublicID(t *testing.T) {
	h := start(t, socketio.Config{}, func(srv *socketio.Server) { srv.Namespace("/"); srv.Namespace("/custom") })
	ws := h.dial("EIO=4&transport=websocket")
	eio := parseOpen(t, ws.read()).SID
	seen := map[string]bool{eio: true}
	for connect, prefix := range map[string]string{`40{"token":"t"}`: `40{"sid":"`, `40/custom`: `40/custom,{"sid":"`} {
		ws.send(connect)
		got := ws.read()
		sid, ok := strings.CutSuffix(strings.TrimPrefix(got, prefix), `"}`)
		if !ok || !strings.HasPrefix(got, prefix) || len(sid) < 20 || seen[sid] {
			t.Errorf("%q", got)
		}
		seen[sid] = true
	}
}

func TestUnknownNamespaceIsAnsweredAndTheSessionGoesOn(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	ws := h.websocket()
	ws.send("40/random,")
	ws.want(`44/random,{"message":"Invalid namespace"}`)
	ws.join()
	ws.send("40/random")
	ws.want(`44/random,{"message":"Invalid namespace"}`)
}

func TestRefusedConnectsInARowAreBounded(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	ws := h.websocket()
	for range 15 {
		ws.send("40/random,")
		ws.want(`44/random,{"message":"Invalid namespace"}`)
	}
	ws.send("40/random,")
	ws.want(`44/random,{"message":"Invalid namespace"}`)
	ws.wantClosed(-1)
}

func TestSecondConnectClosesTheSession(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	ws := h.member()
	ws.send("40")
	ws.wantClosed(-1)
}

// Two CONNECTs back to back must not make two sockets, however long the first
// takes.
func TestTwoConnectsAtOnceMakeOneSocket(t *testing.T) {
	release := make(chan struct{})
	var joined <-chan ending
	hooks := make(chan struct{}, 2)
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		n := srv.Namespace("/")
		n.OnConnect(func(context.Context, *socketio.Socket) error {
			hooks <- struct{}{}
			<-release
			return nil
		})
		joined = endings(n)
	})
	ws := h.websocket()
	ws.send("40", "40")
	receive(t, hooks)
	close(release)
	if got := ws.read(); !strings.HasPrefix(got, `40{"sid":`) {
		t.Errorf("%q", got)
	}
	ws.wantClosed(-1)
	receive(t, joined)
	if len(joined) != 0 || len(hooks) != 0 {
		t.Error("there was a second socket")
	}
}

func TestRefusalsReachTheClient(t *testing.T) {
	refusals := map[string]error{
		`44{"message":"token_invalid","data":{"code":"x"}}`: &socketio.ConnectError{Message: "token_invalid", Data: map[string]string{"code": "x"}},
		`44{"message":"plain"}`:                             fmt.Errorf("wrapped: %w", &socketio.ConnectError{Message: "plain"}),
		`44{"message":"internal error"}`:                    errors.New("pq: password of root is 1234"),
	}
	var refusal error
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		n := srv.Namespace("/")
		n.OnConnect(func(_ context.Context, s *socketio.Socket) error {
			must(s.Emit("never seen"))
			s.Join("room")
			return refusal
		})
		n.OnConnected(func(*socketio.Socket) { t.Error("connected") })
		n.OnDisconnect(func(*socketio.Socket, socketio.Reason) { t.Error("disconnected") })
	})
	for want, err := range refusals {
		refusal = err
		ws := h.websocket()
		ws.send("40")
		ws.want(want)
		if n := h.srv.Namespace("/"); n.Len("room") != 0 || n.Len("") != 0 {
			t.Error("a refused socket is in a room")
		}
	}
}

func TestWhatTheHookSendsFollowsTheReply(t *testing.T) {
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		n := srv.Namespace("/")
		n.OnConnect(func(_ context.Context, s *socketio.Socket) error {
			must(s.Emit("first"))
			s.Join("room")
			p, err := n.Encode("before the reply")
			must(err)
			n.Broadcast("room", p)
			return nil
		})
		n.OnConnected(func(s *socketio.Socket) {
			must(s.Emit("second"))
			p, err := n.Encode("third")
			must(err)
			n.Broadcast("room", p)
		})
	})
	ws := h.member()
	ws.want(`42["first"]`, `42["second"]`, `42["third"]`)
}

func TestHookIsBoundedAndEndsWithItsConnection(t *testing.T) {
	entered, left := make(chan struct{}, 1), make(chan error, 1)
	hook := func(srv *socketio.Server) {
		srv.Namespace("/").OnConnect(func(ctx context.Context, _ *socketio.Socket) error {
			entered <- struct{}{}
			<-ctx.Done()
			left <- ctx.Err()
			return &socketio.ConnectError{Message: "busy"}
		})
	}
	t.Run("time", func(t *testing.T) {
		h := start(t, socketio.Config{ConnectTimeout: 30 * time.Millisecond}, hook)
		ws := h.websocket()
		ws.send("40")
		ws.want(`44{"message":"busy"}`)
		receive(t, entered)
		if err := receive(t, left); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("connection", func(t *testing.T) {
		h := start(t, quick(), hook)
		p := h.poller()
		conn := p.pushInBackground("40")
		receive(t, entered)
		// Nobody polls, so the heartbeat ends the session.
		if err := receive(t, left); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := receive(t, conn); err != nil {
			t.Error(err)
		}
	})
}

// pushInBackground sends packets whose handler takes its time.
func (p *poller) pushInBackground(packets ...string) <-chan error {
	ctx, done := within(p.t), make(chan error, 1)
	go func() {
		_, err := p.do(ctx, "POST", p.query(), strings.Join(packets, "\x1e"))
		done <- err
	}()
	return done
}

func TestUnjoinedSessionIsClosed(t *testing.T) {
	h := start(t, socketio.Config{ConnectTimeout: 30 * time.Millisecond}, echo)
	ws := h.websocket()
	ws.wantClosed(1008)
	p := h.poller()
	eventually(t, "both are closed", func() bool { return h.srv.Stats().Closed[socketio.ReasonConnectTimeout] == 2 })
	wantReply(t, p.poll(), 400, `{"code":1,"message":"Session ID unknown"}`)
}

func TestSessionWithoutNamespacesLivesOnAndIsClosedWhenIdle(t *testing.T) {
	h := start(t, socketio.Config{ConnectTimeout: 60 * time.Millisecond}, echo)
	ws := h.member()
	ws.send("41")
	ws.join()
	ws.send("41")
	ws.wantClosed(1008)
}

func TestPacketsThatCrossAServersDisconnectAreIgnored(t *testing.T) {
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		echo(srv)
		srv.Namespace("/other").OnEvent("kick", func(s *socketio.Socket, _ *socketio.Event) { s.Disconnect() })
	})
	ws := h.member()
	ws.send("40/other")
	ws.read()
	ws.send(`42/other,["kick"]`, `42/other,["late"]`, `43/other,0[]`, `41/other,`)
	ws.want("41/other,")
	ws.send(`42["echo",1]`)
	ws.want(`42["echo",1]`)
	ws.send("40/other")
	if got := ws.read(); !strings.HasPrefix(got, `40/other,{"sid":`) {
		t.Errorf("%q", got)
	}
}

func TestDisconnectInsideOfTheHookRefuses(t *testing.T) {
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		srv.Namespace("/").OnConnect(func(_ context.Context, s *socketio.Socket) error {
			s.Disconnect()
			return nil
		})
	})
	ws := h.websocket()
	ws.send("40")
	ws.want(`44{"message":"internal error"}`)
}

func TestNamespaceNamesAreChecked(t *testing.T) {
	srv, err := socketio.New(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(srv.Shutdown(t.Context(), 0)) }()
	if first := srv.Namespace("/a"); srv.Namespace("/a") != first {
		t.Error("registered twice")
	}
	for _, name := range []string{"", "a", "/a,b", "/a b", "/\x01", "/" + strings.Repeat("a", 128)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was accepted", name)
				}
			}()
			srv.Namespace(name)
		}()
	}
}

// What a handler's panic ends is one connection.
func TestPanicEndsOneConnection(t *testing.T) {
	var ended <-chan ending
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		echo(srv)
		srv.Namespace("/").OnEvent("panic", func(*socketio.Socket, *socketio.Event) { panic("on purpose") })
		ended = endings(srv.Namespace("/"))
	})
	a, b := h.member(), h.member()
	a.send(`42["panic"]`)
	a.wantClosed(1011)
	if e := receive(t, ended); e.reason != socketio.ReasonServerError {
		t.Error(e.reason)
	}
	b.send(`42["echo",1]`)
	b.want(`42["echo",1]`)
}
