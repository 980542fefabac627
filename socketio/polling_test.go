package socketio_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"maska/socketio"
)

// echoEngine is an Engine.IO server that sends everything back.
func echoEngine(cfg socketio.Config) socketio.Config {
	cfg.Engine = &socketio.Engine{OnMessage: func(c *socketio.Conn, data []byte, binary bool) { must(c.Send(data, binary)) }}
	return cfg
}

// parked is a poll that waits for its answer.
func (p *poller) parked() <-chan reply {
	ctx := within(p.t)
	ch := make(chan reply, 1)
	sent := make(chan struct{})
	go func() {
		close(sent)
		r, err := p.do(ctx, "GET", p.query(), "")
		if err != nil {
			r.body = err.Error()
		}
		ch <- r
	}()
	<-sent
	eventually(p.t, "the poll is parked", func() bool { return p.srv.Parked(p.sid) })
	return ch
}

func TestPacketsOfOnePostComeBackInOnePoll(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	r := p.push("4a", "4b", "4c")
	wantReply(t, r, http.StatusOK, "ok")
	if got := r.header.Get("Content-Type"); got != "text/html" {
		t.Errorf("Content-Type %q", got)
	}
	r = p.poll()
	wantReply(t, r, http.StatusOK, "4a\x1e4b\x1e4c")
	if got := r.header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
		t.Errorf("Content-Type %q", got)
	}
	if got := r.header.Get("Content-Length"); got != "8" {
		t.Errorf("Content-Length %q", got)
	}
}

func TestPollWaitsForData(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	parked := p.parked()
	p.push("4late")
	wantReply(t, receive(t, parked), http.StatusOK, "4late")
}

func TestBinaryTravelsAsBase64InPolling(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	for _, data := range []string{"", "a", "ab", "abc", "\x00\x1e\xff"} {
		packet := "b" + base64.StdEncoding.EncodeToString([]byte(data))
		wantReply(t, p.push(packet), http.StatusOK, "ok")
		wantReply(t, p.poll(), http.StatusOK, packet)
	}
}

// Whatever ends a session, its next request finds it unknown.
func TestWhatEndsAPollingSession(t *testing.T) {
	for name, c := range map[string]struct {
		act    func(t *testing.T, p *poller) reply
		status int
		parked string // what a waiting poll gets
		reason socketio.Reason
	}{
		"close packet":     {func(_ *testing.T, p *poller) reply { return p.push("1") }, 200, "6", socketio.ReasonTransportClose},
		"empty packet":     {func(_ *testing.T, p *poller) reply { return p.push("") }, 400, "1", socketio.ReasonParseError},
		"unknown type":     {func(_ *testing.T, p *poller) reply { return p.push("7") }, 400, "1", socketio.ReasonParseError},
		"letter":           {func(_ *testing.T, p *poller) reply { return p.push("abc") }, 400, "1", socketio.ReasonParseError},
		"trailing RS":      {func(_ *testing.T, p *poller) reply { return p.push("4a", "") }, 400, "", socketio.ReasonParseError},
		"leading RS":       {func(_ *testing.T, p *poller) reply { return p.push("", "4a") }, 400, "1", socketio.ReasonParseError},
		"ping":             {func(_ *testing.T, p *poller) reply { return p.push("2") }, 400, "1", socketio.ReasonTransportError},
		"bad base64":       {func(_ *testing.T, p *poller) reply { return p.push("bAA*=") }, 400, "1", socketio.ReasonParseError},
		"unpadded base64":  {func(_ *testing.T, p *poller) reply { return p.push("bAA") }, 400, "1", socketio.ReasonParseError},
		"split base64":     {func(_ *testing.T, p *poller) reply { return p.push("bAA\n==") }, 400, "1", socketio.ReasonParseError},
		"not UTF-8":        {func(_ *testing.T, p *poller) reply { return p.push("4\xff") }, 400, "1", socketio.ReasonParseError},
		"too many packets": {func(_ *testing.T, p *poller) reply { return p.push(strings.Split(strings.Repeat("3", 257), "")...) }, 400, "1", socketio.ReasonParseError},
		"octets": {func(_ *testing.T, p *poller) reply {
			return p.request("POST", p.query(), "4a", "Content-Type", "application/octet-stream")
		}, 400, "1", socketio.ReasonTransportError},
		"too long": {func(_ *testing.T, p *poller) reply {
			return p.push("4" + strings.Repeat("x", 1_000_000))
		}, 413, "1", socketio.ReasonTransportError},
		"too long, chunked": {func(t *testing.T, p *poller) reply {
			body := struct{ *bytes.Reader }{bytes.NewReader(bytes.Repeat([]byte("4"), 1_000_001))}
			req, err := http.NewRequestWithContext(within(t), "POST", p.base+"/socket.io/?"+p.query(), body)
			must(err)
			res, err := http.DefaultClient.Do(req)
			must(err)
			must(res.Body.Close())
			return reply{status: res.StatusCode}
		}, 413, "1", socketio.ReasonTransportError},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, echoEngine(socketio.Config{}), nil)
			p := h.poller()
			parked := p.parked()
			if r := c.act(t, p); r.status != c.status {
				t.Errorf("status %d %q, want %d", r.status, r.body, c.status)
			}
			if r := receive(t, parked); c.parked != "" {
				wantReply(t, r, http.StatusOK, c.parked)
			}
			wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
			if got := h.srv.Stats(); got.Closed[c.reason] != 1 {
				t.Errorf("closed %v, want %q", got.Closed, c.reason)
			}
		})
	}
}

func TestIgnoredPacketsDoNoHarm(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	wantReply(t, p.push("0", "5", "6", "3", "3", "4x"), http.StatusOK, "ok")
	wantReply(t, p.poll(), http.StatusOK, "4x")
}

func TestSecondPollEndsTheSession(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	parked := p.parked()
	if r := p.poll(); r.status != http.StatusBadRequest {
		t.Errorf("second poll: %d", r.status)
	}
	wantReply(t, receive(t, parked), http.StatusOK, "1")
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
}

func TestSecondPostEndsTheSession(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	conn := h.raw()
	if _, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4half", p.query()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first POST is being read", func() bool { return h.srv.Posting(p.sid) })
	if r := p.push("4second"); r.status != http.StatusBadRequest {
		t.Errorf("second POST: %d", r.status)
	}
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
}

func TestCancelledPollEndsTheSession(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := p.do(ctx, "GET", p.query(), "")
		gone <- err
	}()
	eventually(t, "the poll is parked", func() bool { return h.srv.Parked(p.sid) })
	cancel()
	if receive(t, gone) == nil {
		t.Fatal("the poll was answered")
	}
	eventually(t, "the session is gone", func() bool { return p.push("4x").status == http.StatusBadRequest })
}

func TestAbortedPostEndsTheSession(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	conn := h.raw()
	if _, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4half", p.query()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the POST is being read", func() bool { return h.srv.Posting(p.sid) })
	must(conn.Close())
	eventually(t, "the session is gone", func() bool { return h.srv.Stats().Closed[socketio.ReasonTransportClose] == 1 })
}

func TestSlowPostIsCutOff(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{ReadTimeout: 50 * time.Millisecond}), nil)
	p := h.poller()
	conn := h.raw()
	if _, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4half", p.query()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the session is gone", func() bool { return h.srv.Stats().Closed[socketio.ReasonTransportClose] == 1 })
}

// The two requests of a closing client race on two connections: the poll that
// comes late is answered, once.
func TestPollOvertakenByItsClientsCloseIsAnsweredOnce(t *testing.T) {
	h := start(t, echoEngine(socketio.Config{}), nil)
	p := h.poller()
	wantReply(t, p.push("1"), http.StatusOK, "ok")
	wantReply(t, p.poll(), http.StatusOK, "6")
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
}

func TestServersCloseReachesTheNextPoll(t *testing.T) {
	cfg := socketio.Config{Engine: &socketio.Engine{OnMessage: func(c *socketio.Conn, _ []byte, _ bool) {
		must(c.Send([]byte("bye"), false))
		c.Close()
	}}}
	h := start(t, cfg, nil)
	p := h.poller()
	p.push("4x")
	wantReply(t, p.poll(), http.StatusOK, "4bye\x1e1")
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)

	p = h.poller()
	parked := p.parked()
	p.push("4x")
	wantReply(t, receive(t, parked), http.StatusOK, "4bye")
	wantReply(t, p.poll(), http.StatusOK, "1")
}

func TestPollsOutliveTheTimeoutsOfTheHTTPServer(t *testing.T) {
	srv, err := socketio.New(echoEngine(socketio.Config{PingInterval: 150 * time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	h := serveWith(t, srv, func(web *http.Server) {
		web.ReadTimeout, web.WriteTimeout = 30*time.Millisecond, 30*time.Millisecond
	})
	p := h.poller()
	wantReply(t, p.poll(), http.StatusOK, "2")
}
