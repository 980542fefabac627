package socketio_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

// Section "endings": what the client gets and what the application is told.
func TestEndings(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(t *testing.T, h *harness, ws *socket, s *socketio.Socket)
		reason socketio.Reason
	}{
		"socket.disconnect()": {func(t *testing.T, _ *harness, ws *socket, s *socketio.Socket) {
			must(s.Emit("last"))
			s.Disconnect()
			s.Disconnect()
			ws.want(`42["last"]`, "41")
			ws.send("40") // the session lives on
			if got := ws.read(); !strings.HasPrefix(got, "40{") {
				t.Errorf("%q", got)
			}
		}, socketio.ReasonServerDisconnect},
		"Close": {func(_ *testing.T, _ *harness, ws *socket, s *socketio.Socket) {
			must(s.Emit("last"))
			s.Close()
			ws.want(`42["last"]`)
			ws.wantClosed(websocket.StatusNormalClosure)
		}, socketio.ReasonForcedClose},
		"shutdown": {func(t *testing.T, h *harness, ws *socket, s *socketio.Socket) {
			must(s.Emit("last"))
			stopped := make(chan error, 1)
			go func() { stopped <- h.srv.Shutdown(t.Context(), 0) }()
			ws.want(`42["last"]`)
			ws.wantClosed(websocket.StatusServiceRestart)
			if err := receive(t, stopped); err != nil {
				t.Error(err)
			}
		}, socketio.ReasonShutdown},
		"client's disconnect()": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("41")
			must(ws.conn.Close(websocket.StatusNormalClosure, ""))
		}, socketio.ReasonClientDisconnect},
		"client closes its WebSocket": {func(t *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			if err := ws.conn.Close(websocket.StatusGoingAway, "bye"); err != nil {
				t.Error("close handshake:", err)
			}
		}, socketio.ReasonTransportClose},
		"Engine.IO close packet": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("1")
			ws.wantClosed(websocket.StatusNormalClosure)
		}, socketio.ReasonTransportClose},
		"network loss": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			must(ws.conn.CloseNow())
		}, socketio.ReasonTransportClose},
		"no pong": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.wantClosed(websocket.StatusGoingAway)
		}, socketio.ReasonPingTimeout},
		"ping in the wrong direction": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("2")
			ws.wantClosed(-1)
		}, socketio.ReasonTransportError},
		"unknown packet": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("abc")
			ws.wantClosed(websocket.StatusPolicyViolation)
		}, socketio.ReasonParseError},
		"empty frame": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("")
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"event that is an object": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("42{}")
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"letters in an event": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send(`42abc["x"]`)
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"event of a namespace not joined": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send(`42/foreign,["x"]`)
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"attachment of nothing": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.sendBinary([]byte("x"))
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"text between attachments": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send(`451-["x",{"_placeholder":true,"num":0}]`, `42["echo"]`)
			ws.wantClosed(-1)
		}, socketio.ReasonParseError},
		"invalid UTF-8": {func(_ *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			ws.send("42[\"\xff\"]")
			ws.wantClosed(websocket.StatusInvalidFramePayloadData)
		}, socketio.ReasonParseError},
		"message too big": {func(t *testing.T, _ *harness, ws *socket, _ *socketio.Socket) {
			// It may be cut off while it is still being written.
			_ = ws.conn.Write(within(t), websocket.MessageText, []byte("4"+strings.Repeat("x", 1_000_000)))
			ws.wantClosed(websocket.StatusMessageTooBig)
		}, socketio.ReasonParseError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sockets := make(chan *socketio.Socket, 2)
			var ended <-chan ending
			h := start(t, quick(), func(srv *socketio.Server) {
				n := srv.Namespace("/")
				n.OnConnected(func(s *socketio.Socket) {
					s.Join("room")
					sockets <- s
				})
				ended = endings(n)
			})
			ws := h.member()
			s := receive(t, sockets)
			ctx := s.Context()
			c.end(t, h, ws, s)
			e := receive(t, ended)
			if e.socket != s || e.reason != c.reason {
				t.Errorf("reason %q, want %q", e.reason, c.reason)
			}
			if ctx.Err() == nil || s.Context().Err() == nil {
				t.Error("the context lives on")
			}
			if err := s.Emit("x"); !errors.Is(err, socketio.ErrDisconnected) {
				t.Errorf("emit: %v", err)
			}
			s.Join("room")
			if n := h.srv.Namespace("/").Len("room"); n > 1 || n == 1 && name != "socket.disconnect()" {
				t.Errorf("%d in the room", n)
			}
		})
	}
}

func TestReservedEventNamesCloseTheSession(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		ws := h.member()
		ws.send(`42["` + name + `"]`)
		ws.wantClosed(-1)
	}
}

func TestDisconnectPacketHasNoReply(t *testing.T) {
	h := start(t, quick(), echo)
	ws := h.member()
	ws.send("41")
	if got, err := ws.next(); err != nil || got != "2" {
		t.Errorf("%q %v, want the next ping", got, err)
	}
}

func TestPingsComeOnTimeAndKeepTheSession(t *testing.T) {
	h := start(t, quick(), echo)
	ws := h.websocket()
	ws.join()
	begin := time.Now()
	for i := range 4 {
		if got, err := ws.next(); err != nil || got != "2" {
			t.Fatalf("%q %v", got, err)
		}
		if i == 0 {
			begin = time.Now()
		}
		ws.send("3")
	}
	if took := time.Since(begin); took < 800*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("3 intervals of 300 ms took %v", took)
	}
}

func TestBusyConnectionGetsItsPings(t *testing.T) {
	h := start(t, quick(), echo)
	ws := h.member()
	for pings := 0; pings < 2; {
		ws.send(`42["echo"]`)
		for {
			got, err := ws.next()
			if err != nil {
				t.Fatal(err)
			}
			if got == "2" {
				pings++
				ws.send("3")
				continue
			}
			break
		}
	}
}

func TestAnyPacketExtendsThePongsDeadlineOnce(t *testing.T) {
	h := start(t, quick(), echo)
	ws := h.member()
	if got, err := ws.next(); err != nil || got != "2" {
		t.Fatalf("%q %v", got, err)
	}
	begin := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := ws.conn.Write(ctx, websocket.MessageText, []byte("6"))
		cancel()
		if err != nil {
			break
		}
		<-tick.C
		if h.srv.Stats().WebSocket == 0 {
			break
		}
	}
	if took := time.Since(begin); took < 200*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("lived for %v without a pong", took)
	}
}

func TestUnsolicitedPongsChangeNothing(t *testing.T) {
	h := start(t, quick(), echo)
	ws := h.member()
	for range 50 {
		ws.send("3")
	}
	begin := time.Now()
	ws.wantClosed(websocket.StatusGoingAway)
	if took := time.Since(begin); took > 700*time.Millisecond {
		t.Errorf("closed after %v", took)
	}
}

func TestPollAtTheDeadlineFindsTheSessionGone(t *testing.T) {
	h := start(t, echoEngine(quick()), nil)
	p := h.poller()
	<-time.After(500 * time.Millisecond)
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
}

func TestPollIsAnsweredByPing(t *testing.T) {
	h := start(t, echoEngine(quick()), nil)
	p := h.poller()
	wantReply(t, p.poll(), http.StatusOK, "2")
	wantReply(t, p.push("3"), http.StatusOK, "ok")
	wantReply(t, p.poll(), http.StatusOK, "2")
	parked := p.parked()
	wantReply(t, receive(t, parked), http.StatusOK, "1")
}

func TestShutdownSpreadsItsClosesAndServesUntilThen(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	var all []*socket
	for range 5 {
		all = append(all, h.member())
	}
	stopped := make(chan error, 1)
	begin := time.Now()
	go func() { stopped <- h.srv.Shutdown(t.Context(), 500*time.Millisecond) }()
	eventually(t, "new sessions are refused", func() bool {
		return h.request("GET", "EIO=4&transport=polling", "").status == http.StatusServiceUnavailable
	})
	served, closed := 0, make(map[*socket]bool)
	for len(closed) < len(all) {
		for _, ws := range all {
			if closed[ws] {
				continue
			}
			if err := ws.conn.Write(within(t), websocket.MessageText, []byte(`42["echo",1]`)); err != nil {
				closed[ws] = true
				continue
			}
			got, err := ws.next()
			if err != nil {
				if websocket.CloseStatus(err) != websocket.StatusServiceRestart {
					t.Errorf("closed with %v", err)
				}
				closed[ws] = true
				continue
			}
			if got != `42["echo",1]` {
				t.Errorf("%q", got)
			}
			served++
		}
	}
	if err := receive(t, stopped); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < 350*time.Millisecond || served < 5 {
		t.Errorf("took %v and served %d", took, served)
	}
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	var ended <-chan ending
	h := start(t, socketio.Config{}, func(srv *socketio.Server) {
		echo(srv)
		ended = endings(srv.Namespace("/"))
	})
	ws := h.member()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	second := h.member()
	if err := h.srv.Shutdown(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ws.wantClosed(websocket.StatusServiceRestart)
	second.wantClosed(websocket.StatusServiceRestart)
	for range 2 {
		if e := receive(t, ended); e.reason != socketio.ReasonShutdown {
			t.Error(e.reason)
		}
	}
}

func TestShutdownAnswersAParkedPoll(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	parked := p.parked()
	must(h.srv.Shutdown(t.Context(), 0))
	wantReply(t, receive(t, parked), http.StatusOK, "1")
}

func TestEngineTellsOpenAndClose(t *testing.T) {
	events := make(chan string, 8)
	cfg := socketio.Config{Engine: &socketio.Engine{
		OnOpen: func(c *socketio.Conn) {
			c.SetData(c.Handshake().Query.Get("who"))
			must(c.Send([]byte("welcome"), false))
			events <- "open"
		},
		OnMessage: func(c *socketio.Conn, data []byte, binary bool) {
			if !binary && string(data) == "panic" {
				panic("on purpose")
			}
			events <- c.Data().(string) + ":" + string(data)
		},
		OnClose: func(c *socketio.Conn, reason socketio.Reason) {
			if c.Send([]byte("x"), true) == nil {
				events <- "sent after the end"
			}
			events <- string(reason)
		},
	}}
	h := start(t, cfg, nil)
	ws := h.dial("EIO=4&transport=websocket&who=me")
	parseOpen(t, ws.read())
	ws.want("4welcome")
	ws.send("4hello", "4panic")
	ws.wantClosed(1011)
	for _, want := range []string{"open", "me:hello", string(socketio.ReasonServerError)} {
		if got := receive(t, events); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
