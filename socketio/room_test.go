package socketio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/socketio"
)

// hub is a server whose sockets the test holds in its hand.
type hub struct {
	*harness
	n       *socketio.Namespace
	sockets chan *socketio.Socket
	ended   <-chan ending
}

func newHub(t *testing.T, cfg socketio.Config) *hub {
	t.Helper()
	u := &hub{sockets: make(chan *socketio.Socket, 64)}
	u.harness = start(t, cfg, func(srv *socketio.Server) { u.register(srv) })
	return u
}

func (u *hub) register(srv *socketio.Server) {
	u.n = srv.Namespace("/")
	u.n.OnConnected(func(s *socketio.Socket) { u.sockets <- s })
	u.ended = endings(u.n)
}

// pair is a client and its socket.
func (u *hub) pair() (*socket, *socketio.Socket) {
	u.t.Helper()
	ws := u.member()
	return ws, receive(u.t, u.sockets)
}

func (u *hub) packet(event string, args ...any) *socketio.Packet {
	u.t.Helper()
	p, err := u.n.Encode(event, args...)
	if err != nil {
		u.t.Fatal(err)
	}
	return p
}

func TestOrderOfOneCallerIsTheOrderAtEverySocket(t *testing.T) {
	u := newHub(t, socketio.Config{})
	a, sa := u.pair()
	b, sb := u.pair()
	sa.Join("one")
	sa.Join("two")
	sb.Join("two")
	for range 100 { // again and again, so that rounds are cut differently
		u.n.Broadcast("one", u.packet("1"))
		must(sa.Emit("2"))
		u.n.Broadcast("one", u.packet("3"))
		u.n.Broadcast("two", u.packet("4"))
		must(sb.Emit("5"))
		u.n.Broadcast("one", u.packet("6"))
		u.n.Broadcast("", u.packet("7"))
		sb.Leave("two")
		u.n.Broadcast("two", u.packet("8"))
		sb.Join("two")
		u.n.Broadcast("two", u.packet("9"))
		a.want(`42["1"]`, `42["2"]`, `42["3"]`, `42["4"]`, `42["6"]`, `42["7"]`, `42["8"]`, `42["9"]`)
		b.want(`42["4"]`, `42["5"]`, `42["7"]`, `42["9"]`)
	}
}

func TestJoinSeesWhatComesAfterItOnly(t *testing.T) {
	u := newHub(t, socketio.Config{})
	a, sa := u.pair()
	b, sb := u.pair()
	sa.Join("room")
	for i := range 50 {
		u.n.Broadcast("room", u.packet("A", i))
		must(sb.Emit("welcome", i))
		sb.Join("room")
		sb.Join("room")
		u.n.Broadcast("room", u.packet("B", i))
		sb.Leave("room")
		sb.Leave("room")
		u.n.Broadcast("room", u.packet("C", i))
		a.want(fmt.Sprintf(`42["A",%d]`, i), fmt.Sprintf(`42["B",%d]`, i), fmt.Sprintf(`42["C",%d]`, i))
		b.want(fmt.Sprintf(`42["welcome",%d]`, i), fmt.Sprintf(`42["B",%d]`, i))
	}
}

func TestLenCountsWhoIsThere(t *testing.T) {
	u := newHub(t, socketio.Config{})
	a, sa := u.pair()
	_, sb := u.pair()
	sa.Join("room")
	sb.Join("room")
	if u.n.Len("room") != 2 || u.n.Len("") != 2 || u.n.Len("elsewhere") != 0 {
		t.Errorf("%d, %d", u.n.Len("room"), u.n.Len(""))
	}
	sb.Leave("room")
	sb.Leave("") // nobody leaves the room of all
	sb.Leave("elsewhere")
	if u.n.Len("room") != 1 || u.n.Len("") != 2 {
		t.Errorf("%d, %d", u.n.Len("room"), u.n.Len(""))
	}
	a.send("41")
	receive(t, u.ended)
	if u.n.Len("room") != 0 || u.n.Len("") != 1 {
		t.Errorf("%d, %d", u.n.Len("room"), u.n.Len(""))
	}
}

func TestForeignPacketIsRefused(t *testing.T) {
	u := newHub(t, socketio.Config{})
	_, s := u.pair()
	p, err := u.srv.Namespace("/").Encode("x")
	must(err)
	must(s.Send(p))
	other, err := socketio.New(socketio.Config{})
	must(err)
	defer func() { must(other.Shutdown(t.Context(), 0)) }()
	foreign, err := other.Namespace("/").Encode("x")
	must(err)
	if err := s.Send(foreign); err == nil {
		t.Error("sent")
	}
}

// Many senders, many rooms, members that come and go: everyone gets each
// sender's messages in order, without a hole, and of his own room only.
func TestChurnDeliversEverythingOnceInOrderToItsRoom(t *testing.T) {
	const rooms, members, messages = 4, 5, 300
	u := newHub(t, socketio.Config{MaxQueuePackets: -1, MaxQueueBytes: -1})
	var clients [rooms][]*socket
	for r := range rooms {
		for range members {
			ws, s := u.pair()
			s.Join(fmt.Sprint("room", r))
			clients[r] = append(clients[r], ws)
		}
	}
	var wait sync.WaitGroup
	stop := make(chan struct{})
	wait.Go(func() { // others come, join, and vanish
		for {
			select {
			case <-stop:
				return
			case <-u.ended:
			default:
			}
			ws, err := u.tryDial("EIO=4&transport=websocket")
			if err != nil {
				t.Error(err)
				return
			}
			_ = ws.conn.Write(t.Context(), websocket.MessageText, []byte("40"))
			s := <-u.sockets
			for r := range rooms {
				s.Join(fmt.Sprint("room", r))
			}
			_ = ws.conn.CloseNow()
		}
	})
	var senders sync.WaitGroup
	for r := range rooms {
		for sender := range 2 {
			senders.Go(func() {
				for i := range messages {
					u.n.Broadcast(fmt.Sprint("room", r), u.packet("m", r, sender, i))
				}
			})
		}
	}
	var readers sync.WaitGroup
	for r := range rooms {
		for _, ws := range clients[r] {
			readers.Go(func() {
				var next [2]int
				for range 2 * messages {
					got, err := ws.next()
					var room, sender, i int
					if _, scanErr := fmt.Sscanf(got, `42["m",%d,%d,%d]`, &room, &sender, &i); err != nil || scanErr != nil {
						t.Errorf("%q %v %v", got, err, scanErr)
						return
					}
					if room != r || i != next[sender] {
						t.Errorf("room %d got %q, want message %d", r, got, next[sender])
						return
					}
					next[sender]++
				}
			})
		}
	}
	senders.Wait()
	readers.Wait()
	close(stop)
	wait.Wait()
}

// stall is a client that stops reading.
func (u *hub) stall() (net.Conn, *socketio.Socket) {
	u.t.Helper()
	conn := u.raw()
	shrink(u.t, conn)
	_, err := fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	if err != nil {
		u.t.Fatal(err)
	}
	if _, err := conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'}); err != nil {
		u.t.Fatal(err)
	}
	return conn, receive(u.t, u.sockets)
}

func shrink(t *testing.T, conn net.Conn) {
	t.Helper()
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(64 << 10); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSlowPeerIsClosedAndDelaysNobody(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    socketio.Config
		packet int
	}{
		"bytes":    {socketio.Config{MaxQueuePackets: -1}, 20_000},
		"packets":  {socketio.Config{MaxQueueBytes: -1, MaxQueuePackets: 10}, 200_000},
		"no limit": {socketio.Config{MaxQueueBytes: -1, MaxQueuePackets: -1, WriteStall: 100 * time.Millisecond}, 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			u := newHub(t, c.cfg)
			_, slow := u.stall()
			ws, quick := u.pair()
			quick.Join("room")
			slow.Join("room")
			p := u.packet("data", strings.Repeat("x", c.packet))
			slowest := time.Duration(0)
			deadline := time.Now().Add(patience)
			for u.srv.Stats().Closed[socketio.ReasonSlowConsumer] == 0 {
				begin := time.Now()
				u.n.Broadcast("room", p)
				ws.want(string(p.Text()))
				slowest = max(slowest, time.Since(begin))
				if begin.After(deadline) {
					t.Fatalf("the slow peer is still there: %+v", u.srv.Stats())
				}
			}
			if e := receive(t, u.ended); e.socket != slow || e.reason != socketio.ReasonSlowConsumer {
				t.Errorf("%q", e.reason)
			}
			if slowest > time.Second {
				t.Errorf("the other waited for %v", slowest)
			}
			eventually(t, "nothing is owed any more", func() bool {
				st := u.srv.Stats()
				return st.QueueBytes == 0 && st.QueuePackets == 0
			})
		})
	}
}

func TestPeerThatCatchesUpLosesNothing(t *testing.T) {
	u := newHub(t, socketio.Config{MaxQueueBytes: 64 << 20, MaxQueuePackets: -1})
	conn, s := u.stall()
	count := 0
	for ; count < 10000 && u.srv.Stats().QueueBytes == 0; count++ {
		must(s.Emit("n", count, strings.Repeat("y", 50_000)))
	}
	for range 300 {
		must(s.Emit("n", count, "small"))
		count++
	}
	if st := u.srv.Stats(); st.QueueBytes == 0 || st.QueuePackets == 0 {
		t.Fatalf("nothing waits: %+v", st)
	}
	r := &frames{r: conn}
	r.head()
	if got := r.next(); !strings.HasPrefix(got, "0{") {
		t.Fatalf("%.50q", got)
	}
	if got := r.next(); !strings.HasPrefix(got, "40{") {
		t.Fatalf("%.50q", got)
	}
	for i := range count {
		if got := r.next(); !strings.HasPrefix(got, fmt.Sprintf(`42["n",%d,`, i)) {
			t.Fatalf("message %d: %.50q", i, got)
		}
	}
	eventually(t, "nothing is owed any more", func() bool { return u.srv.Stats().QueueBytes == 0 })
	must(s.Emit("end"))
	if got := r.next(); got != `42["end"]` {
		t.Errorf("%q", got)
	}
}

// frames reads a server's frames from a raw connection.
type frames struct{ r io.Reader }

// head reads the HTTP answer.
func (f *frames) head() string {
	var got []byte
	for !bytes.HasSuffix(got, []byte("\r\n\r\n")) {
		got = append(got, f.bytes(1)...)
	}
	return string(got)
}

func (f *frames) bytes(n int) []byte {
	b := make([]byte, n)
	_, err := io.ReadFull(f.r, b)
	must(err)
	return b
}

// next returns the payload of the next frame but for pings.
func (f *frames) next() string {
	for {
		h := f.bytes(2)
		n := int(h[1])
		switch n {
		case 126:
			n = int(binary.BigEndian.Uint16(f.bytes(2)))
		case 127:
			n = int(binary.BigEndian.Uint64(f.bytes(8))) //nolint:gosec // our own frames
		}
		if p := string(f.bytes(n)); p != "2" {
			return p
		}
	}
}

func TestPingOvertakesTheQueueOfASlowPeer(t *testing.T) {
	cfg := quick()
	cfg.MaxQueueBytes, cfg.MaxQueuePackets, cfg.PingTimeout = -1, -1, time.Minute
	u := newHub(t, cfg)
	conn, s := u.stall()
	sent := 0
	for ; u.srv.Stats().QueueBytes == 0; sent++ {
		must(s.Emit("n", strings.Repeat("y", 100_000)))
	}
	for range 100 {
		must(s.Emit("last", strings.Repeat("z", 10_000)))
	}
	<-time.After(400 * time.Millisecond) // a ping is due
	r := &frames{r: conn}
	r.head()
	for seen := ""; !strings.HasPrefix(seen, `42["last"`); {
		h := r.bytes(2)
		if h[1] == 1 && string(r.bytes(1)) == "2" {
			return // before the queue
		} else if h[1] == 1 {
			t.Fatal("odd frame")
		}
		n := int(h[1])
		switch n {
		case 126:
			n = int(binary.BigEndian.Uint16(r.bytes(2)))
		case 127:
			n = int(binary.BigEndian.Uint64(r.bytes(8))) //nolint:gosec // our own frames
		}
		seen = string(r.bytes(n))
	}
	t.Error("the ping stands behind the queue")
}

func TestPollingPeerThatDoesNotPollIsClosed(t *testing.T) {
	u := newHub(t, socketio.Config{MaxQueuePackets: 5})
	p := u.poller()
	p.join()
	s := receive(t, u.sockets)
	for range 6 {
		must(s.Emit("x"))
	}
	if e := receive(t, u.ended); e.reason != socketio.ReasonSlowConsumer {
		t.Error(e.reason)
	}
	wantReply(t, p.poll(), http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)
}

func TestVolatileIsDroppedForPeersThatLagOnly(t *testing.T) {
	u := newHub(t, socketio.Config{MaxQueueBytes: -1, MaxQueuePackets: -1})
	ws, s := u.pair()
	must(s.Emit("before"))
	must(s.SendVolatile(u.packet("volatile")))
	ws.want(`42["before"]`, `42["volatile"]`)

	p := u.poller()
	p.join()
	lagging := receive(t, u.sockets)
	must(lagging.Emit("big", strings.Repeat("x", 5000)))
	must(lagging.SendVolatile(u.packet("volatile")))
	must(lagging.Emit("after"))
	if got := p.poll().body; strings.Contains(got, "volatile") || !strings.HasSuffix(got, "\x1e"+`42["after"]`) {
		t.Errorf("%.50q…", got)
	}
}

// TLS takes the ordinary path: the same promises, another writer.
func TestOrdinaryPathKeepsThePromises(t *testing.T) {
	u := &hub{sockets: make(chan *socketio.Socket, 4)}
	srv, err := socketio.New(socketio.Config{MaxQueueBytes: -1, MaxQueuePackets: -1})
	must(err)
	u.register(srv)
	web := httptest.NewTLSServer(srv)
	u.harness = &harness{t, srv, web.URL}
	t.Cleanup(func() {
		must(srv.Shutdown(context.WithoutCancel(t.Context()), 0))
		web.Close()
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the test's own server
	conn, res, err := websocket.Dial(within(t), web.URL+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		defer res.Body.Close()
	}
	conn.SetReadLimit(-1)
	ws := &socket{t, conn}
	parseOpen(t, ws.read())
	ws.join()
	s := receive(t, u.sockets)
	if !s.Handshake().Secure {
		t.Error("not secure")
	}
	s.Join("room")
	big := strings.Repeat("x", 100_000)
	for i := range 50 {
		must(s.Emit("n", i, big))
		u.n.Broadcast("room", u.packet("r", i))
	}
	for i := range 50 {
		ws.want(fmt.Sprintf(`42["n",%d,"%s"]`, i, big), fmt.Sprintf(`42["r",%d]`, i))
	}
	s.Close()
	ws.wantClosed(websocket.StatusNormalClosure)
	if e := receive(t, u.ended); e.reason != socketio.ReasonForcedClose {
		t.Error(e.reason)
	}
}

func TestEachDeliveryIsCountedAndEachBroadcastIsTimed(t *testing.T) {
	u := newHub(t, socketio.Config{})
	ws1, first := u.pair()
	ws2, second := u.pair()
	first.Join("room")
	second.Join("room")
	const broadcasts = 10
	p := u.packet("data", "x")
	for range broadcasts {
		u.n.Broadcast("room", p)
		ws1.want(string(p.Text()))
		ws2.want(string(p.Text()))
	}
	u.n.Broadcast("nobody's", p)
	eventually(t, "everything is counted", func() bool {
		st, timed := u.srv.Stats(), 0
		for _, n := range st.Latency.Counts {
			timed += int(n) //nolint:gosec // a count
		}
		// Two shards share a broadcast at most, as there are two receivers.
		return st.Deliveries == 2*broadcasts && timed >= broadcasts && timed <= 2*broadcasts && st.Latency.Sum > 0
	})
}
