package faultlab

import (
	"context"
	"time"
)

// What readers that do not read may cost the others (G6). The goal is 1.2 times their p99, which is printed;
// on a machine that others use too, only twice is a failure.
const (
	slowdownLimit = 2.0
	slowdownFloor = 15 * time.Millisecond
	queueLimit    = 256 << 10 // bytes for each slow reader
)

// SlowReaders has a share of all devices stop reading, or read next to nothing.
func SlowReaders() Scenario {
	const people = 100
	return Scenario{
		ID: "F10", Title: "1, 10 and 50 % of the devices do not read",
		Setup: Setup{Nodes: 1, People: people, Rooms: 10, Seats: 4, Global: 10, Words: 500, Pace: 200 * time.Millisecond},
		Full:  full(6, 10_000, time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			if _, err := l.allBack(ctx); err != nil {
				return err
			}
			shares := []int{people / 100, people / 10, people / 2}
			return l.rounds(ctx, scale, func(ctx context.Context) error {
				n := l.report.Kills - 1
				return l.slowDown(ctx, shares[n%3], n/3%2 == 1)
			})
		},
	}
}

// watched is how a system did in a span.
type watched struct {
	deliveries spread // to devices that read
	resident   float64
	queued     float64 // at most, bytes
}

// watch measures for a while.
func (l *Lab) watch(ctx context.Context, long time.Duration) (watched, error) {
	began := l.History.Now()
	var w watched
	for l.History.Now() < began+long {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return w, err
		}
		now, err := l.figures(ctx, 0)
		if err != nil {
			return w, err
		}
		w.resident, w.queued = max(w.resident, now[resident]), max(w.queued, now[queueBytes])
	}
	slow := map[int]bool{}
	for _, d := range l.devices {
		slow[d.id] = d.lazy.Load() != reads
	}
	w.deliveries = deliveryTimes(l.History.Events(), span{began, l.History.Now()}, slow)
	return w, nil
}

// slowDown makes some devices slow, looks how the others do, and lets them read again.
func (l *Lab) slowDown(ctx context.Context, count int, trickle bool) error {
	base, err := l.watch(ctx, 6*time.Second)
	if err != nil {
		return err
	}
	how := stops
	if trickle {
		how = trickles
	}
	slow := l.devices[len(l.devices)-count:]
	l.note("%d devices stop reading, a little %v", count, trickle)
	for _, d := range slow {
		d.lazy.Store(how)
		d.hop() // with a small receive buffer
	}
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	w, err := l.watch(ctx, 8*time.Second)
	if err != nil {
		return err
	}
	ratio := float64(w.deliveries.p99) / float64(base.deliveries.p99)
	l.report.note("%d of %d read slowly (a little %v): others' delivery p99 %s, before %s, × %.2f; %.0f KiB queued, resident %+.1f MB",
		count, len(l.devices), trickle, milliseconds(w.deliveries.p99), milliseconds(base.deliveries.p99), ratio, w.queued/1024, (w.resident-base.resident)/1e6)
	if ratio > slowdownLimit && w.deliveries.p99 > base.deliveries.p99+slowdownFloor {
		l.report.fail("with %d slow readers the others' p99 is %.2f times what it was", count, ratio)
	}
	if most := float64(count * queueLimit); w.queued > most {
		l.report.fail("%.0f bytes queued for %d slow readers, promised are %.0f", w.queued, count, most)
	}
	l.note("they read again")
	for _, d := range slow {
		d.lazy.Store(reads)
		d.hop()
	}
	took, err := l.firstAck(ctx, l.History.Now(), 0)
	l.report.Recovery = append(l.report.Recovery, took)
	return err
}
