package loadtest

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram counts durations in buckets whose width is 1/64 of their value or less, from a
// microsecond to an hour. It may be written by many at once.
type histogram struct {
	buckets [histogramBuckets]atomic.Int64
	max     atomic.Int64 // µs
}

const (
	histogramBits    = 6
	histogramBuckets = (32 - histogramBits + 1) << histogramBits
)

func bucketOf(us uint32) int {
	if us < 1<<histogramBits {
		return int(us)
	}
	shift := bits.Len32(us) - histogramBits - 1
	return shift<<histogramBits + int(us>>shift)
}

// upperEdge is the largest number of microseconds in a bucket.
func upperEdge(bucket int) int64 {
	if bucket < 2<<histogramBits {
		return int64(bucket)
	}
	shift := bucket>>histogramBits - 1
	return int64(bucket-shift<<histogramBits+1)<<shift - 1
}

func (h *histogram) add(d time.Duration) {
	us := min(max(d.Microseconds(), 0), int64(time.Hour/time.Microsecond))
	h.buckets[bucketOf(uint32(us))].Add(1)
	for {
		most := h.max.Load()
		if us <= most || h.max.CompareAndSwap(most, us) {
			return
		}
	}
}

// Latency holds quantiles in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

func summarize(histograms []histogram) Latency {
	var sums [histogramBuckets]int64
	var l Latency
	for i := range histograms {
		h := &histograms[i]
		for b := range h.buckets {
			n := h.buckets[b].Load()
			sums[b] += n
			l.Count += n
		}
		l.Max = max(l.Max, float64(h.max.Load())/1000)
	}
	quantile := func(q float64) float64 {
		rank := int64(q * float64(l.Count))
		for b, n := range sums {
			if rank -= n; rank < 0 {
				return min(float64(upperEdge(b))/1000, l.Max)
			}
		}
		return l.Max
	}
	l.P50, l.P95, l.P99 = quantile(0.5), quantile(0.95), quantile(0.99)
	return l
}
