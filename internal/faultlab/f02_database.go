package faultlab

import (
	"context"
	"time"
)

// Promises about the database (G10).
const (
	refusalPromise = 2 * time.Second // until a message is answered with unavailable
	unreadyPromise = 3 * time.Second // until /readyz answers 503
	returnPromise  = 2 * time.Second // from the database's return to the first ack, and to /readyz
)

// KilledDatabase ends PostgreSQL with all its processes as kill -9 does, under load, and starts it again.
func KilledDatabase() Scenario {
	return Scenario{
		ID: "F2", Title: "PostgreSQL kill -9",
		Setup: busy(),
		Full:  full(12, 140_000, 4*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			err := l.rounds(ctx, scale, l.killDatabase)
			l.report.within("the slowest unavailable", l.crowd.refusals.get(), refusalPromise)
			return err
		},
	}
}

func (l *Lab) killDatabase(ctx context.Context) error {
	long := l.report.Kills%3 == 1 // long enough to see that it is said
	l.note("kill the database")
	if err := l.Postgres.Kill(); err != nil {
		return err
	}
	killed := time.Now()
	if err := pause(ctx, 300*time.Millisecond); err != nil { // what was committed before is still told
		return err
	}
	acked := l.Acked()
	if long {
		if err := l.awaitUnready(ctx, killed); err != nil {
			return err
		}
	}
	if err := pause(ctx, between(l.rng, 0, time.Second)); err != nil {
		return err
	}
	if now := l.Acked(); now != acked {
		l.report.fail("%d messages were acknowledged without a database", now-acked)
	}
	l.note("start the database")
	if err := l.Postgres.Start(ctx); err != nil {
		return err
	}
	ready := l.History.Now()
	took, err := l.firstAck(ctx, ready, 0, 1)
	if err != nil {
		return err
	}
	l.report.Recovery = append(l.report.Recovery, took)
	l.report.within("the first ack after the database's return", took, returnPromise)
	return l.awaitReady(ctx, ready)
}

// awaitUnready waits until every node says that it is not ready.
func (l *Lab) awaitUnready(ctx context.Context, since time.Time) error {
	for i := range l.Nodes {
		if err := l.unready(ctx, i, since); err != nil {
			return err
		}
	}
	return nil
}

// awaitReady waits until every node says that it is.
func (l *Lab) awaitReady(ctx context.Context, since time.Duration) error {
	for _, node := range l.Nodes {
		if err := until(ctx, "200 of /readyz", func() bool { return ready(ctx, node.URL()) == nil }); err != nil {
			return err
		}
	}
	l.report.within("200 of /readyz", l.History.Now()-since, returnPromise)
	return nil
}
