package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"maska/internal/testkit"
	"maska/internal/testkit/services"
)

// The contract's own deadlines (guarantee G10), and what a machine with other work may add: other packages'
// tests run beside these. Whether the deadlines hold to the tenth of a second is judged by make faults.
const (
	refusalLimit   = 2 * time.Second
	unreadyLimit   = 3 * time.Second
	recoveryLimit  = 2 * time.Second
	drainBound     = 10 * time.Second // guarantee G8
	slowMachine    = 5 * time.Second
	betweenProbes  = 20 * time.Millisecond
	outageMessages = 3
)

// ownPostgres runs a server that a test may break.
func ownPostgres(t *testing.T, settings ...string) *services.Server {
	t.Helper()
	dir, err := services.NewDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Remove(); err != nil {
			t.Error(err)
		}
	})
	server, err := services.StartPostgres(t.Context(), dir.Path(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// link is a way to a server that can be cut as a firewall does that drops everything: neither side is
// told, and what went over it before is dead for ever.
type link struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	cut   bool
	era   int // ends with every cut
	conns []net.Conn
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, conn := range l.conns {
			_ = conn.Close()
		}
		l.mu.Unlock()
		running.Wait()
	})
	return l
}

func (l *link) carry(near net.Conn) {
	l.mu.Lock()
	l.conns = append(l.conns, near)
	cut, era := l.cut, l.era
	l.mu.Unlock()
	if cut {
		return // it is left hanging
	}
	far, err := new(net.Dialer).DialContext(context.Background(), "tcp", l.target)
	if err != nil {
		_ = near.Close()
		return
	}
	l.mu.Lock()
	l.conns = append(l.conns, far)
	l.mu.Unlock()
	var both sync.WaitGroup
	pump := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if l.dead(era) {
				return
			}
			if _, werr := to.Write(buffer[:n]); err != nil || werr != nil {
				_, _ = near.Close(), far.Close()
				return
			}
		}
	}
	both.Go(func() { pump(far, near) })
	both.Go(func() { pump(near, far) })
	both.Wait()
}

func (l *link) dead(era int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.era != era
}

func (l *link) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.era = cut, l.era+1
}

// within calls probe until it holds, and reports how long that took.
func within(t *testing.T, limit time.Duration, what string, probe func() bool) {
	t.Helper()
	began := time.Now()
	ticker := time.NewTicker(betweenProbes)
	defer ticker.Stop()
	for !probe() {
		if time.Since(began) > limit+slowMachine {
			t.Fatalf("after %v still not: %s", limit+slowMachine, what)
		}
		<-ticker.C
	}
	t.Logf("%s after %v", what, time.Since(began).Round(time.Millisecond))
}

// answerTo sends an event and waits for its ack.
func answerTo(t *testing.T, ws *websocket.Conn, id int, event, payload string) (answer string, took time.Duration) {
	t.Helper()
	began := time.Now()
	say(t, ws, fmt.Sprintf(`42%d[%q,%s]`, id, event, payload))
	return awaitText(t, ws, fmt.Sprintf("43%d", id)), time.Since(began)
}

func TestADatabaseThatIsGoneIsSaidAtOnceAndNothingIsAcknowledged(t *testing.T) {
	t.Parallel()
	for name, breaking := range map[string]func(t *testing.T, db *services.Server, way *link) (heal func()){
		"killed": func(t *testing.T, db *services.Server, _ *link) func() {
			if err := db.Kill(); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := db.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		},
		"halted": func(t *testing.T, db *services.Server, _ *link) func() {
			if err := db.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := db.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
		},
		"cut off": func(_ *testing.T, _ *services.Server, way *link) func() {
			way.set(true)
			return func() { way.set(false) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := ownPostgres(t)
			address, err := url.Parse(db.URL())
			if err != nil {
				t.Fatal(err)
			}
			way := newLink(t, address.Host)
			address.Host = way.listener.Addr().String()
			s := testkit.Start(t, "DATABASE_URL="+address.String(), "RATE_LIMITS=off")
			o := &outage{s: s, person: s.Enter(1)}
			o.ws = dial(t, s, o.person.Access)
			if answer, _ := answerTo(t, o.ws, 0, "message", `{"content":"before"}`); !strings.Contains(answer, `"id":"1-1"`) {
				t.Fatal(answer)
			}
			heal := breaking(t, db, way)
			o.isSaid(t)
			heal()
			o.isOver(t)
			began := time.Now()
			s.Stop()
			if took := time.Since(began); took > drainBound+slowMachine {
				t.Errorf("stopped after %v", took)
			}
		})
	}
}

// outage is what a person and an operator see of a database that is away.
type outage struct {
	s      *testkit.Server
	person *testkit.Person
	ws     *websocket.Conn
	cids   []string
}

func (o *outage) isSaid(t *testing.T) {
	t.Helper()
	s := o.s
	var asking sync.WaitGroup
	for _, r := range []struct{ method, path, body string }{
		{http.MethodPost, "/api/rooms/1/messages", `{"content":"by REST"}`},
		{http.MethodGet, "/api/rooms/1/messages", ""},
		{http.MethodGet, "/api/me", ""},
		{http.MethodPost, "/api/profile/new", ""},
		{http.MethodPost, "/api/rooms", `{"title":"x","capacity":2,"visibility":"public"}`},
		{http.MethodPost, "/api/auth/refresh", `{"refresh_token":"` + o.person.Refresh + `"}`},
		{http.MethodPost, "/auth", fmt.Sprintf(`{"initData":%q}`, o.person.InitData())},
	} {
		asking.Go(func() {
			began := time.Now()
			answer := s.Do(r.method, r.path, r.body, o.person.Bearer())
			took := time.Since(began)
			if answer.Status != http.StatusServiceUnavailable || answer.Code() != "unavailable" || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s %s: %d %s", r.method, r.path, answer.Status, answer.Body)
			}
			if took > refusalLimit+slowMachine {
				t.Errorf("%s %s: refused after %v", r.method, r.path, took)
			}
		})
	}
	asking.Go(func() {
		within(t, unreadyLimit, "not ready", func() bool {
			answer := s.Do(http.MethodGet, "/readyz", "")
			return answer.Status == http.StatusServiceUnavailable && strings.Contains(string(answer.Body), `"reason":"database"`)
		})
		if answer := s.Do(http.MethodGet, "/livez", ""); answer.Status != http.StatusOK {
			t.Errorf("livez: %d %s", answer.Status, answer.Body)
		}
	})
	for n := range outageMessages {
		cid := uuid.NewString()
		o.cids = append(o.cids, cid)
		for event, payload := range map[string]string{
			"message": `{"content":"kept in the outbox","cid":"` + cid + `"}`,
			"join":    `{"roomId":77}`,
		} {
			answer, took := answerTo(t, o.ws, 100+10*n+len(event), event, payload)
			if !strings.Contains(answer, `"code":"unavailable"`) || !strings.Contains(answer, `"retryAfter":`) {
				t.Errorf("%s: %s", event, answer)
			}
			if took > refusalLimit+slowMachine {
				t.Errorf("%s: refused after %v", event, took)
			}
		}
	}
	asking.Wait()
}

func (o *outage) isOver(t *testing.T) {
	t.Helper()
	id := 1000
	within(t, recoveryLimit, "acknowledged again", func() bool { // on the same socket
		id++
		answer, _ := answerTo(t, o.ws, id, "message", `{"content":"kept in the outbox","cid":"`+o.cids[0]+`"}`)
		return strings.Contains(answer, `"seq":`)
	})
	within(t, unreadyLimit, "ready", func() bool { return o.s.Do(http.MethodGet, "/readyz", "").Status == http.StatusOK })
	for _, cid := range o.cids { // all of them twice: what a client does that has seen no ack
		for range 2 {
			id++
			if answer, _ := answerTo(t, o.ws, id, "message", `{"content":"kept in the outbox","cid":"`+cid+`"}`); !strings.Contains(answer, `"seq":`) {
				t.Error(answer)
			}
		}
	}
	var page struct {
		Items []struct {
			Seq     int64  `json:"seq"`
			Content string `json:"content"`
		} `json:"items"`
	}
	o.s.Do(http.MethodGet, "/api/rooms/1/messages?limit=200", "", o.person.Bearer()).Into(t, &page)
	kept := 0
	for i, m := range page.Items {
		if m.Seq != int64(i+1) {
			t.Errorf("place %d holds seq %d", i+1, m.Seq)
		}
		if m.Content == "kept in the outbox" {
			kept++
		}
	}
	if kept != len(o.cids) {
		t.Errorf("%d messages, sent under %d cids: %+v", kept, len(o.cids), page.Items)
	}
}

// read checks that everything that was acknowledged is there, and nothing else but what was refused without
// a word about its fate.
func read(t *testing.T, s *testkit.Server, person *testkit.Person, acked map[string]bool, unsure ...string) {
	t.Helper()
	found, before := 0, ""
	for more := true; more; {
		var page struct {
			More  bool `json:"hasMore"`
			Items []struct {
				Seq     int64  `json:"seq"`
				Content string `json:"content"`
			} `json:"items"`
		}
		s.Do(http.MethodGet, "/api/rooms/1/messages?limit=200"+before, "", person.Bearer()).Into(t, &page)
		for _, m := range page.Items {
			switch {
			case acked[m.Content]:
				found++
			case !slices.Contains(unsure, m.Content):
				t.Errorf("stored but not acknowledged: %.20s", m.Content)
			}
		}
		if more = page.More; more {
			before = fmt.Sprint("&before=", page.Items[0].Seq)
		}
	}
	if found != len(acked) {
		t.Errorf("of %d acknowledged, %d are stored", len(acked), found)
	}
}
