package loadtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"maska/internal/loadtest"
	"maska/internal/testkit"
	"maska/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a run of a moment.
func small(t *testing.T, server string) loadtest.Config {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return loadtest.Config{
		Server: address, Rooms: 1, Members: 12, InFlight: 4, Size: 64,
		WarmUp: 20 * time.Millisecond, Duration: 200 * time.Millisecond, Drain: 10 * time.Second, Parallel: 4,
	}
}

func TestTheChatPassesInAClosedAndInAnOpenLoop(t *testing.T) {
	s := testkit.Start(t, "RATE_LIMITS=off")
	for name, change := range map[string]func(*loadtest.Config){
		"in flight": func(*loadtest.Config) {},
		"at a rate": func(c *loadtest.Config) { c.InFlight, c.Rate = 0, 100 },
		"idle":      func(c *loadtest.Config) { c.InFlight = 0 },
		"stalled":   func(c *loadtest.Config) { c.Stalled = 3 },
		"shared":    func(c *loadtest.Config) { c.People = 3 },
		"in rooms":  func(c *loadtest.Config) { c.Rooms, c.Members = 3, 4 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := small(t, s.URL)
			cfg.BotToken, cfg.PID = testkit.BotToken, os.Getpid()
			change(&cfg)
			report, err := loadtest.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !report.Clean() {
				t.Errorf("%+v", report)
			}
			if said := cfg.InFlight > 0 || cfg.Rate > 0; said != (report.Deliver.Count > 0 && report.Ack.Count > 0) {
				t.Errorf("%d deliveries, %d acks", report.Deliver.Count, report.Ack.Count)
			}
			if report.Connects.Count != 12 || report.Server.Resident == 0 {
				t.Errorf("%+v %+v", report.Connects, report.Server)
			}
		})
	}
}

func TestMessagesThatTheServerRefusesAreCounted(t *testing.T) {
	s := testkit.Start(t) // with its limits
	cfg := small(t, s.URL)
	cfg.BotToken, cfg.Members, cfg.People, cfg.InFlight = testkit.BotToken, 2, 1, 10
	report, err := loadtest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if report.Clean() || len(report.Refused) == 0 || report.Faults.Total() != 0 {
		t.Errorf("%+v", report)
	}
	var text strings.Builder
	if err := report.Print(&text); err != nil || !strings.Contains(text.String(), "rate_limited") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestWhatAServerDoesWrongIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(l *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet)
		what func(*loadtest.Report) int64
	}{
		"loss": {func(_ *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet) {
			if !first || n != 3 {
				_ = to.Send(p)
			}
		}, func(r *loadtest.Report) int64 { return r.Faults.Lost }},
		"double": {func(_ *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet) {
			_ = to.Send(p)
			if first && n == 3 {
				_ = to.Send(p)
			}
		}, func(r *loadtest.Report) int64 { return r.Faults.Doubled }},
		"other order": {func(l *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet) {
			if first && n == 3 {
				l.held = p
				return
			}
			_ = to.Send(p)
			if first && n == 4 {
				_ = to.Send(l.held)
			}
		}, func(r *loadtest.Report) int64 { return r.Faults.Reordered }},
		"wrong room": {func(_ *liar, to *socketio.Socket, _ bool, n int, p *socketio.Packet) {
			_ = to.Send(p)
			if n == 3 {
				to.Namespace().Broadcast("2", p)
			}
		}, func(r *loadtest.Report) int64 { return r.Faults.Misrouted }},
		"dropped connection": {func(_ *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet) {
			_ = to.Send(p)
			if first && n == 3 {
				to.Close()
			}
		}, func(r *loadtest.Report) int64 { return int64(len(r.Dropped)) }},
	} {
		t.Run(name, func(t *testing.T) {
			l := &liar{lie: c.lie}
			cfg := small(t, l.serve(t))
			cfg.Bare, cfg.Rooms, cfg.Members, cfg.InFlight, cfg.Drain = true, 2, 3, 2, 100*time.Millisecond
			report, err := loadtest.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if c.what(report) == 0 || report.Clean() {
				t.Errorf("%+v", report)
			}
		})
	}
}

// liar is a server that does one thing wrong in room 1.
type liar struct {
	lie func(l *liar, to *socketio.Socket, first bool, n int, p *socketio.Packet)

	mu      sync.Mutex
	members []*socketio.Socket
	said    int
	n       int // of room 1
	held    *socketio.Packet
}

type payload struct {
	ID      int    `json:"id"`
	RoomID  int    `json:"roomId"`
	Content string `json:"content"`
}

func (l *liar) serve(t *testing.T) string {
	t.Helper()
	sockets, err := socketio.New(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sockets)
	t.Cleanup(func() {
		if err := sockets.Shutdown(context.WithoutCancel(t.Context()), 0); err != nil {
			t.Error(err)
		}
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	chat := sockets.Namespace("/")
	chat.OnEvent("join", func(s *socketio.Socket, e *socketio.Event) {
		var in payload
		if err := e.Bind(0, &in); err != nil {
			t.Error(err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if in.RoomID == 1 {
			l.members = append(l.members, s)
		}
		s.Join(strconv.Itoa(in.RoomID))
		_ = s.Emit("joined", map[string]int{"room": in.RoomID})
	})
	chat.OnEvent("message", func(_ *socketio.Socket, e *socketio.Event) {
		var in payload
		if err := e.Bind(0, &in); err != nil {
			t.Error(err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.said++
		in.ID = l.said
		packet, err := chat.Encode("message", in)
		if err != nil {
			t.Error(err)
			return
		}
		_ = e.Ack(map[string]int{"id": in.ID})
		if in.RoomID != 1 {
			chat.Broadcast(strconv.Itoa(in.RoomID), packet)
			return
		}
		l.n++
		for i, to := range l.members {
			l.lie(l, to, i == 0, l.n, packet)
		}
	})
	return server.URL
}

func TestNonsenseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*loadtest.Config){
		"no address":      func(c *loadtest.Config) { c.Server = &url.URL{Scheme: "ftp", Host: "x"} },
		"no members":      func(c *loadtest.Config) { c.Members = 0 },
		"too many":        func(c *loadtest.Config) { c.Rooms, c.Members = 1000, 1000 },
		"crowded room":    func(c *loadtest.Config) { c.Rooms, c.Members = 2, 7 },
		"tiny message":    func(c *loadtest.Config) { c.Size = 5 },
		"for ever":        func(c *loadtest.Config) { c.Duration = 48 * time.Hour },
		"no time":         func(c *loadtest.Config) { c.Duration = 0 },
		"more than there": func(c *loadtest.Config) { c.People = 13 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := small(t, "http://127.0.0.1:1")
			change(&cfg)
			if _, err := loadtest.Run(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "sign in") {
				t.Errorf("%v", err)
			}
		})
	}
}
