package socketio

import (
	"slices"
	"testing"
	"time"
)

func TestATimeIsCountedInTheClassOfItsLength(t *testing.T) {
	var l latency
	for _, took := range []time.Duration{0, 125 * time.Microsecond, 126 * time.Microsecond, time.Millisecond, 8192 * time.Millisecond, time.Hour} {
		l.note(took)
	}
	var h Histogram
	l.addTo(&h)
	l.addTo(&h) // as from two shards
	want := make([]uint64, len(h.Bounds)+1)
	want[0], want[1], want[3], want[16], want[17] = 4, 2, 2, 2, 2
	if !slices.Equal(h.Counts, want) || h.Bounds[3] != time.Millisecond || !slices.IsSorted(h.Bounds) {
		t.Errorf("%v\n%v", h.Bounds, h.Counts)
	}
	if h.Sum < 2*time.Hour || h.Sum > 2*time.Hour+time.Minute {
		t.Errorf("in all %v", h.Sum)
	}
}
