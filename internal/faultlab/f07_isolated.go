package faultlab

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// IsolatedNodes cuts one of three nodes off from Redis and another from PostgreSQL.
func IsolatedNodes() Scenario {
	setup := busyWithLinks()
	setup.Nodes = 3
	return Scenario{
		ID: "F7", Title: "of three nodes one without Redis, one without PostgreSQL", Setup: setup,
		Full: full(8, 120_000, 3*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			return l.rounds(ctx, scale, l.isolate)
		},
	}
}

func (l *Lab) isolate(ctx context.Context) error {
	order := l.rng.Perm(len(l.Nodes))
	noRedis, noData := order[0], order[1]
	silent := l.rng.IntN(2) == 1
	l.note("node %d loses Redis, node %d PostgreSQL, silently %v", noRedis, noData, silent)
	began, at := time.Now(), l.History.Now()
	for _, link := range []*Link{l.ToRedis[noRedis], l.ToData[noData]} {
		if silent {
			link.Silence()
		} else {
			link.Cut(true)
		}
	}
	if err := l.unready(ctx, noData, began); err != nil {
		return err
	}
	// A balancer that asks sends nobody there, and whoever is refused finds his way.
	l.crowd.direct(noData, false)
	for _, d := range l.devices {
		d.leaves(noData)
	}
	if _, err := l.firstAck(ctx, at+time.Second, noRedis); err != nil {
		return err
	}
	if err := pause(ctx, between(l.rng, 2*time.Second, 5*time.Second)); err != nil {
		return err
	}
	if err := ready(ctx, l.Nodes[noRedis].URL()); err != nil {
		l.report.fail("a node without Redis is not ready: %v", err)
	}
	if late, ok := l.crowd.ackSince(noData, at+time.Second); ok {
		l.report.fail("a node without PostgreSQL acknowledged %s after it was cut off", late-at)
	}
	err := l.healed(ctx, links{l.ToRedis[noRedis], l.ToData[noData]})
	if err != nil {
		return err
	}
	healed := l.History.Now()
	l.crowd.direct(noData, true)
	return l.awaitReady(ctx, healed)
}

// unready waits until a node says that it is not ready.
func (l *Lab) unready(ctx context.Context, node int, since time.Time) error {
	err := until(ctx, "503 of /readyz", func() bool {
		refused, is := errors.AsType[answerError](ready(ctx, l.Nodes[node].URL()))
		return is && refused.status == http.StatusServiceUnavailable
	})
	if err == nil {
		l.report.within("503 of /readyz", time.Since(since), unreadyPromise)
	}
	return err
}
