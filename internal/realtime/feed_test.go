package realtime_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/message"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/testkit"
	"maska/internal/view"
)

// say sends messages without limits or sockets.
func (c *chat) say(t testing.TB, who person, contents ...string) {
	t.Helper()
	for _, content := range contents {
		if _, err := c.sender.Send(t.Context(), c.actor(who), draftOf(t, content)); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

// store says something that this node's feed does not hear of, as if another node had and its bus had lost it.
func (c *chat) store(t testing.TB, who person, contents ...string) {
	t.Helper()
	batch := make([]message.Pending, len(contents))
	for i, content := range contents {
		batch[i] = message.Pending{Room: room.Global, Author: who.profile.ID, CID: message.NewCID(dice), Content: content}
	}
	if _, err := c.db.Append(t.Context(), time.Now(), batch); err != nil {
		t.Fatal(err)
	}
}

func (c *chat) resume(t testing.TB, who person, after int64, epoch string) (*client, view.Sync) {
	t.Helper()
	cl := c.dial(t, fmt.Sprintf(`{"token":%q,"rooms":{"1":%d},"epochs":{"1":%q}}`, who.token, after, epoch))
	cl.await("joined")
	return cl, into[view.Sync](t, cl.await("sync").data)
}

func contentsOf(items []view.Message) string {
	contents := make([]string, len(items))
	for i, m := range items {
		contents[i] = m.Content
	}
	return strings.Join(contents, " ")
}

func (c *chat) epoch(t testing.TB) string {
	t.Helper()
	head, err := c.feed.Head(t.Context(), room.Global)
	if err != nil {
		t.Fatal(err)
	}
	return head.Epoch
}

func TestWhoComesBackGetsExactlyTheRest(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	c.store(t, boris, numbers(1, 30)...) // before this node began to listen: read from the store
	epoch := c.epoch(t)
	c.enter(t, boris.token)
	c.say(t, boris, numbers(31, 40)...) // heard by this node: served from its tail
	var clients []*client
	for after, want := range map[int64][]string{40: nil, 39: numbers(40, 40), 30: numbers(31, 40), 20: numbers(21, 40), 0: numbers(1, 40)} {
		cl, got := c.resume(t, anna, after, epoch)
		if contentsOf(got.Items) != strings.Join(want, " ") || got.Head != 40 || got.Epoch != epoch || got.RoomID != 1 || got.More || got.Reset || got.Room != nil {
			t.Errorf("after %d: %+v", after, got)
		}
		clients = append(clients, cl)
	}
	c.say(t, boris, "next")
	for _, cl := range clients {
		if next := into[view.Message](t, cl.await("message").data); next.Content != "next" {
			t.Errorf("after the sync came %+v", next)
		}
	}
}

func TestFromTheTailAsFromTheStore(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna, boris := c.arrive(t), c.arrive(t)
	c.enter(t, boris.token)
	c.say(t, boris, numbers(1, 20)...)
	before := c.feed.Stats()
	_, fromTail := c.resume(t, anna, 5, c.epoch(t))
	if after := c.feed.Stats(); after.FromTail != before.FromTail+1 || after.FromStore != before.FromStore {
		t.Errorf("it was not served from the tail: %+v", after)
	}
	cl := c.enter(t, anna.token)
	fromStore := into[view.Sync](t, cl.call("sync", `{"roomId":1,"after":5,"epoch":"`+c.epoch(t)+`"}`))
	one, err := json.Marshal(fromTail)
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(fromStore)
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(other) {
		t.Errorf("from the tail:\n%s\nfrom the store:\n%s", one, other)
	}
}

func TestWhoIsTooFarBehindStartsAnew(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	for range 6 {
		c.store(t, anna, numbers(1, 200)...)
	}
	epoch := c.epoch(t)
	for name, place := range map[string]struct {
		after int64
		epoch string
	}{"too far behind": {100, epoch}, "ahead": {1201, epoch}, "another epoch": {1200, "other"}} {
		cl, got := c.resume(t, anna, place.after, place.epoch)
		if !got.Reset || len(got.Items) != 50 || got.Items[49].Seq != 1200 || got.Head != 1200 || got.Epoch != epoch || got.Room == nil {
			t.Errorf("%s: reset %v, %d items, head %d, room %v", name, got.Reset, len(got.Items), got.Head, got.Room)
		}
		_ = cl.conn.CloseNow()
	}
	cl, got := c.resume(t, anna, 900, epoch)
	if !got.More || len(got.Items) != 200 || got.Items[199].Seq != 1100 || got.Head != 1200 {
		t.Errorf("300 behind: more %v, %d items, head %d", got.More, len(got.Items), got.Head)
	}
	rest := into[view.Sync](t, cl.call("sync", `{"roomId":1,"after":1100,"epoch":"`+epoch+`"}`))
	if rest.More || len(rest.Items) != 100 || rest.Items[99].Seq != 1200 {
		t.Errorf("the rest: more %v, %d items", rest.More, len(rest.Items))
	}
}

// reader is a client that follows the contract's rules: it applies what is next, drops what it has,
// and asks for a sync on a hole.
type reader struct {
	*client
	last     int64
	contents []string
}

func (r *reader) follow(until int64) {
	r.t.Helper()
	for r.last < until {
		var e event
		r.until("the next change", func() bool {
			for i, candidate := range r.inbox {
				if candidate.name == "message" || candidate.name == "sync" || candidate.name == "heads" || candidate.name == "closed" {
					e = candidate
					r.inbox = append(r.inbox[:i], r.inbox[i+1:]...)
					return true
				}
			}
			return false
		})
		switch e.name {
		case "message":
			m := into[view.Message](r.t, e.data)
			if m.Seq > r.last+1 {
				r.sync()
			}
			r.apply(m)
		case "sync":
			r.take(into[view.Sync](r.t, e.data))
		case "heads":
			if into[map[string]int64](r.t, e.data)["1"] > r.last {
				r.sync()
			}
		default:
			r.t.Fatalf("the connection ended at %d", r.last)
		}
	}
}

func (r *reader) apply(m view.Message) {
	if m.Seq == r.last+1 {
		r.last = m.Seq
		r.contents = append(r.contents, m.Content)
	}
}

func (r *reader) take(s view.Sync) {
	if s.Reset {
		r.t.Fatalf("reset at %d", r.last)
	}
	if len(s.Items) > 0 && s.Items[0].Seq > r.last+1 { // it was made for others, who were further
		r.sync()
		return
	}
	for _, m := range s.Items {
		r.apply(m)
	}
	if s.More {
		r.sync()
		return
	}
	if s.Head > r.last {
		r.t.Fatalf("a sync to %d leaves %d", s.Head, r.last)
	}
}

func (r *reader) sync() {
	r.take(into[view.Sync](r.t, r.call("sync", fmt.Sprintf(`{"roomId":1,"after":%d}`, r.last))))
}

func (r *reader) check(want int) {
	r.t.Helper()
	if len(r.contents) != want {
		r.t.Errorf("%d messages, want %d", len(r.contents), want)
	}
	for i, content := range r.contents {
		if content != fmt.Sprint(i+1) {
			r.t.Fatalf("place %d holds %q", i+1, content)
		}
	}
}

// Everybody is cut off again and again while somebody talks.
func TestReconnectingMidTalkLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.unlimited = true })
	speaker := c.arrive(t)
	const n = 400
	var running sync.WaitGroup
	running.Go(func() {
		for i := range n {
			if _, err := c.sender.Send(t.Context(), c.actor(speaker), draftOf(t, fmt.Sprint(i+1))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var readers sync.WaitGroup
	for k := range 4 {
		who := c.arrive(t)
		readers.Go(func() {
			r := &reader{}
			for step := 0; r.last < n; step++ {
				r.client = c.dial(t, fmt.Sprintf(`{"token":%q,"rooms":{"1":%d}}`, who.token, r.last))
				r.follow(min(n, r.last+int64(1+(k+7*step)%40)))
				_ = r.conn.CloseNow()
			}
			r.check(n)
		})
	}
	readers.Wait()
	running.Wait()
}

// wire joins two nodes and loses what it is told to.
type wire struct {
	mu    sync.Mutex
	other *realtime.Feed
	lose  func(batch int) bool
	count int
	held  [][]byte
	t     testing.TB
}

func (w *wire) Publish(_ room.ID, batch []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	switch {
	case w.lose != nil && w.lose(w.count):
	case w.count%5 == 0: // late: after the next one
		w.held = append(w.held, batch)
		return
	default:
		w.receive(batch)
	}
	for _, late := range w.held {
		w.receive(late)
		w.receive(late) // and twice
	}
	w.held = nil
}

func (w *wire) receive(batch []byte) {
	if err := w.other.Receive(batch); err != nil {
		w.t.Error(err)
	}
}

func twoNodes(t testing.TB, timing realtime.Timing, lose func(batch int) bool) (here, there *chat) {
	t.Helper()
	db := testkit.Postgres(t)
	folk := newPeople(db.Store)
	out, back := &wire{t: t, lose: lose}, &wire{t: t, lose: lose}
	here = newChat(t, func(s *settings) {
		s.db, s.people, s.bus, s.timing, s.unlimited = db.Store, folk, out, timing, true
	})
	there = newChat(t, func(s *settings) {
		s.db, s.people, s.bus, s.timing, s.unlimited = db.Store, folk, back, timing, true
	})
	out.other, back.other = there.feed, here.feed
	return here, there
}

// Two nodes talk at once over a bus that loses, delays, swaps and doubles: everybody on both sees
// the same, in order.
func TestALossyBusLosesNothing(t *testing.T) {
	t.Parallel()
	here, there := twoNodes(t, realtime.Timing{Tick: 5 * time.Millisecond, HeadCheck: 50 * time.Millisecond}, func(batch int) bool { return batch%3 == 0 })
	const n = 200
	listeners := []*reader{
		{client: here.enter(t, here.arrive(t).token)}, {client: there.enter(t, here.arrive(t).token)},
	}
	var running sync.WaitGroup
	for k, node := range []*chat{here, there} {
		who := here.arrive(t)
		running.Go(func() {
			for i := range n {
				if _, err := node.sender.Send(t.Context(), here.actor(who), draftOf(t, fmt.Sprintf("%d of %d", i, k))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, r := range listeners {
		r.follow(2 * n)
	}
	running.Wait()
	if got, want := strings.Join(listeners[0].contents, "\n"), strings.Join(listeners[1].contents, "\n"); got != want {
		t.Error("the two nodes' listeners saw different things")
	}
}

func TestALostLastMessageIsFoundByTheHeadCheck(t *testing.T) {
	t.Parallel()
	here, there := twoNodes(t, realtime.Timing{HeadCheck: 20 * time.Millisecond}, func(int) bool { return true })
	cl := there.enter(t, here.arrive(t).token)
	here.say(t, here.arrive(t), "nothing follows")
	got := into[view.Sync](t, cl.await("sync").data)
	if contentsOf(got.Items) != "nothing follows" || got.Head != 1 || got.More || got.Reset {
		t.Errorf("sync: %+v", got)
	}
}

// While nobody listens, nobody compares heads; the first who comes must not be told old news.
func TestTheFirstAfterAPauseMissesNothing(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	c.say(t, anna, "heard")
	cl.await("message")
	cl.write("41")
	cl.write("40") // answered after the end of the socket before, and without a token it hears nothing
	cl.await("connect")
	c.store(t, anna, "unheard")
	for after, want := range []string{"heard unheard", "unheard", ""} {
		_, got := c.resume(t, anna, int64(after), "")
		if contentsOf(got.Items) != want || got.Head != 2 {
			t.Errorf("after %d: %+v", after, got)
		}
	}
}

func TestABatchOfAnotherNodeMayBeMalformed(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	cl := c.enter(t, c.arrive(t).token)
	for _, batch := range []string{
		"", "\x00", "\x01", "\x02\x01\x01\x02[]", "\x01\x01", "\x01\x01\x01", "\x01\x01\x01\x05[]", "\x01\x01\x01\x0042",
		"\x01\x01\x01\x02{}", "\x01\x01\x01\x0f43[\"message\",{}]", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		if err := c.feed.Receive([]byte(batch)); err == nil {
			t.Errorf("%q was taken", batch)
		}
	}
	if code := errorCode(t, cl.call("message", `{"content":"unharmed"}`)); code != "" {
		t.Errorf("afterwards: %q", code)
	}
}

// The write path cannot tell whether a commit took place whose answer was lost: the feed looks for itself.
func TestADoubtfulCommitIsLookedFor(t *testing.T) {
	t.Parallel()
	c := newChat(t, func(s *settings) { s.timing.HeadCheck = time.Hour })
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	c.store(t, anna, "committed, but nobody knows")
	c.feed.Unsure(room.Global)
	if got := into[view.Sync](t, cl.await("sync").data); contentsOf(got.Items) != "committed, but nobody knows" || got.Head != 1 {
		t.Errorf("sync: %+v", got)
	}
	c.say(t, anna, "next")
	if got := into[view.Message](t, cl.await("message").data); got.Seq != 2 {
		t.Errorf("then: %+v", got)
	}
}
