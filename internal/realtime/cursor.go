package realtime

import (
	"context"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// maxHeld bounds the frames kept behind a hole; what does not fit is read from the store.
const maxHeld = 1024

// cursor delivers one room on this node, seq after seq, whether a change was committed here, was
// told by another node or had to be read from the store. Its lock also orders deliveries with the
// coming of listeners; nothing under it waits for a peer or for the database.
type cursor struct {
	feed *Feed
	id   room.ID
	room string // its name in the Socket.IO server

	mu     sync.Mutex
	opened bool // last and epoch are known
	// last is the seq up to which everything was delivered, known is the highest seen or heard of.
	last, known int64
	epoch       string
	held        map[int64]frame // frames behind a hole
	tail        ring
	doubt       bool // there may be more than known
	repairing   bool
	headsAt     time.Time // when to tell the head
	synced      syncPacket

	members // of a small room

	// Guarded by the feed's lock: who is at work with it, and since when nobody listens.
	holders   int
	idleSince time.Time
}

// syncPacket is the last sync made of the tail: those who come back at once want the same one.
type syncPacket struct {
	after, last int64
	packet      *socketio.Packet
}

func newCursor(feed *Feed, id room.ID) *cursor {
	c := &cursor{
		feed: feed, id: id, room: "room:" + strconv.FormatInt(int64(id), 10), held: map[int64]frame{},
		members: members{inside: map[Listener]Member{}}, tail: ring{most: ringFrames},
	}
	if c.small() {
		c.tail.most = smallRingFrames
	}
	return c
}

// open finds out where the room stands, unless it is known: while nobody listened, nobody looked.
// Frames that arrive before it is known for the first time are held.
func (c *cursor) open(ctx context.Context) error {
	c.mu.Lock()
	opened := c.opened
	c.mu.Unlock()
	if opened && c.feed.audience.Len(c.room) > 0 {
		return nil
	}
	c.feed.follow(c.id)
	head, people, err := c.feed.stand(ctx, c.id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.opened || c.feed.audience.Len(c.room) == 0 && (head.Seq > c.last || head.Epoch != c.epoch):
		c.begin(head)
		if people != nil {
			c.settle(people)
		}
	default:
		c.learn(head)
	}
	c.release()
	return nil
}

// begin delivers from here on.
func (c *cursor) begin(head message.Head) {
	c.opened, c.last, c.epoch = true, head.Seq, head.Epoch
	c.tail.clear()
	c.headsAt = c.feed.now().Add(c.feed.timing.HeadsEvery)
}

// offer takes frames in any order and any number of times, and delivers what is next.
func (c *cursor) offer(frames []frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range frames {
		c.known = max(c.known, f.seq)
		if f.change != nil {
			c.evict(f.change, f.seq)
		}
		switch {
		case f.seq <= c.last:
		case c.opened && f.seq == c.last+1:
			c.deliver(f)
		case len(c.held) < maxHeld:
			c.held[f.seq] = f
		}
	}
	c.release()
}

// deliver hands out the next frame.
func (c *cursor) deliver(f frame) {
	c.last = f.seq
	if f.change != nil {
		c.settle(f.change)
		c.evict(f.change, f.seq) // also whoever came in while it was held
	}
	c.tail.push(f)
	c.feed.audience.Broadcast(c.room, f.packet)
	if f.change != nil && f.change.closed {
		c.evictAll()
	}
	c.headsAt = c.feed.now().Add(c.feed.timing.HeadsAfter)
}

// release delivers what was held and is next, and sees to a hole.
func (c *cursor) release() {
	if !c.opened {
		return
	}
	for len(c.held) > 0 {
		f, ok := c.held[c.last+1]
		if !ok {
			break
		}
		delete(c.held, f.seq)
		c.deliver(f)
	}
	if len(c.held) > 0 {
		for seq := range c.held {
			if seq <= c.last {
				delete(c.held, seq)
			}
		}
	}
	if c.known > c.last || c.doubt {
		c.repairSoon(c.feed.timing.HoleWait)
	}
}

// hint tells how far the room has come according to the store.
func (c *cursor) hint(head message.Head) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.opened { // when the first listener came, the store could not be read
		if c.small() {
			return // nobody can have come in
		}
		c.begin(head)
	}
	c.learn(head)
	c.release()
}

func (c *cursor) learn(head message.Head) {
	c.known = max(c.known, head.Seq)
	c.doubt = c.doubt || head.Epoch != c.epoch
}

// suspect tells that there may be more in the store than was heard of.
func (c *cursor) suspect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubt = true
	c.release()
}

func (c *cursor) repairSoon(wait time.Duration) {
	if !c.repairing {
		c.repairing = true
		c.feed.after(wait, c.repair)
	}
}

// repair reads what is missing from the store, once for all listeners, and delivers it as a sync.
func (c *cursor) repair() {
	for {
		c.mu.Lock()
		if c.known <= c.last && !c.doubt {
			c.repairing = false
			c.mu.Unlock()
			return
		}
		after, epoch, heard := c.last, c.epoch, c.known
		c.doubt = false
		c.mu.Unlock()

		// Not together with others who ask the same: their answer may be older than what was heard.
		got, err := c.feed.read(context.Background(), c.id, after, epoch)

		c.mu.Lock()
		if err != nil {
			c.feed.log.Warn("a room could not be caught up with", "error", err)
			c.doubt, c.repairing = true, false
			c.repairSoon(c.feed.timing.RepairAgain)
			c.mu.Unlock()
			return
		}
		c.apply(got)
		c.disbelieve(heard, got.Head.Seq)
		c.mu.Unlock()
	}
}

// disbelieve forgets what was heard of changes that the store, asked afterwards, does not have. Nodes
// tell of a change after its commit, so whatever said more was malformed, and believing it would have the
// store asked for ever.
func (c *cursor) disbelieve(heard, head int64) {
	if heard <= head || c.known > heard { // what was heard meanwhile is judged by the next read
		return
	}
	c.known = max(c.last, head)
	maps.DeleteFunc(c.held, func(seq int64, _ frame) bool { return seq > head })
}

// apply delivers what was read. Frames may have filled the hole while it was read.
func (c *cursor) apply(got message.CatchUp) {
	upTo := got.Head.Seq
	if got.More {
		// To the client the rest is another sync, which follows at once; it need not ask for it.
		upTo = got.Items[len(got.Items)-1].Rev
		got.Head.Seq, got.More = upTo, false
	}
	c.known = max(c.known, got.Head.Seq)
	if !got.Reset {
		if upTo <= c.last {
			return
		}
		for len(got.Items) > 0 && got.Items[0].Rev <= c.last { // delivered while it was read
			got.Items = got.Items[1:]
		}
		// Whoever is still catching up has a hole before this, and must be able to see it.
		got.After = c.last
	}
	packet, err := eventPacket(c.feed.audience, "sync", view.NewSync(c.id, got, c.here()))
	if err != nil {
		c.feed.log.Error("a sync could not be encoded", "error", err)
		return
	}
	c.feed.counters.repairs.Add(1)
	c.last, c.epoch = upTo, got.Head.Epoch
	if got.Reset {
		c.known = upTo
		clear(c.held)
	}
	c.tail.clear()
	over := false
	if got.Room != nil && c.small() {
		now := changeOf(got.Room)
		c.settle(now)
		c.evict(now, got.Room.Head)
		over = now.closed
	}
	c.feed.audience.Broadcast(c.room, packet)
	if over {
		c.evictAll()
	}
	c.headsAt = c.feed.now().Add(c.feed.timing.HeadsAfter)
	c.release()
}

// tellHead broadcasts the head if its time has come.
func (c *cursor) tellHead(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.opened || now.Before(c.headsAt) {
		return
	}
	c.headsAt = now.Add(c.feed.timing.HeadsEvery)
	packet, err := eventPacket(c.feed.audience, "heads", view.Heads{strconv.FormatInt(int64(c.id), 10): c.last})
	if err != nil {
		c.feed.log.Error("heads could not be encoded", "error", err)
		return
	}
	c.feed.audience.Broadcast(c.room, packet)
}

// Listener is a socket that wants a room; *socketio.Socket is one.
type Listener interface {
	Send(p *socketio.Packet) error
	Join(room string)
	Leave(room string)
	// Lost tells that it hears a small room no more, and why. It must not block.
	Lost(id room.ID, why errs.Code)
}

// enter makes a listener hear the room from here on.
func (c *cursor) enter(l Listener, m Member) (message.Head, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(m); err != nil {
		return message.Head{}, err
	}
	c.join(l, m)
	return message.Head{Seq: c.last, Epoch: c.epoch}, nil
}

// enterFromTail sends a listener that has seen everything up to after the rest out of the tail and
// lets it in, if the tail reaches so far back.
func (c *cursor) enterFromTail(l Listener, m Member, after int64, epoch string) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(m); err != nil {
		return false, err
	}
	if epoch != "" && epoch != c.epoch {
		return false, nil
	}
	packet, err := c.syncFromTail(after)
	if err != nil || packet == nil {
		return false, err
	}
	c.feed.counters.fromTail.Add(1) // before anybody can have seen its effect
	if err := l.Send(packet); err != nil {
		return false, err
	}
	c.join(l, m)
	return true, nil
}

// syncFromTail makes a sync of the frames that follow a seq, nil if the tail does not have them all.
func (c *cursor) syncFromTail(after int64) (*socketio.Packet, error) {
	if c.synced.packet != nil && c.synced.after == after && c.synced.last == c.last {
		return c.synced.packet, nil
	}
	frames, ok := c.tail.after(after, c.last)
	if !ok || len(frames) > message.MaxCatchUp {
		return nil, nil
	}
	s := view.EncodedSync{RoomID: int64(c.id), After: after, Items: []jsontext.Value{}, Head: c.last, Epoch: c.epoch}
	bytes := 0
	for i := range frames {
		item := frames[i].item()
		if bytes += len(item); item == nil || bytes > maxTailSync {
			return nil, nil
		}
		s.Items = append(s.Items, item)
	}
	packet, err := eventPacket(c.feed.audience, "sync", s)
	if err == nil {
		c.synced = syncPacket{after: after, last: c.last, packet: packet}
	}
	return packet, err
}

// maxTailSync bounds the bytes of a sync that is made of the tail.
const maxTailSync = 192 << 10

// enterWith sends a listener what was read for it, then what was delivered since, and lets it in. It
// reports false, having done nothing, if the tail does not reach back to what was read, unless must.
func (c *cursor) enterWith(l Listener, m Member, got message.CatchUp, must bool) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(m); err != nil {
		return false, err
	}
	var frames []frame
	if !got.More && c.last > got.Head.Seq { // with more, the client asks for the rest itself
		var ok bool
		if frames, ok = c.tail.after(got.Head.Seq, c.last); !ok && !must {
			return false, nil
		}
	}
	packet, err := eventPacket(c.feed.audience, "sync", view.NewSync(c.id, got, c.here()))
	if err != nil {
		return false, err
	}
	if err := l.Send(packet); err != nil {
		return false, err
	}
	for _, f := range frames {
		if err := l.Send(f.packet); err != nil {
			return false, err
		}
	}
	c.join(l, m)
	return true, nil
}
