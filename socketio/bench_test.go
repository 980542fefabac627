package socketio_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"maska/socketio"
)

// The load benchmarks run the server in a process of its own, so that its
// processor time and memory are seen alone. The test binary starts itself with
// this variable set.
const asServer = "SOCKETIO_BENCH_SERVER"

// serveBench is the server's process. It answers lines of its standard input:
// "cpu" with the nanoseconds it has used, "rss" with the bytes it occupies.
func serveBench() error {
	srv, err := socketio.New(socketio.Config{MaxUnjoinedPerIP: -1})
	if err != nil {
		return err
	}
	n := srv.Namespace("/")
	n.OnEvent("join", func(s *socketio.Socket, e *socketio.Event) {
		var room string
		must(e.Bind(0, &room))
		s.SetData(room)
		s.Join(room)
		must(e.Ack())
	})
	n.OnEvent("message", func(s *socketio.Socket, e *socketio.Event) {
		p, err := n.Encode("message", e.Args[0])
		must(err)
		n.Broadcast(s.Data().(string), p)
		must(e.Ack(1))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // lives as long as the process
	if err != nil {
		return err
	}
	go func() { must(http.Serve(listener, srv)) }() //nolint:gosec // no timeouts needed for ourselves
	out := bufio.NewWriter(os.Stdout)
	say := func(v any) {
		_, _ = out.WriteString(fmt.Sprint(v) + "\n")
		_ = out.Flush()
	}
	say(listener.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "cpu":
			var u syscall.Rusage
			must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
			say(u.Utime.Nano() + u.Stime.Nano())
		case "rss":
			runtime.GC()
			debug.FreeOSMemory()
			say(rss())
		case "goroutines":
			say(runtime.NumGoroutine())
		}
	}
	return nil
}

// rss reads the resident memory of this process.
func rss() int {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kb), " kB"))
			must(err)
			return n << 10
		}
	}
	return 0
}

// benchServer is the server's process seen from the load generator.
type benchServer struct {
	addr string
	in   io.Writer
	out  *bufio.Scanner
}

func startBench(b *testing.B) *benchServer {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"=1", "GOMAXPROCS=1")
	in, err := cmd.StdinPipe()
	must(err)
	out, err := cmd.StdoutPipe()
	must(err)
	cmd.Stderr = os.Stderr
	must(cmd.Start())
	s := &benchServer{in: in, out: bufio.NewScanner(out)}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	s.out.Scan()
	s.addr = s.out.Text()
	return s
}

func (s *benchServer) ask(what string) int {
	_, err := io.WriteString(s.in, what+"\n")
	must(err)
	s.out.Scan()
	n, err := strconv.Atoi(s.out.Text())
	must(err)
	return n
}

// peer is one load connection.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
}

// dialBench opens a WebSocket, joins the namespace, and a room if it has a name.
func (s *benchServer) dialBench(room string, buffer int) *peer {
	conn, err := net.Dial("tcp", s.addr) //nolint:noctx // loopback
	must(err)
	_, err = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	must(err)
	p := &peer{conn, bufio.NewReaderSize(conn, buffer)}
	for {
		line, err := p.r.ReadString('\n')
		must(err)
		if line == "\r\n" {
			break
		}
	}
	p.send("40")
	p.next() // open
	p.next() // CONNECT
	if room != "" {
		p.send(`420["join","` + room + `"]`)
		p.next()
	}
	return p
}

func (p *peer) send(text string) {
	frame := []byte{0x81, 0x80 | byte(min(len(text), 126)), 0, 0, 0, 0}
	if len(text) > 125 {
		frame = append([]byte{0x81, 0x80 | 126}, byte(len(text)>>8), byte(len(text)), 0, 0, 0, 0) //nolint:gosec // short texts
	}
	_, err := p.conn.Write(append(frame, text...))
	must(err)
}

// next returns the first bytes of the next frame and skips the rest.
func (p *peer) next() (start [2]byte, ok bool) {
	var h [4]byte
	if _, err := io.ReadFull(p.r, h[:2]); err != nil {
		return start, false
	}
	n := int(h[1])
	if n == 126 {
		if _, err := io.ReadFull(p.r, h[2:]); err != nil {
			return start, false
		}
		n = int(binary.BigEndian.Uint16(h[2:]))
	}
	if _, err := io.ReadFull(p.r, start[:min(n, 2)]); err != nil {
		return start, false
	}
	_, err := p.r.Discard(n - min(n, 2))
	return start, err == nil
}

// BenchmarkDeliveries is the fan-out of the engine: b.N messages into rooms,
// "inFlight" of them at a time, each acknowledged and delivered to every member.
func BenchmarkDeliveries(b *testing.B) {
	payload, err := json.Marshal(map[string]any{"id": 123456, "room": 1, "user": "0123456789abcdef", "text": strings.Repeat("x", 90)})
	must(err)
	message := `421["message",` + string(payload) + `]`
	for _, c := range []struct {
		name                     string
		rooms, members, inFlight int
	}{
		{"A=1x1000,16", 1, 1000, 16},
		{"B=1x1000,1", 1, 1000, 1},
		{"C=200x6", 200, 6, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := startBench(b)
			var peers []*peer
			for r := range c.rooms {
				for range c.members {
					peers = append(peers, s.dialBench(fmt.Sprint("room", r), 32<<10))
				}
			}
			var deliveries, left atomic.Int64
			var readers sync.WaitGroup
			want := int64(b.N) * int64(c.members)
			done := make(chan struct{})
			left.Store(int64(b.N))
			for i, p := range peers {
				sender := i%c.members < c.inFlight
				readers.Go(func() {
					if sender && left.Add(-1) >= 0 {
						p.send(message)
					}
					for {
						start, ok := p.next()
						if !ok {
							return
						}
						switch {
						case start == [2]byte{'4', '2'}:
							if deliveries.Add(1) == want {
								close(done)
							}
						case start == [2]byte{'4', '3'} && left.Add(-1) >= 0:
							p.send(message)
						case start[0] == '2':
							p.send("3")
						}
					}
				})
			}
			before := s.ask("cpu")
			b.ResetTimer()
			<-done
			b.StopTimer()
			cpu := s.ask("cpu") - before
			b.ReportMetric(float64(want)/float64(cpu)*1e9, "d/cpu-s")
			b.ReportMetric(float64(want)/b.Elapsed().Seconds(), "d/s")
			for _, p := range peers {
				_ = p.conn.Close()
			}
			readers.Wait()
		})
	}
}

// BenchmarkIdle is what a joined WebSocket connection costs that does nothing.
func BenchmarkIdle(b *testing.B) {
	const conns = 10000
	for b.Loop() {
		s := startBench(b)
		s.dialBench("warm", 512)
		before, cpu := s.ask("rss"), s.ask("cpu")
		var peers [conns]*peer
		for i := range peers {
			peers[i] = s.dialBench("room", 512)
		}
		b.ReportMetric(float64(s.ask("cpu")-cpu)/conns/1e3, "µs-cpu/connect")
		b.ReportMetric(float64(s.ask("rss")-before)/conns, "B/conn")
		b.ReportMetric(float64(s.ask("goroutines"))/conns, "goroutines/conn")
		for _, p := range peers {
			_ = p.conn.Close()
		}
	}
}
