package faultlab

import (
	"context"
	"time"
)

// deadPromise is the server's ping interval and timeout: so long it may believe in a peer that is silent.
const deadPromise = 45 * time.Second

// CutLinks cuts links, by a reset and without one, and lets them be silent while both sides believe to
// be connected.
func CutLinks() Scenario {
	return Scenario{
		ID: "F6", Title: "cut and half-open links to devices, PostgreSQL and Redis", Setup: busyWithLinks(),
		Full: full(18, 120_000, 2*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			err := l.rounds(ctx, scale, l.cutSomething)
			if err != nil || scale.Kills < 9 {
				return err
			}
			return l.deadPeers(ctx)
		},
	}
}

func (l *Lab) cutSomething(ctx context.Context) error {
	n := l.report.Kills - 1
	kind := l.linkKinds()[n%3]
	all := kind.all
	if n/9%2 == 1 { // of one node only
		i := l.rng.IntN(len(all))
		all = all[i : i+1]
	}
	l.crowd.refusals.reset()
	silent := n/3%3 == 2
	for _, link := range all {
		if silent {
			link.Silence()
		} else {
			link.Cut(n/3%3 == 0)
		}
	}
	l.note("cut %d links to %s, silently %v", len(all), kind.name, silent)
	if err := pause(ctx, between(l.rng, 2*time.Second, 6*time.Second)); err != nil {
		return err
	}
	if n%3 != 0 { // on the way to the devices an answer may be under way as long as the link is silent
		l.report.within("unavailable with links cut to "+kind.name, l.crowd.refusals.get(), refusalPromise)
	}
	return l.healed(ctx, all)
}

// deadPeers looks when a node gives up devices that say nothing any more.
func (l *Lab) deadPeers(ctx context.Context) error {
	l.note("silence the devices of node 0")
	l.Doors[0].Silence()
	began := time.Now()
	for {
		now, err := l.figures(ctx, 0)
		if err != nil {
			return err
		}
		if now[connections] == 0 {
			break
		}
		if time.Since(began) > deadPromise+patience {
			l.report.fail("%.0f dead peers after %s", now[connections], time.Since(began).Round(time.Second))
			break
		}
		if err := pause(ctx, settleEvery); err != nil {
			return err
		}
	}
	took := time.Since(began)
	l.report.note("silent devices were given up after %.1f s at most", took.Seconds())
	l.report.within("giving up silent devices", took, deadPromise+5*time.Second)
	return l.healed(ctx, l.Doors[:1])
}
