package session

import (
	"sync"
	"time"
)

const (
	// cacheLife bounds how long an ended session may still be taken for live when the event that
	// should have dropped it was lost (auth contract, section 7.1).
	cacheLife = 5 * time.Second
	// cacheSize bounds the memory of the cache.
	cacheSize = 100_000
)

// liveCache remembers positive look-ups of sessions for a short time.
type liveCache struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[string]cacheEntry
	// epoch counts drops, so that a look-up that began before a drop is not remembered after it.
	epoch uint64
}

type cacheEntry struct {
	live  Live
	until time.Time
}

func newLiveCache(now func() time.Time) *liveCache {
	return &liveCache{now: now, entries: map[string]cacheEntry{}}
}

// get returns the remembered session, and the epoch to hand to put after a look-up.
func (c *liveCache) get(sid string) (live Live, found bool, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[sid]
	if ok && c.now().Before(e.until) {
		return e.live, true, c.epoch
	}
	return Live{}, false, c.epoch
}

func (c *liveCache) put(live Live, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if len(c.entries) >= cacheSize {
		clear(c.entries) // costs one look-up a session, once in a long while
	}
	c.entries[live.Session.ID] = cacheEntry{live: live, until: c.now().Add(cacheLife)}
}

func (c *liveCache) drop(sid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	delete(c.entries, sid)
}

// dropAccount forgets every session of an account.
func (c *liveCache) dropAccount(match func(Live) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for sid, e := range c.entries {
		if match(e.live) {
			delete(c.entries, sid)
		}
	}
}
