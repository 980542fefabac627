package socketio_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

func TestInboundRateIsLimited(t *testing.T) {
	u := newHub(t, socketio.Config{InboundRate: 0.001, InboundBurst: 5})
	ws, _ := u.pair() // the CONNECT is the first
	ws.send(`42["a"]`, "3", "6", `42["b"]`)
	ws.send(`42["c"]`)
	ws.wantClosed(websocket.StatusPolicyViolation)
	if e := receive(t, u.ended); e.reason != socketio.ReasonRateLimit {
		t.Error(e.reason)
	}
}

func TestWebSocketPingsCountAsPackets(t *testing.T) {
	h := start(t, socketio.Config{InboundRate: 0.001, InboundBurst: 3}, echo)
	ws := h.websocket()
	read := ws.conn.CloseRead(within(t))
	for range 3 {
		if err := ws.conn.Ping(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if ws.conn.Ping(within(t)) == nil {
		t.Error("a fourth ping was answered")
	}
	<-read.Done()
}

func TestHandshakesOfOneAddressAreLimited(t *testing.T) {
	cfg := socketio.Config{
		HandshakeRate: 0.001, HandshakeBurst: 2,
		ClientIP: func(r *http.Request) string { return r.Header.Get("X-Address") },
	}
	h := start(t, cfg, echo)
	for i, want := range []int{200, 200, 429} {
		if r := h.request("GET", "EIO=4&transport=polling", "", "X-Address", "one"); r.status != want {
			t.Errorf("handshake %d: %d, want %d", i, r.status, want)
		}
	}
	if r := h.request("GET", "EIO=4&transport=polling", "", "X-Address", "two"); r.status != 200 {
		t.Errorf("another address: %d", r.status)
	}
}

func TestUnjoinedSessionsOfOneAddressAreLimited(t *testing.T) {
	h := start(t, socketio.Config{MaxUnjoinedPerIP: 2}, echo)
	a, b := h.poller(), h.websocket()
	r := h.request("GET", "EIO=4&transport=polling", "")
	wantReply(t, r, http.StatusTooManyRequests, `{"code":4,"message":"Too many sessions"}`)
	if _, err := h.tryDial("EIO=4&transport=websocket"); err == nil {
		t.Error("a third was opened")
	}
	a.join() // makes room for one
	c := h.poller()
	if r := h.request("GET", "EIO=4&transport=polling", ""); r.status != http.StatusTooManyRequests {
		t.Errorf("%d", r.status)
	}
	wantReply(t, c.push("1"), http.StatusOK, "ok") // so does an end
	h.poller()
	b.join()
	h.poller()
}

func TestSessionsAreLimited(t *testing.T) {
	h := start(t, socketio.Config{MaxSessions: 2}, echo)
	a := h.poller()
	h.websocket()
	wantReply(t, h.request("GET", "EIO=4&transport=polling", ""), http.StatusServiceUnavailable, `{"code":4,"message":"Server is full"}`)
	wantReply(t, a.push("1"), http.StatusOK, "ok")
	h.poller()
}

func TestAttachmentsAreBounded(t *testing.T) {
	event := func(n int) string {
		holes := make([]string, n)
		for i := range holes {
			holes[i] = fmt.Sprintf(`{"_placeholder":true,"num":%d}`, i)
		}
		return fmt.Sprintf(`45%d-["x",%s]`, n, strings.Join(holes, ","))
	}
	t.Run("number", func(t *testing.T) {
		h := start(t, socketio.Config{MaxAttachments: 3}, echo)
		ws := h.member()
		ws.send(event(4))
		ws.wantClosed(-1)
	})
	t.Run("total", func(t *testing.T) {
		h := start(t, socketio.Config{MaxPayload: 1000}, echo)
		ws := h.member()
		ws.send(event(3))
		for range 3 {
			if ws.conn.Write(within(t), websocket.MessageBinary, make([]byte, 700)) != nil {
				break
			}
		}
		ws.wantClosed(-1)
	})
	t.Run("time", func(t *testing.T) {
		u := newHub(t, socketio.Config{ReadTimeout: 30 * time.Millisecond})
		ws, _ := u.pair()
		ws.send(event(2))
		ws.sendBinary([]byte("one"))
		ws.wantClosed(websocket.StatusPolicyViolation)
		if e := receive(t, u.ended); e.reason != socketio.ReasonParseError {
			t.Error(e.reason)
		}
	})
}

func TestPayloadOfTheLargestSizeIsTaken(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{MaxPayload: 1000}), nil)
	ws := h.websocket()
	text := "4" + strings.Repeat("x", 999)
	ws.send(text)
	ws.want(text)
	ws.sendBinary(make([]byte, 1000))
	if got := ws.read(); len(got) != 1002 {
		t.Errorf("%d bytes", len(got))
	}
	p := h.poller()
	wantReply(t, p.push(text), http.StatusOK, "ok")
	wantReply(t, p.poll(), http.StatusOK, text)
}

func TestMostPacketsOfAPostAreTaken(t *testing.T) {
	h := start(t, socketio.Config{}, echo)
	p := h.poller()
	wantReply(t, p.push(append([]string{"40"}, strings.Split(strings.Repeat("3", 255), "")...)...), http.StatusOK, "ok")
}

// One large packet is no reason to close a peer, whatever the limit.
func TestSinglePacketOverTheQueueLimitIsSent(t *testing.T) {
	u := newHub(t, socketio.Config{MaxQueueBytes: 1000})
	ws, s := u.pair()
	big := strings.Repeat("x", 500_000)
	must(s.Emit("big", big))
	ws.want(`42["big","` + big + `"]`)
	p := u.poller()
	p.join()
	must(receive(t, u.sockets).Emit("big", big))
	if got := p.poll(); got.status != 200 || len(got.body) != len(big)+12 {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
}
