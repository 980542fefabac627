package app_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/testkit"
	"maska/internal/testkit/testredis"
)

// patience is how long a test waits for what must come and has no deadline in a contract.
const patience = 30 * time.Second

// startNodes starts several nodes on one PostgreSQL and one Redis.
func startNodes(t *testing.T, count int, redisURL string, settings ...string) []*testkit.Server {
	t.Helper()
	settings = append([]string{
		"DATABASE_URL=" + testkit.PostgresURL(t), "REDIS_URL=" + redisURL, "REDIS_PREFIX=" + testredis.Prefix(),
		"ROOT_KEY=" + strings.Repeat("5a", 32),
	}, settings...)
	nodes := make([]*testkit.Server, count)
	for i := range nodes {
		nodes[i] = testkit.Start(t, settings...)
	}
	return nodes
}

// reader is a client of the global room that follows the contract's rules and notes every breach.
type reader struct {
	t    *testing.T
	conn *websocket.Conn

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew at every arrival
	last     int64
	epoch    string
	contents []string
	names    []string      // of the events that came
	online   map[int64]int // by room
	acks     int
	refused  []string
	breaches []string
	ended    bool
	cause    error // of the end
}

// listen opens a socket and waits until it hears the global room. after is what it has seen before, or
// nil for everything.
func listen(t *testing.T, s *testkit.Server, p *testkit.Person, before *reader) *reader {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // of an upgrade there is none
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(16 << 20)
	r := &reader{t: t, conn: conn, changed: make(chan struct{}), online: map[int64]int{}}
	place := `,"rooms":{"1":0}`
	if before != nil {
		r.last, r.epoch, r.contents = before.last, before.epoch, slices.Clone(before.contents)
		place = fmt.Sprintf(`,"rooms":{"1":%d},"epochs":{"1":"%s"}`, r.last, r.epoch)
	}
	var reading sync.WaitGroup
	reading.Go(r.read)
	t.Cleanup(func() {
		_ = conn.CloseNow() // it may have ended long before
		reading.Wait()
	})
	r.say(`40{"token":"` + p.Access + `"` + place + `}`)
	r.until("the welcome", func() bool { return slices.Contains(r.names, "presence") && r.epoch != "" })
	return r
}

func (r *reader) say(text string) {
	_ = r.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // an end is seen by the reader
}

// send says something and waits for its ack.
func (r *reader) send(content string) {
	r.t.Helper()
	r.mu.Lock()
	n := r.acks + len(r.refused)
	r.mu.Unlock()
	r.say(fmt.Sprintf(`42%d["message",{"content":"%s"}]`, n, content))
	r.until("an ack", func() bool { return r.acks+len(r.refused) > n })
}

func (r *reader) read() {
	for {
		_, text, err := r.conn.Read(context.Background())
		r.mu.Lock()
		if err != nil {
			r.ended, r.cause = true, err
		} else {
			r.packet(string(text))
		}
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (r *reader) packet(text string) {
	switch {
	case text == "2":
		r.say("3")
	case strings.HasPrefix(text, "42"):
		var args []jsontext.Value
		var name string
		if json.Unmarshal([]byte(text[2:]), &args) != nil || len(args) != 2 || json.Unmarshal(args[0], &name) != nil {
			r.breach("malformed: %s", text)
			return
		}
		r.names = append(r.names, name)
		r.event(name, args[1])
	case strings.HasPrefix(text, "43"):
		if strings.Contains(text, `"error"`) {
			r.refused = append(r.refused, text)
		} else {
			r.acks++
		}
	case strings.HasPrefix(text, "41"):
		r.names = append(r.names, "disconnect")
	case strings.HasPrefix(text, "44"):
		r.breach("CONNECT was refused: %s", text)
	}
}

func (r *reader) event(name string, data []byte) {
	type item struct {
		Seq     int64  `json:"seq"`
		Content string `json:"content"`
	}
	switch name {
	case "message":
		var m item
		if err := json.Unmarshal(data, &m); err != nil {
			r.breach("%v: %s", err, data)
			return
		}
		switch {
		case m.Seq <= r.last:
			r.breach("%d came again after %d", m.Seq, r.last)
		case m.Seq > r.last+1:
			r.breach("%d came after %d", m.Seq, r.last)
		}
		r.last = m.Seq
		r.contents = append(r.contents, m.Content)
	case "sync":
		var s struct {
			Items []item `json:"items"`
			Head  int64  `json:"head"`
			Epoch string `json:"epoch"`
			More  bool   `json:"more"`
			Reset bool   `json:"reset"`
		}
		if err := json.Unmarshal(data, &s); err != nil || s.Reset {
			r.breach("%v: %s", err, data)
			return
		}
		r.epoch = s.Epoch
		for _, m := range s.Items {
			if m.Seq > r.last {
				if m.Seq != r.last+1 {
					r.breach("a sync has %d after %d", m.Seq, r.last)
				}
				r.last = m.Seq
				r.contents = append(r.contents, m.Content)
			}
		}
		if s.More {
			r.breach("a sync that is not all: %s", data)
		}
		if s.Head > r.last {
			r.breach("a sync up to %d ends at %d", s.Head, r.last)
		}
	case "presence":
		var p struct {
			RoomID int64 `json:"roomId"`
			Online int   `json:"online"`
		}
		if err := json.Unmarshal(data, &p); err != nil {
			r.breach("%v: %s", err, data)
		}
		r.online[p.RoomID] = p.Online
	}
}

func (r *reader) breach(format string, args ...any) {
	r.breaches = append(r.breaches, fmt.Sprintf(format, args...))
}

// until waits for something to hold of what has come, and returns how long it took.
func (r *reader) until(what string, holds func() bool) time.Duration {
	r.t.Helper()
	began := time.Now()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		r.mu.Lock()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return time.Since(began)
		}
		select {
		case <-changed:
		case <-late.C:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("waited in vain for %s; at %d, events %v, breaches %v", what, r.last, r.names, r.breaches)
		}
	}
}

func (r *reader) upTo(seq int64) time.Duration {
	r.t.Helper()
	return r.until(fmt.Sprintf("message %d", seq), func() bool { return r.last >= seq })
}

func (r *reader) saw(name string) bool { return slices.Contains(r.names, name) }

// agree wants all readers to have seen the same, and nothing wrong.
func agree(t *testing.T, readers ...*reader) {
	t.Helper()
	for i, r := range readers {
		r.mu.Lock()
		if len(r.breaches) > 0 || len(r.refused) > 0 {
			t.Errorf("reader %d: %v %v", i, r.breaches, r.refused)
		}
		if !slices.Equal(r.contents, readers[0].contents) {
			t.Errorf("reader %d saw another order than reader 0", i)
		}
		if i > 0 {
			r.mu.Unlock()
		}
	}
	readers[0].mu.Unlock()
}

func TestClientsOnDifferentNodesSeeTheSameOrder(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		nodes  int
		pubsub string
	}{"two nodes": {2, "plain"}, "three nodes, sharded": {3, "sharded"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nodes := startNodes(t, how.nodes, testredis.URL(t), "RATE_LIMITS=off", "REDIS_PUBSUB="+how.pubsub)
			const each = 150
			readers := make([]*reader, len(nodes))
			writers := make([]*reader, len(nodes))
			for i, node := range nodes {
				readers[i] = listen(t, node, nodes[0].Enter(int64(10+i)), nil)
				writers[i] = listen(t, node, nodes[0].Enter(int64(20+i)), nil)
			}
			var writing sync.WaitGroup
			for i, w := range writers {
				writing.Go(func() {
					for n := range each {
						w.say(fmt.Sprintf(`42%d["message",{"content":"%d of %d"}]`, n, n, i))
					}
				})
			}
			writing.Wait()
			for _, r := range append(readers, writers...) {
				r.upTo(int64(len(nodes) * each))
			}
			agree(t, append(readers, writers...)...)
			for i := range writers { // each sender's own order is kept
				var own []string
				for _, text := range readers[0].contents {
					if strings.HasSuffix(text, fmt.Sprintf(" of %d", i)) {
						own = append(own, text)
					}
				}
				for n, text := range own {
					if text != fmt.Sprintf("%d of %d", n, i) {
						t.Fatalf("writer %d: message %d is %q", i, n, text)
					}
				}
			}
		})
	}
}

func readyz(t *testing.T, s *testkit.Server) string {
	t.Helper()
	answer := s.Do(http.MethodGet, "/readyz", "")
	if answer.Status != http.StatusOK {
		t.Errorf("readyz: %d %s", answer.Status, answer.Body)
	}
	return string(answer.Body)
}

func TestARedisThatIsKilledUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	redis := testredis.Start(t)
	nodes := startNodes(t, 3, redis.URL(), "RATE_LIMITS=off")
	people := make([]*testkit.Person, len(nodes))
	readers, writers := make([]*reader, len(nodes)), make([]*reader, len(nodes))
	for i, node := range nodes {
		people[i] = nodes[0].Enter(int64(10 + i))
		readers[i], writers[i] = listen(t, node, people[i], nil), listen(t, node, nodes[0].Enter(int64(20+i)), nil)
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for i, w := range writers {
		writing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					w.send(fmt.Sprintf("%d of %d", n, i))
				}
			}
		})
	}
	acked := func() (n int64) {
		for _, w := range writers {
			w.mu.Lock()
			n += int64(w.acks)
			w.mu.Unlock()
		}
		return n
	}
	// further waits until everybody has seen so many more, wherever they were sent.
	further := func(count int64) {
		t.Helper()
		goal := acked() + count
		for _, r := range readers {
			r.upTo(goal)
		}
	}
	further(200)
	for range 3 {
		redis.Kill()
		further(200)
		for i, node := range nodes {
			if text := readyz(t, node); !strings.Contains(text, `"degraded":["redis"]`) {
				t.Errorf("node %d: %s", i, text)
			}
			if answer := node.Do(http.MethodGet, "/api/me", "", people[i].Bearer()); answer.Status != http.StatusOK {
				t.Errorf("node %d does not know its people any more: %d", i, answer.Status)
			}
			node.SignIn(people[i])
		}
		redis.Run() // and is empty
		further(200)
	}
	close(stop)
	writing.Wait()
	total := acked()
	for _, r := range append(readers, writers...) {
		r.upTo(total)
	}
	agree(t, append(readers, writers...)...)
	if got := int64(len(readers[0].contents)); got != total {
		t.Errorf("%d acknowledged, %d seen", total, got)
	}
	for _, r := range append(readers, writers...) {
		if r.ended {
			t.Error("a socket was closed")
		}
	}
	for _, node := range nodes {
		if text := eventually(t, func() string { return readyz(t, node) }, `"redis":"ok"`); strings.Contains(text, "degraded") {
			t.Errorf("with Redis again: %s", text)
		}
	}
}

// eventually asks until the answer holds something.
func eventually(t *testing.T, ask func() string, want string) (text string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if text = ask(); strings.Contains(text, want) {
			return text
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s: %s", want, text)
		}
	}
}

func TestWithoutRedisMessagesReachOtherNodesInTwoSeconds(t *testing.T) {
	t.Parallel()
	redis := testredis.Start(t)
	nodes := startNodes(t, 2, redis.URL(), "RATE_LIMITS=off")
	here, there := listen(t, nodes[0], nodes[0].Enter(1), nil), listen(t, nodes[1], nodes[0].Enter(2), nil)
	here.send("with")
	there.upTo(1)
	redis.Kill()
	eventually(t, func() string { return readyz(t, nodes[1]) }, `"degraded"`)
	for n := range int64(4) {
		here.send("without")
		if took := there.upTo(n + 2); took > 2*time.Second {
			t.Errorf("message %d took %v", n, took)
		}
	}
	agree(t, here, there)
}

func TestNodesStartWithoutRedisAndFindItLater(t *testing.T) {
	t.Parallel()
	redis := testredis.Start(t)
	redis.Kill()
	nodes := startNodes(t, 2, redis.URL(), "RATE_LIMITS=off")
	here, there := listen(t, nodes[0], nodes[0].Enter(1), nil), listen(t, nodes[1], nodes[0].Enter(2), nil)
	here.send("without")
	there.upTo(1)
	redis.Run()
	for _, node := range nodes {
		eventually(t, func() string { return readyz(t, node) }, `"redis":"ok"`)
	}
	here.send("with")
	there.upTo(2)
	agree(t, here, there)
}

func TestAnEndedSessionIsCutOnAllNodes(t *testing.T) {
	t.Parallel()
	redis := testredis.Start(t)
	nodes := startNodes(t, 2, redis.URL(), "RATE_LIMITS=off")
	for _, step := range []struct {
		how    string
		before func()
		limit  time.Duration // guarantee G7, decision 29
	}{
		{"with Redis", func() {}, 2 * time.Second},
		{"without", redis.Kill, 10 * time.Second},
	} {
		person := nodes[0].Enter(1)
		socket := listen(t, nodes[1], person, nil)
		nodes[1].Do(http.MethodGet, "/api/me", "", person.Bearer()) // the other node remembers the session
		step.before()
		if answer := nodes[0].Do(http.MethodPost, "/api/auth/logout", "{}", person.Bearer()); answer.Status != http.StatusOK {
			t.Fatalf("logout: %d %s", answer.Status, answer.Body)
		}
		began := time.Now()
		socket.until("the end", func() bool { return socket.saw("session_revoked") && socket.saw("disconnect") })
		if took := time.Since(began); took > step.limit {
			t.Errorf("%s: the socket was closed after %v", step.how, took)
		}
		if answer := nodes[1].Do(http.MethodGet, "/api/me", "", person.Bearer()); answer.Code() != "session_revoked" {
			t.Errorf("%s: REST says %d %s", step.how, answer.Status, answer.Body)
		}
	}
}

func TestANewMaskReachesTheSocketsOfOtherNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t), "RATE_LIMITS=off")
	person := nodes[0].Enter(1)
	socket := listen(t, nodes[1], person, nil)
	if answer := nodes[0].Do(http.MethodPost, "/api/profile/new", "{}", person.Bearer()); answer.Status != http.StatusOK {
		t.Fatalf("a new mask: %d %s", answer.Status, answer.Body)
	}
	if took := socket.until("the mask", func() bool { return socket.saw("mask") }); took > 2*time.Second {
		t.Errorf("the mask came after %v", took)
	}
	old := person.Mask
	nodes[0].SignIn(person)
	socket.send("who am I?")
	var said []struct {
		UserID int64 `json:"userId"`
	}
	nodes[1].Do(http.MethodGet, "/rooms/1/messages", "", person.Bearer()).Into(t, &said)
	if len(said) != 1 || said[0].UserID != person.Mask || person.Mask == old {
		t.Errorf("%+v was said under %d, the old mask is %d", said, person.Mask, old)
	}
}

func TestLimitsCountOverAllNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t))
	person := nodes[0].Enter(1)
	for i, want := range []int{200, 200, 200, 429} {
		if answer := nodes[i%2].Do(http.MethodPost, "/api/profile/new", "{}", person.Bearer()); answer.Status != want {
			t.Errorf("mask %d: %d %s, want %d", i+1, answer.Status, answer.Body, want)
		}
	}
}

func TestWhoComesBackToAnotherNodeCatchesUpExactly(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t), "RATE_LIMITS=off")
	person := nodes[0].Enter(1)
	writer := listen(t, nodes[0], nodes[0].Enter(2), nil)
	walker := listen(t, nodes[0], person, nil)
	for n := range int64(6) {
		writer.send(fmt.Sprintf("heard %d", n))
		walker.upTo(10*n + 1)
		if err := walker.conn.CloseNow(); err != nil {
			t.Fatal(err)
		}
		for k := range 9 {
			writer.send(fmt.Sprintf("missed %d %d", n, k))
		}
		walker = listen(t, nodes[(n+1)%2], person, walker)
		walker.upTo(10 * (n + 1))
	}
	agree(t, writer, walker)
}

func TestPresenceCountsThePeopleOfAllNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, testredis.URL(t), "RATE_LIMITS=off")
	var readers []*reader
	for i := range 5 {
		readers = append(readers, listen(t, nodes[i%2], nodes[0].Enter(int64(i+1)), nil))
	}
	var small struct {
		ID int64 `json:"id"`
	}
	owner := nodes[0].Enter(1)
	nodes[0].Do(http.MethodPost, "/api/rooms", `{"title":"Kitchen","capacity":3,"visibility":"public"}`, owner.Bearer()).Into(t, &small)
	for _, r := range readers[:2] { // on different nodes
		r.say(fmt.Sprintf(`42["join",{"roomId":%d}]`, small.ID))
	}
	for _, r := range readers {
		r.until("five people", func() bool { return r.online[1] == 5 })
	}
	for _, r := range readers[:2] {
		r.until("both in the small room", func() bool { return r.online[small.ID] == 2 })
	}
	nodes[1].Stop()
	readers[0].until("those of one node", func() bool { return readers[0].online[1] == 0 && readers[0].online[small.ID] == 1 })
}
