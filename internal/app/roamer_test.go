package app_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"maska/internal/testkit"
)

// balancer knows the nodes that can be reached. It is what stands before the nodes in production.
type balancer struct {
	mu    sync.Mutex
	turn  int
	nodes []*testkit.Server
}

func (b *balancer) add(node *testkit.Server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = append(b.nodes, node)
}

func (b *balancer) remove(node *testkit.Server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = slices.DeleteFunc(b.nodes, func(other *testkit.Server) bool { return other == node })
}

func (b *balancer) next() *testkit.Server {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.nodes) == 0 {
		return nil
	}
	b.turn++
	return b.nodes[b.turn%len(b.nodes)]
}

// roamer is a client that talks all the time and comes back by itself: one message is under way, and is
// sent again under its cid until it is acknowledged.
type roamer struct {
	t      *testing.T
	name   string
	person *testkit.Person
	before *balancer

	talks    atomic.Bool // something was acknowledged
	life     *reader     // the present or last one
	acked    []string
	gaps     []time.Duration
	ends     []time.Time
	breaches []string
}

const (
	// retryEvery is how long a client waits that reaches nobody.
	retryEvery = 20 * time.Millisecond
	// talkEvery lets the messages of a long gap fit one sync (200 changes).
	talkEvery = 200 * time.Millisecond
)

// roam lives until enough is closed, and then until its last message is acknowledged.
func (r *roamer) roam(enough <-chan struct{}) {
	ticker, talking := time.NewTicker(retryEvery), time.NewTicker(talkEvery)
	defer ticker.Stop()
	defer talking.Stop()
	pending, cid, n, gone := "", "", 0, time.Time{}
	for {
		conn := r.connect(gone)
		if conn == nil {
			<-ticker.C
			continue
		}
		for id := 0; ; id++ {
			if pending == "" {
				select {
				case <-enough:
					_ = conn.CloseNow()
					r.life.until("the end", func() bool { return r.life.ended })
					return
				case <-talking.C:
				}
				n++
				pending, cid = fmt.Sprintf("%s %d", r.name, n), uuid.NewString()
			}
			switch r.send(id, pending, cid) {
			case answeredAck:
				r.acked = append(r.acked, pending)
				r.talks.Store(true)
				pending = ""
				continue
			case answeredNo:
				<-ticker.C
				continue
			case answeredEnd:
			}
			break
		}
		gone = time.Now()
		r.ends = append(r.ends, gone)
		if code := websocket.CloseStatus(r.life.cause); code != websocket.StatusServiceRestart {
			r.breaches = append(r.breaches, fmt.Sprintf("closed with %v (%v)", code, r.life.cause))
		}
		if r.life.saw("disconnect") {
			r.breaches = append(r.breaches, "told to stay away")
		}
	}
}

// connect begins a life, after what was seen in the one before, and measures how long there was none.
func (r *roamer) connect(gone time.Time) *websocket.Conn {
	node := r.before.next()
	if node == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(node.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // of an upgrade there is none
	if err != nil {
		return nil // it drains, or is gone
	}
	conn.SetReadLimit(16 << 20)
	life := &reader{t: r.t, conn: conn, changed: make(chan struct{}), online: map[int64]int{}}
	place := `,"rooms":{"1":0}`
	if was := r.life; was != nil {
		life.last, life.epoch, life.contents, life.breaches = was.last, was.epoch, was.contents, was.breaches
		place = fmt.Sprintf(`,"rooms":{"1":%d},"epochs":{"1":"%s"}`, was.last, was.epoch)
	}
	r.life = life
	go life.read()
	life.say(`40{"token":"` + r.person.Access + `"` + place + `}`)
	life.until("the welcome", func() bool { return life.ended || slices.Contains(life.names, "presence") })
	if !gone.IsZero() {
		r.gaps = append(r.gaps, time.Since(gone))
	}
	return conn
}

type answer int

const (
	answeredAck answer = iota
	answeredNo
	answeredEnd
)

func (r *roamer) send(id int, content, cid string) (got answer) {
	life := r.life
	var acks, refusals int
	life.mu.Lock()
	acks, refusals = life.acks, len(life.refused)
	life.mu.Unlock()
	life.say(fmt.Sprintf(`42%d["message",{"content":"%s","cid":"%s"}]`, id, content, cid))
	life.until("an answer", func() bool {
		switch {
		case life.acks > acks:
			got = answeredAck
		case len(life.refused) > refusals:
			got = answeredNo
		case life.ended:
			got = answeredEnd
		default:
			return false
		}
		return true
	})
	return got
}

// checkRoamers wants everybody to have seen everything once and in order, everything acknowledged to be
// kept, nothing else to be there, and nobody to have been away for long.
func checkRoamers(t *testing.T, roamers []*roamer, node *testkit.Server, gap, spread time.Duration) {
	t.Helper()
	acked, longest := map[string]bool{}, time.Duration(0)
	ends := map[int]int{} // by tenth of the spread
	for _, r := range roamers {
		for _, breach := range append(r.breaches, r.life.breaches...) {
			t.Errorf("%s: %s", r.name, breach)
		}
		for _, content := range r.acked {
			acked[content] = true
		}
		if len(r.gaps) == 0 {
			t.Errorf("%s was never sent away", r.name)
		} else {
			longest = max(longest, slices.Max(r.gaps))
		}
		for _, at := range r.ends {
			ends[int(at.UnixMilli()*10/spread.Milliseconds())]++
		}
	}
	if longest > gap+slowMachine {
		t.Errorf("somebody was away for %v", longest)
	}
	if len(ends) < 3 {
		t.Errorf("clients were sent away in %d moments: %v", len(ends), ends)
	}
	read(t, node, roamers[0].person, acked)
	t.Logf("%d messages, longest gap %v", len(acked), longest.Round(time.Millisecond))
	all := listen(t, node, roamers[0].person, roamers[0].life)
	all.upTo(head(t, node, roamers[0].person)) // a presence of others may come before its own sync
	order := all.contents
	for _, r := range roamers {
		if n := len(r.life.contents); n > len(order) || !slices.Equal(r.life.contents, order[:n]) {
			t.Errorf("%s has seen another order", r.name)
		}
	}
}

// head is how far the global room has come.
func head(t *testing.T, node *testkit.Server, person *testkit.Person) int64 {
	t.Helper()
	var room struct {
		Head int64 `json:"head"`
	}
	node.Do(http.MethodGet, "/api/rooms/1", "", person.Bearer()).Into(t, &room)
	return room.Head
}
