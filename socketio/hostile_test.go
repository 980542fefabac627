package socketio_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/socketio"
)

// holding is what a process holds.
type holding struct {
	goroutines, descriptors int
	heap                    uint64
}

// heapSlack is what the heap may keep without anybody having leaked it: less than 6 KB for each of the
// hostile peers.
const heapSlack = 512 << 10

func held(t *testing.T) holding {
	t.Helper()
	files, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC() // pools are emptied in two steps
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return holding{runtime.NumGoroutine(), len(files), memory.HeapAlloc}
}

// settled notes what the process holds now; what it returns waits until it holds no more than that again.
func settled(t *testing.T) (again func()) {
	t.Helper()
	before := held(t)
	return func() {
		t.Helper()
		var now holding
		deadline := time.Now().Add(patience)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			now = held(t)
			if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.heap <= before.heap+heapSlack {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("held %+v before, and %+v after", before, now)
			}
			<-tick.C
		}
	}
}

// hostile is one peer of those who mean harm.
type hostile struct {
	net.Conn
	r *bufio.Reader
}

const upgradeRequest = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// say sends a masked text frame; the mask is zero.
func (p *hostile) say(text string) {
	n := len(text)
	head := []byte{0x81, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0} //nolint:gosec // at most 64 KiB
	if n < 126 {
		head = []byte{0x81, 0x80 | byte(n), 0, 0, 0, 0}
	}
	p.raw(string(head) + text)
}

// raw writes; that the server may have closed meanwhile is what is wanted.
func (p *hostile) raw(bytes string) { _, _ = io.WriteString(p.Conn, bytes) }

// upgrade opens a session.
func (p *hostile) upgrade() {
	p.raw(upgradeRequest)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = p.r.ReadString('\n'); err != nil {
			return
		}
	}
}

// poll opens a session on long-polling and returns its sid.
func (p *hostile) poll() string {
	p.raw("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
	_, answer := p.answer()
	_, rest, _ := strings.Cut(answer, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	return sid
}

// answer reads an HTTP answer; 0 if there is none.
func (p *hostile) answer() (status int, body string) {
	res, err := http.ReadResponse(p.r, nil)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// post sends the head of a polling body.
func (p *hostile) post(sid, header string) {
	p.raw("POST /socket.io/?EIO=4&transport=polling&sid=" + sid + " HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n")
}

// cutOff waits until the server ends the connection.
func (p *hostile) cutOff() (wrong string) {
	if _, err := io.Copy(io.Discard, p.r); os.IsTimeout(err) {
		return "was waited for"
	}
	return ""
}

// Each kind comes a hundred times at once. All of it must end by the server's own limits, and then the
// process holds what it held before, while the server goes on to serve.
func TestHostilePeersGiveBackEverythingTheyHeld(t *testing.T) {
	joined := func(p *hostile) {
		p.upgrade()
		p.say("40")
	}
	forbidden := func(p *hostile) (refusal string) {
		status, _ := p.answer()
		if status < 400 {
			return "answered with " + http.StatusText(status)
		}
		return ""
	}
	for name, c := range map[string]struct {
		attack func(p *hostile) (wrong string)
		reason socketio.Reason // of the end of every session, if there are any
	}{
		"stalled readers": {func(p *hostile) string {
			if tcp, ok := p.Conn.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(4 << 10) // it is only faster that way
			}
			joined(p)
			for range 10 { // the answers are larger than what the network holds
				p.say(`42["flood"]`)
			}
			return ""
		}, socketio.ReasonSlowConsumer},
		"slow handshakes": {func(p *hostile) string {
			p.raw("GET /socket.io/?EIO=4&trans")
			return p.cutOff()
		}, ""},
		"half-open":  {func(p *hostile) string { joined(p); return "" }, socketio.ReasonPingTimeout},
		"never join": {func(p *hostile) string { p.upgrade(); return "" }, socketio.ReasonConnectTimeout},
		"floods": {func(p *hostile) string {
			joined(p)
			for range 300 {
				p.say(`42["echo",1]`)
			}
			return ""
		}, socketio.ReasonRateLimit},
		"frames of 4 EiB": {func(p *hostile) string {
			joined(p)
			p.raw("\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
			return ""
		}, socketio.ReasonParseError},
		"frames without a mask":  {func(p *hostile) string { joined(p); p.raw("\x81\x0242"); return "" }, socketio.ReasonParseError},
		"text that is not UTF-8": {func(p *hostile) string { joined(p); p.say("42[\"\xff\"]"); return "" }, socketio.ReasonParseError},
		"packets of no kind":     {func(p *hostile) string { joined(p); p.say("4zzz"); return "" }, socketio.ReasonParseError},
		"attachments that never come": {func(p *hostile) string {
			joined(p)
			p.say(`451-["echo",{"_placeholder":true,"num":0}]`)
			return ""
		}, socketio.ReasonParseError},
		"too many attachments": {func(p *hostile) string { joined(p); p.say(`45999999999-["echo"]`); return "" }, socketio.ReasonParseError},
		"deep JSON": {func(p *hostile) string {
			joined(p)
			p.say(`42["echo",` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + `]`)
			return ""
		}, ""},
		"wrong origins": {func(p *hostile) string {
			p.raw(strings.Replace(upgradeRequest, "\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n", 1))
			return forbidden(p)
		}, ""},
		"two CONNECTs at once": {func(p *hostile) string {
			p.upgrade()
			p.say("40")
			p.say("40")
			return ""
		}, ""},
		"polling bodies of 1 TB": {func(p *hostile) string {
			p.post(p.poll(), "Content-Length: 1000000000000")
			return forbidden(p)
		}, ""},
		"endless polling bodies": {func(p *hostile) string {
			p.post(p.poll(), "Transfer-Encoding: chunked")
			for range 20 {
				p.raw("1000\r\n" + strings.Repeat("4", 0x1000) + "\r\n")
			}
			return forbidden(p)
		}, ""},
		"polling bodies that stop": {func(p *hostile) string {
			p.post(p.poll(), "Content-Length: 100")
			p.raw("4")
			return p.cutOff()
		}, ""},
		"polling bodies that are too large and never come": {func(p *hostile) string {
			p.post(p.poll(), "Content-Length: 100000")
			return p.cutOff()
		}, ""},
		"bodies of nobody's session": {func(p *hostile) string {
			p.post("nobody", "Content-Length: 100")
			return p.cutOff()
		}, ""},
		"polls with a body that never comes": {func(p *hostile) string {
			p.raw("GET /socket.io/?EIO=4&transport=polling&sid=" + p.poll() + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
			return p.cutOff()
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			beat, join, peers := 300*time.Millisecond, patience, 100
			if c.reason == socketio.ReasonConnectTimeout {
				join = 200 * time.Millisecond
			}
			if c.reason == socketio.ReasonSlowConsumer {
				beat, peers = patience, 10 // who reads nothing answers no ping, and fills the kernel's memory
			}
			srv, err := socketio.New(socketio.Config{
				PingInterval: beat, PingTimeout: beat,
				ConnectTimeout: join, ReadTimeout: 200 * time.Millisecond, WriteStall: 200 * time.Millisecond,
				MaxPayload: 64 << 10, MaxUnjoinedPerIP: -1, InboundRate: 50, InboundBurst: 100,
			})
			must(err)
			echo(srv)
			large := strings.Repeat("x", 1<<20)
			srv.Namespace("/").OnEvent("flood", func(s *socketio.Socket, _ *socketio.Event) { _ = s.Emit("flood", large) })
			h := serveWith(t, srv, func(web *http.Server) { web.ReadHeaderTimeout = 200 * time.Millisecond })
			attack := func(n int) {
				var attacking sync.WaitGroup
				for range n {
					p := &hostile{Conn: h.raw()}
					p.r = bufio.NewReaderSize(p.Conn, 512)
					attacking.Go(func() {
						if wrong := c.attack(p); wrong != "" {
							t.Error(wrong)
						}
					})
					defer p.Close() //nolint:errcheck // the server may have been faster
				}
				attacking.Wait()
				eventually(t, "every session has ended", func() bool {
					st, ended := srv.Stats(), uint64(0)
					for _, n := range st.Closed {
						ended += n
					}
					return ended == st.Opened && st.WebSocket == 0 && st.Polling == 0 && st.QueueBytes == 0
				})
			}
			attack(peers) // what is made once is made, and queues have grown
			again := settled(t)
			before := srv.Stats()
			attack(peers)
			again()
			after := srv.Stats()
			if c.reason != "" && after.Closed[c.reason]-before.Closed[c.reason] != uint64(peers) {
				t.Errorf("ended by %v", after.Closed)
			}
			s := h.websocket()
			s.send(`40`)
			if got := s.read(); !strings.HasPrefix(got, "40{") {
				t.Errorf("afterwards the server says %s", got)
			}
		})
	}
}
