package faultlab

import (
	"context"
	"net/http"
	"time"
)

// How long a session that was ended may go on (G7; decision 29): with Redis, and without.
const (
	revocationPromise = 2 * time.Second
	lonelyPromise     = 10 * time.Second
)

// revocation is a device whose session was ended by its person, on another node.
type revocation struct {
	device   *device
	at       time.Duration
	promised time.Duration
}

// revoke ends a session, of those who are still there the last, over a node that its socket is not on.
func (l *Lab) revoke(ctx context.Context, promised time.Duration) error {
	n := len(l.revoked) + 1
	if n > len(l.devices)/4 { // enough have gone
		return nil
	}
	d := l.devices[len(l.devices)-n]
	d.mu.Lock()
	d.revoked = true
	node := l.Nodes[(d.node+1)%len(l.Nodes)]
	d.mu.Unlock()
	l.note("end the session of client %d", d.id)
	if err := rest(ctx, l.crowd.http, node.URL(), d.who, http.MethodPost, "/api/auth/logout-all", nil, nil); err != nil {
		return err
	}
	at := l.History.Now()
	l.revoked = append(l.revoked, revocation{d, at, promised})
	l.History.Add(Event{At: at, Kind: Revoked, Client: d.id, After: promised + l.report.slack})
	return nil
}

// judgeRevocations waits until every ended session has lost its socket, and looks how long that took.
func (l *Lab) judgeRevocations(ctx context.Context) error {
	var all []time.Duration
	for _, r := range l.revoked {
		if err := until(ctx, "the end of a socket whose session was ended", func() bool { return r.device.endedAt() != 0 }); err != nil {
			return err
		}
		took := r.device.endedAt() - r.at
		all = append(all, took)
		l.report.within("the end of a socket whose session was ended", took, r.promised)
	}
	l.report.note("from the end of a session to the end of its socket: %s", spreadOf(all))
	return nil
}

// endedAt is when the device was told that its session is over; 0 before.
func (d *device) endedAt() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.overAt
}
