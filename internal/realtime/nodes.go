package realtime

import (
	"context"
	"encoding/binary"

	"maska/internal/room"
)

// Subscriber is a Bus that brings only the rooms it was asked for, and knows when it may be losing
// something.
type Subscriber interface {
	Bus
	// Follow makes the bus bring what other nodes publish of a room from its return on. It may wait
	// for that, but not long; whether or not it is so, Feed finds what is lost. Asking again for a room
	// waits for the first time, and changes nothing.
	Follow(id room.ID)
	// Unfollow ends that. It must not block.
	Unfollow(id room.ID)
	// Down reports whether what other nodes publish may be missing just now: then heads are compared
	// with the store at every tick. Afterwards the bus calls Feed.Recheck.
	Down() bool
}

// follow is called before it is read how far a room has come, so that nothing falls in between.
func (f *Feed) follow(id room.ID) {
	if f.subscriber == nil {
		return
	}
	f.mu.Lock()
	f.followed[id] = struct{}{}
	f.mu.Unlock()
	f.subscriber.Follow(id)
}

// unfollow ends the following of rooms that have no cursor any more.
func (f *Feed) unfollow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.followed {
		if f.cursors[id] == nil {
			delete(f.followed, id)
			f.subscriber.Unfollow(id)
		}
	}
}

// lookAtOthers is what a tick does about other nodes.
func (f *Feed) lookAtOthers() {
	if f.subscriber == nil {
		return
	}
	f.unfollow()
	if f.subscriber.Down() {
		f.checkHeads()
	} else {
		f.tellDirty()
	}
}

// Recheck compares the heads with the store soon: the bus may have lost something. What could not be
// published is told to the other nodes now. It does not block.
func (f *Feed) Recheck() {
	select {
	case f.recheck <- struct{}{}:
	default: // one that was asked for and has not begun sees everything
	}
}

// Unsent tells the feed that the bus could not publish a batch of a room. At the next Recheck the other
// nodes are told how far the room has come.
func (f *Feed) Unsent(id room.ID) {
	f.counters.unsent.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty[id] = struct{}{}
}

// tellDirty publishes the heads of the rooms of which something could not be published.
func (f *Feed) tellDirty() {
	f.mu.Lock()
	ids := make([]room.ID, 0, len(f.dirty))
	for id := range f.dirty {
		ids = append(ids, id)
	}
	clear(f.dirty)
	f.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.timing.ReadLimit)
	defer cancel()
	heads, err := f.history.Heads(ctx, ids)
	if err != nil {
		f.log.Warn("heads could not be read", "error", err)
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, id := range ids {
			f.dirty[id] = struct{}{}
		}
		return
	}
	for id, head := range heads {
		f.bus.Publish(id, encodeHead(id, head.Seq))
	}
}

// headVersion begins what tells how far a room has come, in place of a batch: the room and its head
// follow, as in a batch.
const headVersion = 2

func encodeHead(id room.ID, head int64) []byte {
	b := []byte{headVersion}
	b = binary.AppendUvarint(b, uint64(id))      //nolint:gosec // ids and seqs are positive
	return binary.AppendUvarint(b, uint64(head)) //nolint:gosec // ids and seqs are positive
}

func (f *Feed) receiveHead(b []byte) error {
	id, b, ok := number(b)
	if !ok {
		return errBatch
	}
	head, b, ok := number(b)
	if !ok || len(b) > 0 {
		return errBatch
	}
	if c := f.existing(room.ID(id)); c != nil {
		c.heardOf(head)
	}
	return nil
}

// heardOf takes word of how far a room has come. The store has the last word on it.
func (c *cursor) heardOf(head int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if head > c.last {
		c.doubt = true
		c.release()
	}
}

// Crowds counts the masks that are online on this node: all of them in the global room, and those
// inside in each small room with listeners.
func (f *Feed) Crowds() map[room.ID]int {
	crowds := map[room.ID]int{room.Global: f.crowd.here()}
	for _, c := range f.listened() {
		if c.small() {
			c.mu.Lock()
			crowds[c.id] = c.online()
			c.mu.Unlock()
		}
	}
	return crowds
}

// Elsewhere tells the feed how many masks are online in a room on other nodes.
func (f *Feed) Elsewhere(id room.ID, masks int) {
	if id == room.Global {
		f.crowd.elsewhere(masks)
		return
	}
	if c := f.existing(id); c != nil {
		c.mu.Lock()
		c.elsewhere = max(0, masks)
		c.mu.Unlock()
	}
}
