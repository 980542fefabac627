package realtime

import (
	"context"
	"errors"
	"time"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
)

// Member is a mask that was seen to sit in a small room.
type Member struct {
	Mask profile.ID
	// Since is a seq of the room at which the store had it sit there; 0 if nobody asked the store.
	Since int64
}

// change is what a frame of the room itself says about its members.
type change struct {
	people []profile.ID
	closed bool
}

func changeOf(s *room.State) *change {
	c := &change{closed: !s.ClosedAt.IsZero(), people: make([]profile.ID, len(s.People))}
	for i, p := range s.People {
		c.people[i] = p.ID
	}
	return c
}

// members is the list that decides who hears a small room on this node. It is guarded by the lock of
// the room's cursor, so that a delivery and a change of the list are never at once.
type members struct {
	people map[profile.ID]struct{} // as of the cursor's last seq or later; nobody in a closed room
	inside map[Listener]Member

	elsewhere int // masks that are inside on other nodes

	told   int // how many were online when the room was told last
	toldAt time.Time
}

func (m *members) settle(c *change) {
	m.people = make(map[profile.ID]struct{}, len(c.people))
	if c.closed {
		return
	}
	for _, id := range c.people {
		m.people[id] = struct{}{}
	}
}

// online counts the masks inside on this node, each once however many sockets it has.
func (m *members) online() int {
	masks := make(map[profile.ID]struct{}, len(m.inside))
	for _, member := range m.inside {
		masks[member.Mask] = struct{}{}
	}
	return len(masks)
}

// errUnknownMember says that as far as this node has heard a mask does not sit in a room.
var errUnknownMember = errors.New("realtime: not a member as far as this node knows")

// small tells whether the room has seats.
func (c *cursor) small() bool { return c.id != room.Global }

// admit decides whether a listener may hear the room. The store may be ahead of what was delivered.
func (c *cursor) admit(m Member) error {
	if !c.small() {
		return nil
	}
	if m.Since > c.last {
		c.known = max(c.known, m.Since)
		c.release()
		return nil
	}
	if _, ok := c.people[m.Mask]; !ok {
		return errUnknownMember
	}
	return nil
}

// join makes a listener hear the room, which must have admitted it.
func (c *cursor) join(l Listener, m Member) {
	if c.small() {
		c.inside[l] = Member{Mask: m.Mask, Since: max(m.Since, c.last)}
	}
	l.Join(c.room)
}

// evict ends the hearing of those who do not sit in the room any more since its change seq. Whoever
// came later than that change is not meant.
func (c *cursor) evict(now *change, seq int64) {
	for l, m := range c.inside {
		gone := m.Since <= seq
		for _, id := range now.people {
			gone = gone && id != m.Mask
		}
		if gone {
			c.expel(l)
			l.Lost(c.id, errs.NotMember)
		}
	}
}

// evictAll empties a room that is over; the last frame has told why.
func (c *cursor) evictAll() {
	for l := range c.inside {
		c.expel(l)
	}
}

func (c *cursor) expel(l Listener) {
	delete(c.inside, l)
	l.Leave(c.room)
}

// tellOnline tells a small room how many are online there if that has changed, not too often.
func (c *cursor) tellOnline(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.here()
	if count == c.told || now.Sub(c.toldAt) < c.feed.timing.Presence {
		return
	}
	packet, err := eventPacket(c.feed.audience, "presence", view.Presence{RoomID: int64(c.id), Online: count})
	if err != nil {
		c.feed.log.Error("presence could not be encoded", "error", err)
		return
	}
	c.told, c.toldAt = count, now
	c.feed.audience.Broadcast(c.room, packet)
}

// here is how many are online in the room, as it may be shown.
func (c *cursor) here() int {
	if c.small() {
		return c.online() + c.elsewhere
	}
	return c.feed.crowd.online()
}

var _ room.Publisher = (*Feed)(nil)

// Changed delivers a change of a room or of its members to the listeners here and to the other
// nodes. Whoever has lost his seat hears nothing from here on, whatever else is still on its way.
func (f *Feed) Changed(s room.State) {
	fr, err := roomFrame(f.audience, s, f.Online(s.ID))
	if err != nil {
		f.log.Error("a change of a room could not be encoded", "error", err)
		f.Unsure(s.ID)
		return
	}
	f.counters.frames.Add(1)
	frames := []frame{fr}
	f.publish(s.ID, frames)
	f.offer(s.ID, frames)
}

// EnterRoom makes a listener hear a small room of which it is a member, without a gap after what it
// got before: if it tells its place it gets a sync with the rest first. It returns where the room
// stands for the listener. Unlike in the global room, an error means that it hears nothing.
func (f *Feed) EnterRoom(ctx context.Context, l Listener, id room.ID, m Member, seen *Place) (message.Head, error) {
	c := f.hold(id)
	defer f.letGo(c)
	if err := c.open(ctx); err != nil {
		return message.Head{}, err
	}
	if seen != nil {
		if entered, err := f.catchUp(ctx, c, l, m, *seen); err != nil || entered {
			return message.Head{}, err
		}
	}
	return c.enter(l, m)
}

// LeaveRoom makes a listener hear a small room no more.
func (f *Feed) LeaveRoom(l Listener, id room.ID) {
	if c := f.existing(id); c != nil && c.small() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.expel(l)
	}
}

// Hears reports whether a listener hears a small room, that is, sits in it as far as this node knows.
func (f *Feed) Hears(l Listener, id room.ID) bool {
	c := f.existing(id)
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.inside[l]
	return ok
}

// idleLimit is how long the cursor of a small room is kept that nobody listens to.
const idleLimit = time.Minute

// forgetIdle drops the cursors of small rooms that nobody has listened to for a while. Whoever comes
// finds out from the store where the room stands, and whoever is just coming holds the cursor.
func (f *Feed) forgetIdle(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, c := range f.cursors {
		switch {
		case !c.small():
		case c.holders > 0 || f.audience.Len(c.room) > 0:
			c.idleSince = time.Time{}
		case c.idleSince.IsZero():
			c.idleSince = now
		case now.Sub(c.idleSince) >= idleLimit:
			delete(f.cursors, id)
		}
	}
}
