package faultlab

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// How a device behaves. Its waits are shorter than the web app's, so that a fault of a second is felt.
const (
	answerLimit  = 4 * time.Second // for an ack; then the same is sent again, and the second time over a new connection
	enterLimit   = 4 * time.Second // for the sync of a room
	connectLimit = 10 * time.Second
	retryShort   = 20 * time.Millisecond
	retryLong    = 250 * time.Millisecond
	retrySync    = 300 * time.Millisecond

	retryDoublings = 6
	retryMost      = 5 * time.Second
)

// How a device reads what comes.
const (
	reads    int32 = iota
	trickles       // a hundred bytes a second
	stops          // nothing
)

var (
	errMoved  = errors.New("moved to another node")
	errSilent = errors.New("the server does not answer")
	errEnded  = errors.New("the session is over")
)

// device is one client of a person, with its own connection: it keeps what it wants to say until it is
// acknowledged, says it again with the same cid, and catches up by seq and epoch (chat contract,
// section 3; decisions 14 to 17).
type device struct {
	crowd *crowd
	id    int
	who   *person
	rng   *rand.Rand
	move  chan struct{}
	lazy  atomic.Int32 // reads, trickles or stops

	mu      sync.Mutex // guards what follows
	places  []*place
	node    int
	session int
	in      bool // CONNECT was answered
	lostAt  time.Time
	revoked bool          // its session was ended
	overAt  time.Duration // when it was told so

	// Of the present connection; used by its goroutine only.
	sock       *socket
	calls      int
	asked      map[int]call
	unanswered int
	openedAt   time.Time
	renewed    bool // rooms were named again: what comes may come twice
}

// place is a room to a device.
type place struct {
	room   int64
	speaks bool
	last   int64 // everything up to here is known
	seen   int64 // and this was heard of
	epoch  string

	entered bool      // the connection hears the room
	enterBy time.Time // or else the room is named again
	asking  bool      // a sync is under way
	askAt   time.Time // not before, because the last one failed
	nextAt  time.Time
	out     *outgoing
}

// outgoing is a message that was not acknowledged yet.
type outgoing struct {
	cid     uuid.UUID
	content string
	due     time.Time // of the next try
	tried   bool      // on this connection
}

// call is an event that waits for its ack.
type call struct {
	at    time.Time
	place *place
	cid   uuid.UUID // of a message; else it is a sync
	early bool      // it may wait behind the welcome
}

func newDevice(c *crowd, id int, who *person) *device {
	return &device{crowd: c, id: id, who: who, rng: c.rng(uint64(id)), move: make(chan struct{}, 1)} //nolint:gosec // an index
}

// joins makes the device hear a room, and say things in it.
func (d *device) joins(room int64, speaks bool) {
	d.places = append(d.places, &place{room: room, speaks: speaks})
	d.crowd.history.Add(Event{Kind: Joined, Client: d.id, Room: room})
}

// run keeps the device connected until ctx ends or its session is over.
func (d *device) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		node, to := d.crowd.choose(d.rng)
		err := d.live(ctx, node, to)
		if errors.Is(err, errEnded) {
			return
		}
		if failures++; d.apart() || errors.Is(err, errMoved) {
			failures = 0
		}
		// As clients do, the longer the more often it failed: all at once would never get in.
		wait := between(d.rng, retryShort, retryLong) << min(failures, retryDoublings)
		if pause(ctx, min(wait, retryMost)) != nil {
			return
		}
	}
}

// hop makes the device lose its connection and find another node.
func (d *device) hop() {
	select {
	case d.move <- struct{}{}:
	default: // it is about to
	}
}

// leaves makes the device hop if it is at a node.
func (d *device) leaves(node int) {
	d.mu.Lock()
	there := d.node == node
	d.mu.Unlock()
	if there {
		d.hop()
	}
}

func (d *device) live(ctx context.Context, node int, to target) error {
	client := d.crowd.http
	if d.lazy.Load() != reads {
		client = d.crowd.narrow
	}
	sock, err := dialSocket(ctx, client, to.url, d.proof(), &d.lazy)
	if err != nil {
		return err
	}
	defer sock.close()
	select {
	case <-d.move: // it has moved already
	default:
	}
	d.begin(node, sock)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, err := d.act(ctx, time.Now())
		if err != nil {
			return err
		}
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.move:
			return errMoved
		case <-timer.C:
		case frame, ok := <-sock.frames:
			if !ok {
				return sock.why
			}
			if err := d.take(ctx, frame, to); err != nil {
				return err
			}
		}
	}
}

// proof is what CONNECT and auth carry.
func (d *device) proof() any {
	d.mu.Lock()
	defer d.mu.Unlock()
	rooms, epochs := map[string]int64{}, map[string]string{}
	for _, p := range d.places {
		name := strconv.FormatInt(p.room, 10)
		rooms[name] = p.last
		if p.epoch != "" {
			epochs[name] = p.epoch
		}
	}
	return map[string]any{"token": d.who.access, "rooms": rooms, "epochs": epochs}
}

func (d *device) begin(node int, sock *socket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.node, d.sock, d.asked, d.unanswered, d.openedAt, d.renewed = node, sock, map[int]call{}, 0, time.Now(), false
	d.session = int(d.crowd.sessions.Add(1))
	for _, p := range d.places {
		p.entered, p.asking, p.enterBy = false, false, time.Now().Add(connectLimit)
		if p.out != nil {
			p.out.tried, p.out.due = false, time.Now()
		}
	}
}

// apart ends what a connection was, and reports whether it had been let in.
func (d *device) apart() (was bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if was = d.in; was {
		d.lostAt = time.Now()
	}
	d.in = false
	for _, p := range d.places {
		p.entered = false
	}
	return was
}

// act does what is due and returns when there is more.
func (d *device) act(ctx context.Context, now time.Time) (next time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next = now.Add(time.Second)
	if !d.in {
		if now.Sub(d.openedAt) > connectLimit {
			return next, errSilent
		}
		return next, nil
	}
	for id, c := range d.asked {
		if c.cid == uuid.Nil && now.Sub(c.at) > answerLimit {
			delete(d.asked, id)
			c.place.asking = false
			if d.unanswered++; d.unanswered > 1 {
				return next, errSilent
			}
		}
	}
	for _, p := range d.places {
		if err := d.attend(ctx, p, now); err != nil {
			return next, err
		}
		next = p.soonest(next, d.crowd.talking.Load())
	}
	return next, nil
}

// soonest is when something is due in the room, if it is before next.
func (p *place) soonest(next time.Time, talking bool) time.Time {
	earlier := func(at time.Time) {
		if at.Before(next) {
			next = at
		}
	}
	if !p.entered {
		earlier(p.enterBy)
	}
	if p.entered && p.seen > p.last && !p.asking {
		earlier(p.askAt)
	}
	switch {
	case p.out != nil:
		earlier(p.out.due)
	case p.speaks && talking:
		earlier(p.nextAt)
	}
	return next
}

// attend does what is due in one room.
func (d *device) attend(ctx context.Context, p *place, now time.Time) error {
	switch {
	case !p.entered && now.After(p.enterBy):
		p.enterBy, d.renewed = now.Add(enterLimit), true
		if err := d.renew(ctx); err != nil {
			return err
		}
	case p.entered && p.seen > p.last && !p.asking && !now.Before(p.askAt):
		if err := d.ask(ctx, p); err != nil {
			return err
		}
	}
	if p.out == nil && p.speaks && !now.Before(p.nextAt) && d.crowd.talking.Load() {
		d.compose(p, now)
	}
	if p.out == nil || now.Before(p.out.due) {
		return nil
	}
	if p.out.tried {
		if d.unanswered++; d.unanswered > 1 {
			return errSilent
		}
		d.crowd.counters.resends.Add(1)
	}
	p.out.tried, p.out.due = true, now.Add(answerLimit)
	return d.emit(ctx, "message", map[string]any{"roomId": p.room, "content": p.out.content, "cid": p.out.cid}, call{now, p, p.out.cid, !d.welcomed()})
}

// welcomed reports whether the connection hears all its rooms.
func (d *device) welcomed() bool {
	return !slices.ContainsFunc(d.places, func(p *place) bool { return !p.entered })
}

func (d *device) compose(p *place, now time.Time) {
	cid := uuid.New()
	var words strings.Builder
	for range d.rng.IntN(d.crowd.words) {
		words.WriteString(" " + fillers[d.rng.IntN(len(fillers))])
	}
	p.out = &outgoing{cid: cid, content: contentOf(cid, words.String()), due: now}
	d.crowd.history.Add(Event{Kind: Sent, Client: d.id, Room: p.room, CID: cid, Sum: sumOf(d.who.mask, p.out.content)})
}

func (d *device) renew(ctx context.Context) error {
	rooms := map[string]int64{}
	for _, p := range d.places {
		rooms[strconv.FormatInt(p.room, 10)] = p.last
	}
	d.calls++
	return d.sock.emit(ctx, d.calls, "auth", map[string]any{"token": d.who.access, "rooms": rooms})
}

func (d *device) ask(ctx context.Context, p *place) error {
	p.asking = true
	return d.emit(ctx, "sync", map[string]any{"roomId": p.room, "after": p.last, "epoch": p.epoch}, call{time.Now(), p, uuid.Nil, false})
}

func (d *device) emit(ctx context.Context, event string, payload any, c call) error {
	d.calls++
	d.asked[d.calls] = c
	return d.sock.emit(ctx, d.calls, event, payload)
}

// someRoom is one of the device's.
func (d *device) someRoom(rng *rand.Rand) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.places[rng.IntN(len(d.places))].room
}

// hears reports whether the device is connected and hears all its rooms.
func (d *device) hears() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.in && d.welcomed()
}

// standing is how far a device has got.
type standing struct {
	over  bool
	quiet bool // it is connected, hears all its rooms and has nothing left to say
	last  map[int64]int64
}

func (d *device) standing() standing {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := standing{over: d.overAt != 0, quiet: d.in, last: map[int64]int64{}}
	for _, p := range d.places {
		s.quiet = s.quiet && p.entered && p.out == nil && p.seen <= p.last
		s.last[p.room] = p.last
	}
	return s
}
