package realtime_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/view"
)

// line is a bus that brings what it is asked for, and may be cut.
type line struct {
	down atomic.Bool
	feed *realtime.Feed
	sent chan []byte

	mu       sync.Mutex
	followed map[room.ID]int
}

func (w *line) Publish(id room.ID, batch []byte) {
	if w.down.Load() {
		w.feed.Unsent(id)
		return
	}
	w.sent <- batch
}

func (w *line) Follow(id room.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.followed[id]++
}

func (w *line) Unfollow(id room.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.followed, id)
}

func (w *line) Down() bool { return w.down.Load() }

// newLine has room for what a test publishes.
func newLine() *line { return &line{sent: make(chan []byte, 64), followed: map[room.ID]int{}} }

func TestARoomIsFollowedBeforeSomebodyHearsIt(t *testing.T) {
	t.Parallel()
	w := newLine()
	c := newChat(t, func(s *settings) { s.bus = w })
	c.enter(t, c.arrive(t).token)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.followed[room.Global] != 1 {
		t.Errorf("followed: %v", w.followed)
	}
}

func TestWhileTheBusIsDownHeadsAreLookedAtEveryTick(t *testing.T) {
	t.Parallel()
	w := newLine()
	w.down.Store(true)
	c := newChat(t, func(s *settings) {
		s.bus = w
		s.timing.Tick, s.timing.HeadCheck = 10*time.Millisecond, time.Hour
	})
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	c.store(t, anna, "said on another node")
	if got := into[view.Sync](t, cl.await("sync").data); contentsOf(got.Items) != "said on another node" {
		t.Errorf("sync: %+v", got)
	}
}

func TestWhatTheBusMayHaveLostIsLookedForWhenItSaysSo(t *testing.T) {
	t.Parallel()
	w := newLine()
	c := newChat(t, func(s *settings) {
		s.bus = w
		s.timing.HeadCheck = time.Hour
	})
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	c.store(t, anna, "lost by the bus")
	c.feed.Recheck()
	if got := into[view.Sync](t, cl.await("sync").data); contentsOf(got.Items) != "lost by the bus" {
		t.Errorf("sync: %+v", got)
	}
}

func TestWhatCouldNotBePublishedIsToldAsAHeadLater(t *testing.T) {
	t.Parallel()
	w := newLine()
	c := newChat(t, func(s *settings) { s.bus = w })
	w.feed = c.feed
	anna := c.arrive(t)
	cl := c.enter(t, anna.token)
	w.down.Store(true)
	for n := range 3 {
		c.say(t, anna, fmt.Sprint(n))
		cl.await("message")
	}
	if unsent := c.feed.Stats().Unsent; unsent != 3 || len(w.sent) > 0 {
		t.Fatalf("%d unsent, %d published", unsent, len(w.sent))
	}
	w.down.Store(false)
	c.feed.Recheck()
	var head []byte
	select {
	case head = <-w.sent:
	case <-time.After(patience):
		t.Fatal("no head was published")
	}
	if string(head) != "\x02\x01\x03" {
		t.Fatalf("published: %q", head)
	}

	// Another node that hears of it looks into the store.
	other := newChat(t, func(s *settings) { s.timing.HeadCheck = time.Hour })
	berta := other.arrive(t)
	listening := other.enter(t, berta.token)
	for n := range 3 {
		other.store(t, berta, fmt.Sprint(n))
	}
	if err := other.feed.Receive(head); err != nil {
		t.Fatal(err)
	}
	if got := into[view.Sync](t, listening.await("sync").data); contentsOf(got.Items) != "0 1 2" || got.Head != 3 {
		t.Errorf("sync: %+v", got)
	}
	for _, malformed := range []string{"\x02", "\x02\x01", "\x02\x01\x03\x01"} {
		if other.feed.Receive([]byte(malformed)) == nil {
			t.Errorf("%q was taken", malformed)
		}
	}
}

func TestMasksOnOtherNodesAreCounted(t *testing.T) {
	t.Parallel()
	c := newChat(t, nil)
	c.enter(t, c.arrive(t).token)
	if got := c.feed.Crowds(); len(got) != 1 || got[room.Global] != 1 {
		t.Errorf("masks here: %v", got)
	}
	c.feed.Elsewhere(room.Global, 4)
	if c.hub.Online() != 5 {
		t.Errorf("%d online", c.hub.Online())
	}
	c.feed.Elsewhere(room.Global, 3)
	if c.hub.Online() != 0 {
		t.Errorf("%d online", c.hub.Online())
	}
}
