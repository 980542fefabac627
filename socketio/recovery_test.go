package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

// identity is the CONNECT reply of a server with recovery.
type identity struct{ SID, PID string }

// connect sends a CONNECT and returns what came before the reply, and it.
func (s *socket) connect(auth string) (missed []string, id identity) {
	s.t.Helper()
	s.send("40" + auth)
	for {
		got := s.read()
		if rest, ok := strings.CutPrefix(got, "40"); ok {
			if json.Unmarshal([]byte(rest), &id) != nil || id.SID == "" || id.PID == "" || id.SID == id.PID {
				s.t.Fatalf("reply %q", got)
			}
			return missed, id
		}
		missed = append(missed, got)
	}
}

func (i identity) auth(offset string) string {
	if offset == "" {
		return fmt.Sprintf(`{"pid":%q}`, i.PID)
	}
	return fmt.Sprintf(`{"pid":%q,"offset":%q}`, i.PID, offset)
}

func (s *socket) wantMissed(missed []string, want ...string) {
	s.t.Helper()
	if strings.Join(missed, " ") != strings.Join(want, " ") {
		s.t.Errorf("missed %q, want %q", missed, want)
	}
}

// lost waits until the server has noticed that a connection is gone.
func (u *hub) lost(ws *socket) {
	u.t.Helper()
	must(ws.conn.CloseNow())
	receive(u.t, u.ended)
}

func recovering() socketio.Config { return socketio.Config{Recovery: &socketio.Recovery{}} }

func TestEventsCarryTheirOffset(t *testing.T) {
	u := newHub(t, recovering())
	ws := u.websocket()
	ws.connect("")
	s := receive(t, u.sockets)
	s.Join("room")
	must(s.Emit("a"))
	u.n.Broadcast("room", u.packet("b", 1))
	must(s.SendVolatile(u.packet("volatile", "text")))
	must(s.Emit("c", socketio.Binary("x")))
	ws.want(`42["a","1"]`, `42["b",1,"2"]`, `42["volatile","text","2"]`, `451-["c",{"_placeholder":true,"num":0},"3"]`, "b:x")
	go func() { _, _ = s.EmitWithAck(s.Context(), "question", "text") }()
	ws.want(`420["question","text"]`)
}

func TestClientThatComesBackGetsExactlyWhatItMissed(t *testing.T) {
	u := newHub(t, recovering())
	ws := u.websocket()
	_, id := ws.connect("")
	s := receive(t, u.sockets)
	other := u.websocket()
	other.connect("")
	stranger := receive(t, u.sockets)
	s.SetData("data")
	u.n.Broadcast("room", u.packet("before the join"))
	s.Join("room")
	must(s.Emit("seen"))
	ws.want(`42["seen","2"]`)
	u.n.Broadcast("room", u.packet("unseen"))
	must(stranger.Emit("private"))
	u.lost(ws)
	u.n.Broadcast("room", u.packet("away"))
	u.n.Broadcast("elsewhere", u.packet("no"))
	u.n.Broadcast("", u.packet("all", socketio.Binary("x")))

	ws = u.websocket()
	missed, again := ws.connect(id.auth("2"))
	if again != id {
		t.Errorf("%+v, want %+v", again, id)
	}
	ws.wantMissed(missed, `42["unseen","3"]`, `42["away","5"]`, `451-["all",{"_placeholder":true,"num":0},"7"]`, "b:x")
	s = receive(t, u.sockets)
	if !s.Recovered() || s.ID() != id.SID || s.Data() != "data" || u.n.Len("room") != 1 || u.n.Len("") != 2 {
		t.Errorf("recovered %v, data %v, %d in the room, %d in all", s.Recovered(), s.Data(), u.n.Len("room"), u.n.Len(""))
	}
	u.n.Broadcast("room", u.packet("live"))
	ws.want(`42["live","8"]`)
}

func TestClientWithoutOffsetGetsEverythingSinceItsJoin(t *testing.T) {
	u := newHub(t, recovering())
	u.n.Broadcast("", u.packet("too early"))
	ws := u.websocket()
	_, id := ws.connect("")
	receive(t, u.sockets)
	u.lost(ws)
	u.n.Broadcast("", u.packet("first"))
	ws = u.websocket()
	missed, again := ws.connect(id.auth(""))
	ws.wantMissed(missed, `42["first","2"]`)
	if again != id {
		t.Error("not recovered")
	}
}

// A connection that has not noticed its loss must not stand in the way.
func TestOldConnectionIsEndedBeforeItsClientComesBack(t *testing.T) {
	u := newHub(t, recovering())
	old := u.websocket()
	_, id := old.connect("")
	s := receive(t, u.sockets)
	s.Join("room")
	ws := u.websocket()
	_, again := ws.connect(id.auth(""))
	if again != id {
		t.Error("not recovered")
	}
	if e := receive(t, u.ended); e.socket != s || e.reason != socketio.ReasonTransportClose {
		t.Errorf("%+v", e)
	}
	old.wantClosed(websocket.StatusNormalClosure)
	receive(t, u.sockets)
	if u.n.Len("room") != 1 {
		t.Errorf("%d in the room", u.n.Len("room"))
	}
}

func TestWhatCannotBeRecoveredConnectsAnew(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    socketio.Recovery
		lose   func(u *hub, ws *socket)
		offset string
	}{
		"used twice": {socketio.Recovery{}, func(*hub, *socket) {}, "taken"},
		"too many missed": {socketio.Recovery{MaxPackets: 2}, func(u *hub, ws *socket) {
			u.lost(ws)
			for range 3 {
				u.n.Broadcast("", u.packet("x"))
			}
		}, ""},
		"too much missed": {socketio.Recovery{MaxBytes: 1000}, func(u *hub, ws *socket) {
			u.lost(ws)
			for range 3 {
				u.n.Broadcast("", u.packet("x", strings.Repeat("y", 400)))
			}
		}, ""},
		"too late": {socketio.Recovery{MaxAge: time.Nanosecond}, func(u *hub, ws *socket) { u.lost(ws) }, ""},
		"client's disconnect": {socketio.Recovery{}, func(u *hub, ws *socket) {
			ws.send("41")
			receive(u.t, u.ended)
		}, ""},
		"parse error": {socketio.Recovery{}, func(u *hub, ws *socket) {
			ws.send("nonsense")
			receive(u.t, u.ended)
		}, ""},
		"odd offset":           {socketio.Recovery{}, func(u *hub, ws *socket) { u.lost(ws) }, "odd"},
		"offset of the future": {socketio.Recovery{}, func(u *hub, ws *socket) { u.lost(ws) }, "99"},
		"negative offset":      {socketio.Recovery{}, func(u *hub, ws *socket) { u.lost(ws) }, "-1"},
		"pushed out": {socketio.Recovery{MaxSockets: 1}, func(u *hub, ws *socket) {
			u.lost(ws)
			other := u.websocket()
			other.connect("")
			<-u.sockets
			u.lost(other)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newHub(t, socketio.Config{Recovery: &c.cfg})
			ws := u.websocket()
			_, id := ws.connect("")
			receive(t, u.sockets)
			if c.offset == "taken" {
				u.lost(ws)
				owner := u.websocket()
				if _, again := owner.connect(id.auth("")); again != id {
					t.Fatal("not recovered")
				}
				receive(t, u.sockets)
				owner.send("41")
				receive(t, u.ended)
				c.offset = ""
			}
			c.lose(u, ws)
			ws = u.websocket()
			missed, again := ws.connect(id.auth(c.offset))
			if len(missed) != 0 || again.SID == id.SID || again.PID == id.PID {
				t.Errorf("missed %q, %+v after %+v", missed, again, id)
			}
			if receive(t, u.sockets).Recovered() {
				t.Error("recovered")
			}
		})
	}
}

func TestStrangersPidIsNotRecovered(t *testing.T) {
	u := newHub(t, recovering())
	for _, auth := range []string{`{"pid":"guess","offset":"1"}`, `{"pid":7}`, `{"pid":""}`, `{"offset":"1"}`} {
		ws := u.websocket()
		ws.connect(auth)
		if receive(t, u.sockets).Recovered() {
			t.Errorf("%s was recovered", auth)
		}
	}
}

func TestHookIsAskedWhenAClientComesBack(t *testing.T) {
	banned := make(chan bool, 2)
	u := &hub{sockets: make(chan *socketio.Socket, 4)}
	u.harness = start(t, recovering(), func(srv *socketio.Server) {
		u.register(srv)
		u.n.OnConnect(func(context.Context, *socketio.Socket) error {
			if <-banned {
				return &socketio.ConnectError{Message: "banned"}
			}
			return nil
		})
	})
	banned <- false
	ws := u.websocket()
	_, id := ws.connect("")
	receive(t, u.sockets)
	u.lost(ws)
	banned <- true
	ws = u.websocket()
	ws.send("40" + id.auth(""))
	ws.want(`44{"message":"banned"}`)
}

func TestUnmodifiedClientRecovers(t *testing.T) {
	u := newHub(t, socketio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, Recovery: &socketio.Recovery{}})
	p := newProxy(t, strings.TrimPrefix(u.base, "http://"))
	lines, answer, wait := node(t, "recovery.js", "http://"+p.addr)
	s := receive(t, u.sockets)
	s.Join("room")
	must(s.Emit("first", 1))
	for lines.Scan() {
		switch lines.Text() {
		case `{"ask":"cut"}`:
			p.setCut(true)
			receive(t, u.ended)
			for i := range 3 {
				u.n.Broadcast("room", u.packet("missed", i))
			}
		case `{"ask":"mend"}`:
			p.setCut(false)
		default:
			t.Errorf("client says %q", lines.Text())
		}
		_, err := answer.Write([]byte("done\n"))
		must(err)
	}
	if err := wait(); err != nil {
		t.Fatalf("client: %v", err)
	}
	if back := receive(t, u.sockets); !back.Recovered() || back.ID() != s.ID() {
		t.Error("not recovered")
	}
}
