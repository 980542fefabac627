package loadtest

import (
	"math"
	"testing"
	"time"
)

func TestQuantilesAreWithinOneAndAHalfPerCent(t *testing.T) {
	halves := make([]histogram, 2)
	const n = 100_000
	for i := range n {
		halves[i%2].add(time.Duration(i+1) * 10 * time.Microsecond)
	}
	got := summarize(halves)
	if got.Count != n || got.Max != 1000 {
		t.Errorf("count %d, max %g", got.Count, got.Max)
	}
	for _, q := range []struct{ got, want float64 }{{got.P50, 500}, {got.P95, 950}, {got.P99, 990}} {
		if math.Abs(q.got-q.want)/q.want > 0.016 {
			t.Errorf("%g, not %g", q.got, q.want)
		}
	}
}

func TestBucketsFollowEachOther(t *testing.T) {
	last := int64(-1)
	for bucket := range bucketOf(uint32(time.Hour/time.Microsecond)) + 1 {
		edge := upperEdge(bucket)
		if edge <= last || bucketOf(uint32(edge)) != bucket || bucketOf(uint32(last+1)) != bucket { //nolint:gosec // below an hour, and a little
			t.Fatalf("bucket %d ends at %d after %d", bucket, edge, last)
		}
		last = edge
	}
}

func TestNothingMeasuredIsZero(t *testing.T) {
	if got := summarize(make([]histogram, 1)); got != (Latency{}) {
		t.Errorf("%+v", got)
	}
}

func TestATimeBelowZeroOrBeyondAnHourIsCounted(t *testing.T) {
	h := make([]histogram, 1)
	h[0].add(-time.Second)
	h[0].add(48 * time.Hour)
	if got := summarize(h); got.Count != 2 || got.Max != 3_600_000 {
		t.Errorf("%+v", got)
	}
}
