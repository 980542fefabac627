package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"maska/internal/message"
	"maska/internal/room"
	"maska/socketio"
)

// Audience is where packets go; *socketio.Namespace is one.
type Audience interface {
	Packets
	// Broadcast sends a packet to everyone in the room at this moment and waits for nobody.
	Broadcast(room string, p *socketio.Packet)
	// Len tells how many are in the room.
	Len(room string) int
}

// Bus tells other nodes what this node has committed. It is a hint: what it loses is found by
// comparing heads with the store and read from there. What it brings goes to Feed.Receive.
type Bus interface {
	// Publish sends a batch of a room to all other nodes. It must not block.
	Publish(id room.ID, batch []byte)
}

// NoBus is the bus of a node that is alone.
type NoBus struct{}

// Publish does nothing: there is nobody to tell.
func (NoBus) Publish(room.ID, []byte) {}

// Timing holds the chat's times. The zero value of a field means its default.
type Timing struct {
	HoleWait    time.Duration // how long a hole may wait for its frames; 25 ms
	RepairAgain time.Duration // pause after the store could not be read; 1 s
	HeadCheck   time.Duration // how often heads are compared with the store; 5 s
	HeadsAfter  time.Duration // from a room's last change to heads; 5 s
	HeadsEvery  time.Duration // between heads while nothing changes; 60 s
	Tick        time.Duration // how often things that are due are looked for; 1 s
	ReadLimit   time.Duration // longest use of the store, so that a refusal arrives within two seconds (guarantee G10); 1.8 s

	SignIn       time.Duration // from CONNECT to a valid token; 10 s
	ExpiryGrace  time.Duration // from a token's end to auth_required; 60 s
	RenewalGrace time.Duration // from auth_required to the disconnect; 30 s
	Sweep        time.Duration // how often all sessions are checked; 4 s, so that with what the look-up remembers an end is seen well within 10 s
	Presence     time.Duration // shortest time between two presence events of a room; 5 s
}

func (t Timing) withDefaults() Timing {
	for field, standard := range map[*time.Duration]time.Duration{
		&t.HoleWait: 25 * time.Millisecond, &t.RepairAgain: time.Second, &t.HeadCheck: 5 * time.Second,
		&t.HeadsAfter: 5 * time.Second, &t.HeadsEvery: time.Minute, &t.Tick: time.Second, &t.ReadLimit: 1800 * time.Millisecond,
		&t.SignIn: 10 * time.Second, &t.ExpiryGrace: time.Minute, &t.RenewalGrace: 30 * time.Second,
		&t.Sweep: 4 * time.Second, &t.Presence: 5 * time.Second,
	} {
		if *field == 0 {
			*field = standard
		}
	}
	return t
}

// FeedConfig holds what a Feed needs.
type FeedConfig struct {
	Audience Audience
	History  *message.History
	Bus      Bus
	Now      func() time.Time
	Log      *slog.Logger
	Timing   Timing
}

// Feed delivers the rooms on this node, each through one cursor in order of seq. It is the
// message.Publisher of this node.
type Feed struct {
	audience Audience
	history  *message.History
	bus      Bus
	// subscriber is the bus if it brings only what is asked for, else nil.
	subscriber Subscriber
	now        func() time.Time
	log        *slog.Logger
	timing     Timing

	reads singleflight.Group // catch-ups that ask the same
	crowd *presence

	mu       sync.Mutex // guards what follows
	cursors  map[room.ID]*cursor
	followed map[room.ID]struct{} // asked for at the subscriber
	dirty    map[room.ID]struct{} // something of them could not be published
	closed   bool

	recheck chan struct{}
	stop    chan struct{}
	running sync.WaitGroup

	counters struct{ frames, repairs, fromTail, fromStore, unsent atomic.Uint64 }
}

var _ message.Publisher = (*Feed)(nil)

// NewFeed starts a Feed; end it with Close.
func NewFeed(cfg FeedConfig) *Feed {
	f := &Feed{
		audience: cfg.Audience, history: cfg.History, bus: cfg.Bus, now: cfg.Now, log: cfg.Log, timing: cfg.Timing.withDefaults(),
		cursors: map[room.ID]*cursor{}, followed: map[room.ID]struct{}{}, dirty: map[room.ID]struct{}{},
		recheck: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	f.subscriber, _ = cfg.Bus.(Subscriber)
	f.crowd = newPresence(f)
	f.running.Go(f.run)
	return f
}

// Close ends the feed's own activity; nothing is delivered any more.
func (f *Feed) Close() {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.stop)
	}
	f.mu.Unlock()
	f.running.Wait()
}

// after calls do on a goroutine of its own after a while, unless the feed is closed before.
func (f *Feed) after(wait time.Duration, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.running.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			do()
		case <-f.stop:
		}
	})
}

func (f *Feed) run() {
	tick, check := time.NewTicker(f.timing.Tick), time.NewTicker(f.timing.HeadCheck)
	defer tick.Stop()
	defer check.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-tick.C:
			now := f.now()
			for _, c := range f.listened() {
				c.tellHead(now)
				if c.small() {
					c.tellOnline(now)
				}
			}
			f.crowd.tell(now)
			f.forgetIdle(now)
			f.lookAtOthers()
		case <-check.C:
			f.checkHeads()
		case <-f.recheck:
			f.tellDirty()
			f.checkHeads()
		}
	}
}

// listened returns the cursors of rooms that somebody here listens to.
func (f *Feed) listened() []*cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*cursor
	for _, c := range f.cursors {
		if f.audience.Len(c.room) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// checkHeads finds out what the bus has lost.
func (f *Feed) checkHeads() {
	all := f.listened()
	if len(all) == 0 {
		return
	}
	ids := make([]room.ID, len(all))
	for i, c := range all {
		ids[i] = c.id
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.timing.ReadLimit)
	defer cancel()
	heads, err := f.history.Heads(ctx, ids)
	if err != nil {
		f.log.Warn("heads could not be read", "error", err)
		return
	}
	for _, c := range all {
		if head, ok := heads[c.id]; ok {
			c.hint(head)
		}
	}
}

// Committed delivers new messages of this node to the listeners here and to the other nodes.
func (f *Feed) Committed(id room.ID, messages []message.Message) {
	frames := make([]frame, 0, len(messages))
	for i := range messages {
		fr, err := messageFrame(f.audience, &messages[i])
		if err != nil {
			f.log.Error("a message could not be encoded", "error", err)
			f.Unsure(id)
			return
		}
		frames = append(frames, fr)
	}
	f.counters.frames.Add(uint64(len(frames)))
	f.publish(id, frames)
	f.offer(id, frames)
}

// publish tells the other nodes, if there can be any.
func (f *Feed) publish(id room.ID, frames []frame) {
	if f.bus != (NoBus{}) {
		f.bus.Publish(id, encodeBatch(id, frames))
	}
}

// Unsure makes the feed look into the store for changes of a room that nobody told.
func (f *Feed) Unsure(id room.ID) {
	if c := f.existing(id); c != nil {
		c.suspect()
	}
}

// Receive takes a batch from another node. The error says that it was malformed; nothing is lost by
// dropping it.
func (f *Feed) Receive(batch []byte) error {
	if len(batch) > 0 && batch[0] == headVersion {
		return f.receiveHead(batch[1:])
	}
	id, frames, err := parseBatch(f.audience, batch)
	if err == nil {
		f.offer(id, frames)
	}
	return err
}

func (f *Feed) offer(id room.ID, frames []frame) {
	if c := f.existing(id); c != nil { // nobody has listened to the others
		c.offer(frames)
	}
}

func (f *Feed) existing(id room.ID) *cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursors[id]
}

// hold returns the cursor of a room, which stays the room's cursor until letGo.
func (f *Feed) hold(id room.ID) *cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.cursors[id]
	if c == nil {
		c = newCursor(f, id)
		f.cursors[id] = c
	}
	c.holders++
	return c
}

func (f *Feed) letGo(c *cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.holders--
}

// stand reads how far a room has come and, of a small one, who sits there, once for all who ask at once.
func (f *Feed) stand(ctx context.Context, id room.ID) (message.Head, *change, error) {
	got, err := f.shared(ctx, fmt.Sprintf("%d", id), func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithTimeout(ctx, f.timing.ReadLimit)
		defer cancel()
		return f.history.State(ctx, id)
	})
	if err != nil {
		return message.Head{}, nil, err
	}
	state := got.(room.State)
	return message.Head{Seq: state.Head, Epoch: state.Epoch}, changeOf(&state), nil
}

// Head is how far a room has come on this node.
func (f *Feed) Head(ctx context.Context, id room.ID) (message.Head, error) {
	c := f.hold(id)
	defer f.letGo(c)
	if err := c.open(ctx); err != nil {
		return message.Head{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return message.Head{Seq: c.last, Epoch: c.epoch}, nil
}

// Place is what a client has seen of a room: everything up to After, under Epoch if it knows it.
type Place struct {
	After int64
	Epoch string
}

// Enter makes a listener hear the global room from now on, without a gap after what it got before: a
// client that tells its place gets a sync with the rest first. On an error it hears the room all the
// same, and finds the gap by itself.
func (f *Feed) Enter(ctx context.Context, l Listener, seen *Place) error {
	c := f.hold(room.Global)
	defer f.letGo(c)
	err := c.open(ctx)
	if err == nil && seen != nil {
		var entered bool
		if entered, err = f.catchUp(ctx, c, l, Member{}, *seen); entered {
			return nil
		}
	}
	_, entering := c.enter(l, Member{})
	return errors.Join(err, entering)
}

// tries bounds how often a catch-up is read anew because the room was faster than the tail is long.
const tries = 3

func (f *Feed) catchUp(ctx context.Context, c *cursor, l Listener, m Member, seen Place) (entered bool, err error) {
	entered, err = c.enterFromTail(l, m, seen.After, seen.Epoch)
	if entered || err != nil {
		return entered, err
	}
	for try := range tries {
		f.counters.fromStore.Add(1)
		got, err := f.since(ctx, c.id, seen.After, seen.Epoch)
		if err != nil {
			return false, err
		}
		entered, err := c.enterWith(l, m, got, try == tries-1)
		if entered || err != nil {
			return entered, err
		}
	}
	return false, errors.New("realtime: not reached, the last try must enter")
}

// Since returns what changed in a room after a place.
func (f *Feed) Since(ctx context.Context, id room.ID, seen Place) (message.CatchUp, error) {
	return f.since(ctx, id, seen.After, seen.Epoch)
}

// shared reads once for all who ask the same at once, so it does not end with the first of them; who may
// wait no longer goes without an answer.
func (f *Feed) shared(ctx context.Context, key string, read func(context.Context) (any, error)) (any, error) {
	answer := f.reads.DoChan(key, func() (any, error) { return read(context.WithoutCancel(ctx)) })
	select {
	case got := <-answer:
		return got.Val, got.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// since reads the store once for all who ask the same at once.
func (f *Feed) since(ctx context.Context, id room.ID, after int64, epoch string) (message.CatchUp, error) {
	key := fmt.Sprintf("%d %d %s", id, after, strconv.Quote(epoch))
	got, err := f.shared(ctx, key, func(ctx context.Context) (any, error) { return f.read(ctx, id, after, epoch) })
	if err != nil {
		return message.CatchUp{}, err
	}
	return got.(message.CatchUp), nil
}

func (f *Feed) read(ctx context.Context, id room.ID, after int64, epoch string) (message.CatchUp, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timing.ReadLimit)
	defer cancel()
	return f.history.Since(ctx, id, after, epoch)
}

// Online is how many are in a room: a rounded lower bound in the global one, exact in small ones.
func (f *Feed) Online(id room.ID) int {
	if id == room.Global {
		return f.crowd.online()
	}
	c := f.existing(id)
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.here()
}

// FeedStats is a reading of a Feed's counters since its start.
type FeedStats struct {
	Frames    uint64 // changes committed here and delivered
	Repairs   uint64 // holes that were filled from the store
	FromTail  uint64 // listeners that were caught up from memory
	FromStore uint64 // listeners that were caught up from the store
	Rooms     int    // whose deliveries are looked after now
	Unsent    uint64 // batches that the bus could not publish
}

// Stats reads the counters.
func (f *Feed) Stats() FeedStats {
	f.mu.Lock()
	rooms := len(f.cursors)
	f.mu.Unlock()
	return FeedStats{
		Rooms:     rooms,
		Frames:    f.counters.frames.Load(),
		Repairs:   f.counters.repairs.Load(),
		FromTail:  f.counters.fromTail.Load(),
		FromStore: f.counters.fromStore.Load(),
		Unsent:    f.counters.unsent.Load(),
	}
}
