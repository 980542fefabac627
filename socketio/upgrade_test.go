package socketio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

// probe opens a WebSocket for the poller's session and probes.
func (p *poller) probe() *socket {
	p.t.Helper()
	ws := p.dial("EIO=4&transport=websocket&sid=" + p.sid)
	ws.send("2probe")
	ws.want("3probe")
	return ws
}

func TestUpgradeLosesNothing(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	parked := p.parked()
	ws := p.probe()
	wantReply(t, receive(t, parked), http.StatusOK, "6")
	wantReply(t, p.poll(), http.StatusOK, "6") // the poll that was on its way

	wantReply(t, p.push("4during", "4probe"), http.StatusOK, "ok")
	ws.send("2probe")
	ws.want("3probe")
	wantReply(t, p.poll(), http.StatusOK, "4during\x1e4probe")
	wantReply(t, p.push("4queued"), http.StatusOK, "ok")

	ws.send("5", "4after")
	ws.want("4queued", "4after")
	for _, r := range []reply{p.poll(), p.push("4x")} {
		wantReply(t, r, http.StatusBadRequest, `{"code":3,"message":"Bad request"}`)
	}
	if st := h.srv.Stats(); st.Polling != 0 || st.WebSocket != 1 || st.Opened != 1 {
		t.Errorf("%+v", st)
	}
}

func TestUpgradeReleasesAPollThatWaitsAtItsEnd(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	ws := p.dial("EIO=4&transport=websocket&sid=" + p.sid)
	parked := p.parked()
	ws.send("5") // without a probe, as the reference accepts it
	wantReply(t, receive(t, parked), http.StatusOK, "6")
	ws.send("4x")
	ws.want("4x")
}

func TestFailedUpgradeLeavesThePollingSessionAlone(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  socketio.Config
		fail func(ws *socket)
	}{
		"something else":   {socketio.Config{}, func(ws *socket) { ws.send("4x") }},
		"probe of another": {socketio.Config{}, func(ws *socket) { ws.send("2prob") }},
		"binary":           {socketio.Config{}, func(ws *socket) { ws.sendBinary([]byte("x")) }},
		"too long":         {socketio.Config{}, func(ws *socket) { ws.send("2probe", "4") }},
		"timeout":          {socketio.Config{UpgradeTimeout: 30 * time.Millisecond}, func(ws *socket) { ws.send("2probe"); ws.want("3probe") }},
		"connection dies":  {socketio.Config{}, func(ws *socket) { _ = ws.conn.CloseNow() }},
		"connection closes": {socketio.Config{}, func(ws *socket) {
			_ = ws.conn.Close(websocket.StatusNormalClosure, "")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, echoEngine(c.cfg), nil)
			p := h.poller()
			ws := p.dial("EIO=4&transport=websocket&sid=" + p.sid)
			c.fail(ws)
			if !strings.HasPrefix(name, "connection") {
				for {
					if _, err := ws.next(); err != nil {
						break
					}
				}
			}
			eventually(t, "the probe is forgotten", func() bool { return !h.srv.Probing(p.sid) })
			parked := p.parked()
			wantReply(t, p.push("4still here"), http.StatusOK, "ok")
			wantReply(t, receive(t, parked), http.StatusOK, "4still here")

			ws = p.probe()
			ws.send("5", "4second try")
			ws.want("4second try")
		})
	}
}

func TestFurtherWebSocketOpensAndCloses(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	ws := p.probe()
	p.dial("EIO=4&transport=websocket&sid=" + p.sid).wantClosed(websocket.StatusNormalClosure)
	ws.send("5", "4one")
	ws.want("4one")
	p.dial("EIO=4&transport=websocket&sid=" + p.sid).wantClosed(websocket.StatusNormalClosure)
	ws.send("4two")
	ws.want("4two")
}

func TestStrippedUpgradeConsumesNothing(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	p.push("4kept")
	wantReply(t, h.request("GET", "EIO=4&transport=websocket&sid="+p.sid, ""), http.StatusBadRequest, `{"code":3,"message":"Bad request"}`)
	wantReply(t, p.poll(), http.StatusOK, "4kept")
}

func TestHeartbeatGoesOnThroughTheUpgrade(t *testing.T) {
	h := start(t, echoEngine(quick()), nil)
	p := h.poller()
	ws := p.probe()
	wantReply(t, p.poll(), http.StatusOK, "6")
	ws.send("5")
	for range 3 {
		if got, err := ws.next(); err != nil || got != "2" {
			t.Fatalf("%q %v", got, err)
		}
		ws.send("3")
	}
}

func TestSessionsEndClosesItsProbe(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	ws := p.probe()
	p.push("1")
	ws.wantClosed(-1)
}

func TestWebSocketPingDuringTheProbeIsAnswered(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	ws := p.probe()
	read := ws.conn.CloseRead(within(t))
	if err := ws.conn.Ping(within(t)); err != nil {
		t.Error(err, read.Err())
	}
}
