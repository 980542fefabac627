package cluster

import (
	"context"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"maska/internal/limit"
)

// MemoryLimiter counts uses in this process. It is a [limit.Limiter].
//
// It is the generic cell rate algorithm: of each key it keeps one number, the
// time at which the key will be as if it had never been used. Past that time
// the entry says nothing and may go at any moment.
type MemoryLimiter struct {
	now    func() time.Time
	start  time.Time
	seed   maphash.Seed
	shards [16]limiterShard
}

var _ limit.Limiter = (*MemoryLimiter)(nil)

type limiterShard struct {
	mu sync.Mutex
	// unused is keyed by a hash under a seed of this process: 16 bytes an entry
	// whatever the key, and no address is kept. Two of a million keys share a
	// number with a chance of 1 : 37 million.
	unused  map[uint64]time.Duration // since start
	maxKeys int
}

// NewMemoryLimiter makes a limiter that knows at most maxKeys keys (rounded up
// to 16); with more, those closest to their unused state are forgotten first.
func NewMemoryLimiter(now func() time.Time, maxKeys int) *MemoryLimiter {
	l := &MemoryLimiter{now: now, start: now(), seed: maphash.MakeSeed()}
	perShard := max(1, (maxKeys+len(l.shards)-1)/len(l.shards))
	for i := range l.shards {
		l.shards[i] = limiterShard{unused: map[uint64]time.Duration{}, maxKeys: perShard}
	}
	return l
}

// Len is how many keys are known.
func (l *MemoryLimiter) Len() int {
	known := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		known += len(s.unused)
		s.mu.Unlock()
	}
	return known
}

// Take is [limit.Limiter].
func (l *MemoryLimiter) Take(_ context.Context, rule limit.Rule, key string, n int) (limit.Result, error) {
	return l.take(rule, key, n, true), nil
}

// Peek is [limit.Limiter].
func (l *MemoryLimiter) Peek(_ context.Context, rule limit.Rule, key string) (limit.Result, error) {
	return l.take(rule, key, 1, false), nil
}

func (l *MemoryLimiter) take(rule limit.Rule, key string, n int, count bool) limit.Result {
	if rule.Off() {
		return limit.Result{Allowed: true}
	}
	hash := maphash.Comparable(l.seed, [2]string{rule.Name, key})
	s := &l.shards[hash>>60] // one of 16
	now := l.now().Sub(l.start)

	s.mu.Lock()
	defer s.mu.Unlock()
	capacity, interval := rule.Capacity(), rule.Interval()
	full := time.Duration(capacity) * interval
	used := max(0, s.unused[hash]-now)
	if used > full { // the clock went back
		used = full
		s.unused[hash] = now + used
	}
	n = min(max(0, n), capacity+1)
	taken := time.Duration(n) * interval
	result := limit.Result{Allowed: used+taken <= full, Limit: capacity}
	switch {
	case n > capacity:
		result.RetryAfter = rule.Per
	case !result.Allowed:
		result.RetryAfter = used + taken - full
	case count && n > 0:
		used += taken
		s.put(hash, now+used, now)
	}
	result.Remaining = int((full - used) / interval)
	result.Reset = used
	return result
}

// put stores an entry. A new one first looks at a few others, in the random order
// of a map, so that in the long run unused ones go as fast as new ones come.
func (s *limiterShard) put(hash uint64, unused, now time.Duration) {
	if _, known := s.unused[hash]; !known {
		s.sweep(now)
	}
	s.unused[hash] = unused
}

// sweep forgets the unused entries among a few, and makes room for one more.
// Whoever floods the limiter with keys used once pushes out such keys, and hardly
// ever one that is near its limit.
func (s *limiterShard) sweep(now time.Duration) {
	const few = 8
	seen := 0
	var first uint64
	firstUnused := time.Duration(math.MaxInt64)
	for hash, unused := range s.unused {
		if unused <= now {
			delete(s.unused, hash)
		} else if unused < firstUnused {
			first, firstUnused = hash, unused
		}
		if seen++; seen == few {
			break
		}
	}
	if len(s.unused) >= s.maxKeys {
		delete(s.unused, first)
	}
}
