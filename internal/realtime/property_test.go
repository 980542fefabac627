package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// ledger is what a store is to the feed, in its simplest form: the messages of the global room.
type ledger struct {
	mu       sync.Mutex
	messages []message.Message
}

func (l *ledger) add(n int) []message.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.messages)
	for range n {
		seq := int64(len(l.messages) + 1)
		l.messages = append(l.messages, message.Message{Room: room.Global, Seq: seq, Rev: seq, Content: strconv.FormatInt(seq, 10)})
	}
	return slices.Clone(l.messages[first:])
}

func (l *ledger) head() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.messages))
}

func (l *ledger) Room(_ context.Context, id room.ID) (room.Room, error) {
	if id != room.Global {
		return room.Room{}, errs.New(errs.NotFound)
	}
	return room.Room{ID: id, Epoch: "epoch", Head: l.head(), FirstSeq: 1}, nil
}

func (l *ledger) State(ctx context.Context, id room.ID) (room.State, error) {
	r, err := l.Room(ctx, id)
	return room.State{Room: r}, err
}

func (l *ledger) Before(_ context.Context, _ room.ID, before int64, limit int) ([]message.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages[max(0, int(before)-1-limit) : before-1]), nil
}

func (l *ledger) Changed(_ context.Context, _ room.ID, after, upTo int64, limit int) ([]message.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages[after:min(upTo, after+int64(limit))]), nil
}

func (l *ledger) Heads(_ context.Context, ids []room.ID) (map[room.ID]message.Head, error) {
	heads := map[room.ID]message.Head{}
	for _, id := range ids {
		if id == room.Global {
			heads[id] = message.Head{Seq: l.head(), Epoch: "epoch"}
		}
	}
	return heads, nil
}

// hall is an audience whose listeners note what they get, in the order of the calls.
type hall struct {
	*socketio.Namespace // makes packets
	mu                  sync.Mutex
	inside              []*listener
}

func (h *hall) Broadcast(_ string, p *socketio.Packet) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.inside {
		l.inbox = append(l.inbox, string(p.Text()))
	}
}

func (h *hall) Len(string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.inside)
}

// listener is a client that follows the contract's rules.
type listener struct {
	hall     *hall
	feed     *realtime.Feed
	inbox    []string // under the hall's lock
	last     int64
	contents []string
	// exact tells that a sync has brought it to where the others are, so that it must not see a hole.
	exact bool
}

func (l *listener) Send(p *socketio.Packet) error {
	l.hall.mu.Lock()
	defer l.hall.mu.Unlock()
	l.inbox = append(l.inbox, string(p.Text()))
	return nil
}

func (l *listener) Join(string) {
	l.hall.mu.Lock()
	defer l.hall.mu.Unlock()
	if !slices.Contains(l.hall.inside, l) {
		l.hall.inside = append(l.hall.inside, l)
	}
}

func (l *listener) Leave(string) {}

func (l *listener) Lost(room.ID, errs.Code) {}

func (l *listener) leave() {
	l.hall.mu.Lock()
	defer l.hall.mu.Unlock()
	l.hall.inside = slices.DeleteFunc(l.hall.inside, func(other *listener) bool { return other == l })
	l.inbox = nil // lost with the connection
	l.exact = false
}

func (l *listener) enter(r *report, tell bool) {
	var place *realtime.Place
	if tell {
		place = &realtime.Place{After: l.last, Epoch: "epoch"}
	}
	if err := l.feed.Enter(context.Background(), l, place); err != nil {
		r.failf("%v", err)
	}
}

// read takes up to n events.
func (l *listener) read(r *report, n int) {
	l.hall.mu.Lock()
	n = min(n, len(l.inbox))
	events := l.inbox[:n:n]
	l.inbox = l.inbox[n:]
	l.hall.mu.Unlock()
	for _, text := range events {
		l.event(r, text)
	}
}

func (l *listener) event(r *report, text string) {
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &args); err != nil {
		r.failf("%s: %v", text, err)
	}
	switch string(args[0]) {
	case `"message"`:
		var m view.Message
		decode(r, args[1], &m)
		if m.Seq > l.last+1 {
			if l.exact {
				r.failf("after %d came %d", l.last, m.Seq)
			}
			l.sync(r)
		}
		l.apply(m)
	case `"sync"`:
		var s view.Sync
		decode(r, args[1], &s)
		l.take(r, s)
		l.exact = true
	case `"heads"`:
		heads := view.Heads{}
		decode(r, args[1], &heads)
		if heads["1"] > l.last {
			l.sync(r)
		}
	}
}

func decode(r *report, text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		r.failf("%s: %v", text, err)
	}
}

func (l *listener) apply(m view.Message) {
	if m.Seq == l.last+1 {
		l.last = m.Seq
		l.contents = append(l.contents, m.Content)
	}
}

func (l *listener) take(r *report, s view.Sync) {
	if s.Reset {
		r.failf("reset at %d", l.last)
	}
	if s.After > l.last {
		l.sync(r)
		return
	}
	for _, m := range s.Items {
		l.apply(m)
	}
	switch {
	case s.More:
		l.sync(r)
	case s.Head > l.last && len(s.Items) > 0:
		r.failf("a sync to %d leaves %d", s.Head, l.last)
	case s.Head > l.last:
		l.sync(r)
	}
}

func (l *listener) sync(r *report) {
	got, err := l.feed.Since(context.Background(), room.Global, realtime.Place{After: l.last, Epoch: "epoch"})
	if err != nil {
		r.failf("%v", err)
	}
	l.take(r, view.NewSync(room.Global, got, 0))
	l.exact = true
}

type hints struct{ batches [][]byte }

func (h *hints) Publish(_ room.ID, batch []byte) { h.batches = append(h.batches, batch) }

// step is one thing that happens; what the numbers mean depends on it.
type step struct {
	what     string
	listener int
	n        int
	tell     bool
}

var steps = rapid.Custom(func(r *rapid.T) step {
	return step{
		what: rapid.SampledFrom([]string{
			"commit", "commit", "elsewhere", "elsewhere", "hear", "hear", "lose", "read", "leave", "enter", "wait",
		}).Draw(r, "what"),
		listener: rapid.IntRange(0, 2).Draw(r, "listener"),
		n:        rapid.IntRange(1, 30).Draw(r, "n"),
		tell:     rapid.Bool().Draw(r, "tells its place"),
	}
})

// report keeps the first thing that went wrong: rapid cannot be told inside of a synctest bubble.
type report struct{ text string }

func (r *report) failf(format string, args ...any) {
	if r.text == "" {
		r.text = fmt.Sprintf(format, args...)
	}
}

// Any interleaving of own commits, of what other nodes tell, late, twice or never, of coming, going
// and reading ends, once there is peace, with the same list for everybody.
func TestAnyInterleavingGivesTheSameList(t *testing.T) {
	server, err := socketio.New(socketio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Shutdown(context.WithoutCancel(t.Context()), 0); err != nil {
			t.Error(err)
		}
	})
	namespace := server.Namespace("/")
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfN(steps, 5, 40).Draw(r, "steps")
		var failed report
		synctest.Test(t, func(*testing.T) { interleave(&failed, namespace, all) })
		if failed.text != "" {
			r.Fatal(failed.text)
		}
	})
}

func interleave(r *report, namespace *socketio.Namespace, all []step) {
	store, audience, told := &ledger{}, &hall{Namespace: namespace}, &hints{}
	history := message.NewHistory(store)
	log := slog.New(slog.DiscardHandler)
	feed := realtime.NewFeed(realtime.FeedConfig{Audience: audience, History: history, Bus: realtime.NoBus{}, Now: time.Now, Log: log})
	defer feed.Close()
	other := realtime.NewFeed(realtime.FeedConfig{Audience: &hall{Namespace: namespace}, History: history, Bus: told, Now: time.Now, Log: log})
	defer other.Close()
	listeners := []*listener{{hall: audience, feed: feed}, {hall: audience, feed: feed}, {hall: audience, feed: feed}}
	for i, l := range listeners {
		l.enter(r, i > 0)
	}
	for _, s := range all {
		l := listeners[s.listener]
		switch s.what {
		case "commit":
			feed.Committed(room.Global, store.add(s.n))
		case "elsewhere":
			other.Committed(room.Global, store.add(s.n))
		case "hear": // in any order and any number of times
			if len(told.batches) > 0 {
				if err := feed.Receive(told.batches[s.n%len(told.batches)]); err != nil {
					r.failf("%v", err)
				}
			}
		case "lose":
			told.batches = nil
		case "read":
			l.read(r, s.n)
		case "leave":
			l.leave()
		case "enter":
			l.enter(r, s.tell)
		case "wait":
			<-time.After(time.Duration(s.n*s.n*10) * time.Millisecond)
		}
	}
	for _, l := range listeners {
		l.enter(r, true)
	}
	<-time.After(12 * time.Second) // the head check, and heads after the last change
	synctest.Wait()
	for i, l := range listeners {
		l.read(r, 1<<20)
		if l.last != store.head() || len(l.contents) != int(l.last) {
			r.failf("listener %d ends at %d with %d messages of %d", i, l.last, len(l.contents), store.head())
		}
		for place, content := range l.contents {
			if content != strconv.Itoa(place+1) {
				r.failf("listener %d holds %s at place %d", i, content, place+1)
			}
		}
	}
}
