package socketio

import (
	"sync/atomic"
	"time"
)

// Histogram counts times by their length.
type Histogram struct {
	// Bounds are the upper ends of the classes, ascending.
	Bounds []time.Duration
	// Counts has one count for each of Bounds and one for what was longer.
	Counts []uint64
	Sum    time.Duration
}

// latencyBounds are powers of two from 1/8 ms to 8 s.
const (
	leastBound  = 125 * time.Microsecond
	boundsCount = 17
)

// latency is the histogram of one shard, which alone writes it.
type latency struct {
	counts [boundsCount + 1]atomic.Uint64
	sum    atomic.Int64
}

func (l *latency) note(took time.Duration) {
	class, bound := 0, leastBound
	for class < boundsCount && took > bound {
		class, bound = class+1, bound*2
	}
	l.counts[class].Add(1)
	l.sum.Add(int64(took))
}

func (l *latency) addTo(h *Histogram) {
	if h.Counts == nil {
		h.Counts = make([]uint64, boundsCount+1)
		for i := range boundsCount {
			h.Bounds = append(h.Bounds, leastBound<<i)
		}
	}
	for i := range l.counts {
		h.Counts[i] += l.counts[i].Load()
	}
	h.Sum += time.Duration(l.sum.Load())
}

// noteCasts measures the broadcasts of a round that has been written out: the
// clock is read once for all of them and all their receivers.
func (sh *shard) noteCasts() {
	if len(sh.casts) == 0 {
		return
	}
	now := sh.srv.now()
	for _, made := range sh.casts {
		sh.latency.note(time.Duration(now - made))
	}
	if cap(sh.casts) > 1<<13 {
		sh.casts = nil
	}
	sh.casts = sh.casts[:0]
}
