package socketio_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"maska/socketio"
)

// TestMain fails the package if a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		must(serveBench())
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come.
const patience = 5 * time.Second

// harness is a running server on a port of its own.
type harness struct {
	t    *testing.T
	srv  *socketio.Server
	base string // http://127.0.0.1:port
}

// quick are times that let a test see a heartbeat without waiting for it long.
func quick() socketio.Config {
	return socketio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond}
}

// start serves cfg with the namespaces that setup registers, and at the end of
// the test expects everything to be gone.
func start(t *testing.T, cfg socketio.Config, setup func(*socketio.Server)) *harness {
	t.Helper()
	if cfg.MaxUnjoinedPerIP == 0 {
		cfg.MaxUnjoinedPerIP = -1
	}
	srv, err := socketio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if setup != nil {
		setup(srv)
	}
	return serveWith(t, srv, func(*http.Server) {})
}

// serveWith serves srv from an HTTP server with other settings.
func serveWith(t *testing.T, srv *socketio.Server, set func(*http.Server)) *harness {
	t.Helper()
	web := httptest.NewUnstartedServer(srv)
	set(web.Config)
	web.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := srv.Shutdown(ctx, 0); err != nil {
			t.Errorf("shutdown: %v", err)
		} else if left := srv.Leftovers(); left != "" {
			t.Errorf("the server still holds %s", left)
		}
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return &harness{t, srv, web.URL}
}

// within is a context that ends with patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// reply is an HTTP answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// request sends a request to the server's path with that query.
func (h *harness) request(method, query, body string, header ...string) reply {
	h.t.Helper()
	return h.requestCtx(within(h.t), method, query, body, header...)
}

func (h *harness) requestCtx(ctx context.Context, method, query, body string, header ...string) reply {
	h.t.Helper()
	r, err := h.do(ctx, method, query, body, header...)
	if err != nil {
		h.t.Fatalf("%s ?%s: %v", method, query, err)
	}
	return r
}

func (h *harness) do(ctx context.Context, method, query, body string, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, h.base+"/socket.io/?"+query, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(text)}, err
}

// open is the handshake of a session.
type open struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func parseOpen(t *testing.T, text string) open {
	t.Helper()
	var o open
	if !strings.HasPrefix(text, "0{") || json.Unmarshal([]byte(text[1:]), &o) != nil {
		t.Fatalf("no open packet: %q", text)
	}
	return o
}

// poller is a polling client.
type poller struct {
	*harness
	sid string
}

// poller opens a polling session.
func (h *harness) poller() *poller {
	h.t.Helper()
	r := h.request("GET", "EIO=4&transport=polling", "")
	if r.status != http.StatusOK {
		h.t.Fatalf("handshake: %d %s", r.status, r.body)
	}
	return &poller{h, parseOpen(h.t, r.body).SID}
}

func (p *poller) query() string { return "EIO=4&transport=polling&sid=" + p.sid }

// poll waits for packets.
func (p *poller) poll() reply {
	p.t.Helper()
	return p.request("GET", p.query(), "")
}

// push sends packets, joined.
func (p *poller) push(packets ...string) reply {
	p.t.Helper()
	return p.request("POST", p.query(), strings.Join(packets, "\x1e"), "Content-Type", "text/plain;charset=UTF-8")
}

// join connects to the main namespace and swallows the reply.
func (p *poller) join() {
	p.t.Helper()
	wantReply(p.t, p.push("40"), http.StatusOK, "ok")
	if r := p.poll(); !strings.HasPrefix(r.body, `40{"sid":"`) {
		p.t.Fatalf("no CONNECT reply: %q", r.body)
	}
}

func wantReply(t *testing.T, r reply, status int, body string) {
	t.Helper()
	if r.status != status || r.body != body {
		t.Fatalf("got %d %q, want %d %q", r.status, r.body, status, body)
	}
}

// socket is a WebSocket client that speaks packets by hand.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a WebSocket with that query.
func (h *harness) dial(query string) *socket {
	h.t.Helper()
	s, err := h.tryDial(query)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *harness) tryDial(query string) (*socket, error) {
	conn, res, err := websocket.Dial(within(h.t), "ws"+strings.TrimPrefix(h.base, "http")+"/socket.io/?"+query, nil)
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(-1)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{h.t, conn}, nil
}

// websocket opens a WebSocket session and swallows the open packet.
func (h *harness) websocket() *socket {
	h.t.Helper()
	s := h.dial("EIO=4&transport=websocket")
	parseOpen(h.t, s.read())
	return s
}

// member opens a WebSocket session in the main namespace.
func (h *harness) member() *socket {
	h.t.Helper()
	s := h.websocket()
	s.join()
	return s
}

func (s *socket) join() {
	s.t.Helper()
	s.send("40")
	if got := s.read(); !strings.HasPrefix(got, `40{"sid":"`) {
		s.t.Fatalf("no CONNECT reply: %q", got)
	}
}

// send sends text frames.
func (s *socket) send(packets ...string) {
	s.t.Helper()
	for _, p := range packets {
		if err := s.conn.Write(within(s.t), websocket.MessageText, []byte(p)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// sendBinary sends a binary frame.
func (s *socket) sendBinary(data []byte) {
	s.t.Helper()
	if err := s.conn.Write(within(s.t), websocket.MessageBinary, data); err != nil {
		s.t.Fatal(err)
	}
}

// read returns the next packet but for pings, which it answers; binary comes
// as "b:" and the bytes.
func (s *socket) read() string {
	s.t.Helper()
	for {
		p, err := s.next()
		if err != nil {
			s.t.Fatal(err)
		}
		if p != "2" {
			return p
		}
		s.send("3")
	}
}

// next returns the next packet, whatever it is.
func (s *socket) next() (string, error) {
	kind, data, err := s.conn.Read(within(s.t))
	if kind == websocket.MessageBinary {
		return "b:" + string(data), err
	}
	return string(data), err
}

// want reads the next packets.
func (s *socket) want(packets ...string) {
	s.t.Helper()
	for _, want := range packets {
		if got := s.read(); got != want {
			s.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// wantClosed expects nothing but the end, with that code (-1: any end).
func (s *socket) wantClosed(code websocket.StatusCode) {
	s.t.Helper()
	for {
		p, err := s.next()
		if err == nil && p == "2" {
			continue
		}
		if err == nil {
			s.t.Fatalf("got %q instead of the end", p)
		}
		if got := websocket.CloseStatus(err); code >= 0 && got != code {
			s.t.Fatalf("closed with %v (%v), want %v", got, err, code)
		}
		if within(s.t).Err() != nil {
			s.t.Fatal("not closed in time")
		}
		return
	}
}

// raw opens a TCP connection to the server.
func (h *harness) raw() net.Conn {
	h.t.Helper()
	u, err := url.Parse(h.base)
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(within(h.t), "tcp", u.Host)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// receive waits for a value of ch.
func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// eventually waits until a condition holds that no event announces.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("never came true: " + what)
		}
		<-tick.C
	}
}
