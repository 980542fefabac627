package realtime

import (
	"sync"
	"time"

	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
)

// presence counts the masks that are online, each once however many sockets it has.
type presence struct {
	feed *Feed

	mu     sync.Mutex
	masks  map[profile.ID]int // sockets per mask
	others int                // masks on other nodes
	told   int                // what the room was told last
	toldAt time.Time
}

func newPresence(feed *Feed) *presence {
	return &presence{feed: feed, masks: map[profile.ID]int{}}
}

func (p *presence) come(id profile.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.masks[id]++
}

func (p *presence) leave(id profile.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.masks[id]--; p.masks[id] <= 0 {
		delete(p.masks, id)
	}
}

func (p *presence) here() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.masks)
}

func (p *presence) elsewhere(masks int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.others = max(0, masks)
}

// online is the count of the global room as it may be shown. Everybody who is connected is in it.
func (p *presence) online() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return lowerBound(len(p.masks) + p.others)
}

// tell broadcasts the count of the global room if it has changed, not too often.
func (p *presence) tell(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := lowerBound(len(p.masks) + p.others)
	if count == p.told || now.Sub(p.toldAt) < p.feed.timing.Presence {
		return
	}
	c := p.feed.existing(room.Global)
	if c == nil {
		return
	}
	packet, err := eventPacket(p.feed.audience, "presence", view.Presence{RoomID: int64(room.Global), Online: count})
	if err != nil {
		p.feed.log.Error("presence could not be encoded", "error", err)
		return
	}
	p.told, p.toldAt = count, now
	p.feed.audience.Broadcast(c.room, packet)
}

// lowerBound rounds a count down to 0, 5, 20, 100, 500, 1000, 5000, 10000, … (decision 21), so that
// one person's coming and going does not show.
func lowerBound(n int) int {
	switch {
	case n < 5:
		return 0
	case n < 20:
		return 5
	case n < 100:
		return 20
	}
	bound, factor := 100, 5
	for n >= bound*factor {
		bound, factor = bound*factor, 7-factor // times 5, times 2, times 5, …
	}
	return bound
}
