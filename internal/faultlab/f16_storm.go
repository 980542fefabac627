package faultlab

import (
	"context"
	"time"
)

// Promises about everybody coming back at once (G14).
const (
	stormPromise    = 30 * time.Second // until all have caught up
	queriesForARoom = 2
)

// ReconnectStorms cuts all devices at once.
func ReconnectStorms() Scenario {
	setup := Setup{Nodes: 2, Redis: true, Links: true, People: 500, Devices: 10, Rooms: 10, Seats: 4, Global: 3, Pace: 3 * time.Second}
	return Scenario{
		ID: "F16", Title: "5,000 devices are cut at once", Setup: setup,
		Full: full(10, 500, 2*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			took, err := l.allBack(ctx)
			if err != nil {
				return err
			}
			l.report.note("%d devices were in after %s", len(l.devices), milliseconds(took))
			return l.rounds(ctx, scale, l.storm)
		},
	}
}

func (l *Lab) storm(ctx context.Context) error {
	before, err := l.storeReads(ctx)
	if err != nil {
		return err
	}
	l.note("cut everybody")
	for _, door := range l.Doors {
		door.Drop()
	}
	if err := pause(ctx, 50*time.Millisecond); err != nil { // until they have noticed
		return err
	}
	took, err := l.allBack(ctx)
	if err != nil {
		return err
	}
	after, err := l.storeReads(ctx)
	if err != nil {
		return err
	}
	l.report.Recovery = append(l.report.Recovery, took)
	l.report.within("the return of everybody", took, stormPromise)
	reads, most := after-before, float64(queriesForARoom*len(l.rooms)*len(l.Nodes))
	l.report.note("%d devices were back after %s, with %.0f catch-ups from the store", len(l.devices), milliseconds(took), reads)
	if reads > most {
		l.report.fail("%.0f catch-ups were read from the store for %d rooms on %d nodes", reads, len(l.rooms), len(l.Nodes))
	}
	return nil
}

// allBack waits until every device hears all its rooms.
func (l *Lab) allBack(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	for {
		back := true
		for _, d := range l.devices {
			if !d.hears() {
				back = false
				break
			}
		}
		if back {
			return time.Since(began), nil
		}
		if err := pause(ctx, settleEvery); err != nil {
			return 0, err
		}
	}
}

func (l *Lab) storeReads(ctx context.Context) (float64, error) {
	sum := 0.0
	for i := range l.Nodes {
		now, err := l.figures(ctx, i)
		if err != nil {
			return 0, err
		}
		sum += now[fromStore]
	}
	return sum, nil
}
