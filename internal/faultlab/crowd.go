package faultlab

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// crowd is what the devices of a run share.
type crowd struct {
	history *History
	http    *http.Client
	narrow  *http.Client // its connections have a small receive buffer
	seed    uint64
	words   int // that a message has at most

	talking  atomic.Bool  // new messages are sent
	pace     atomic.Int64 // nanoseconds from an ack to the next message of a device in a room, on average
	sessions atomic.Int64

	counters struct {
		acked, refused, opened, holes, resends atomic.Int64
		loggedOut, unexplained                 atomic.Int64
	}
	refusals   slowest   // from a message to unavailable
	gaps       durations // without a connection
	unexpected notes
	targets    []target
}

// target is a node as devices see it.
type target struct {
	url     string
	lastAck *atomic.Int64 // nanoseconds since the history began
	closed  *atomic.Bool  // a balancer sends nobody there
}

func newCrowd(history *History, seed uint64, urls []string) *crowd {
	c := &crowd{history: history, seed: seed, http: clientOver(&net.Dialer{Timeout: dialLimit}), narrow: clientOver(&net.Dialer{
		Timeout: dialLimit, Control: func(_, _ string, conn syscall.RawConn) error {
			const size = 4 << 10
			var setting error
			err := conn.Control(func(fd uintptr) {
				setting = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, size)
			})
			return errors.Join(err, setting)
		},
	})}
	for _, url := range urls {
		c.targets = append(c.targets, target{url: url, lastAck: new(atomic.Int64), closed: new(atomic.Bool)})
	}
	c.pace.Store(int64(20 * time.Millisecond))
	return c
}

func clientOver(dialer *net.Dialer) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: 10 * time.Second}}
}

// rng gives everybody dice of his own, the same in every run with the seed.
func (c *crowd) rng(who uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed, who)) //nolint:gosec // the same dice must fall again
}

// choose finds a node for a device, perhaps one that is dead.
func (c *crowd) choose(rng *rand.Rand) (node int, to target) {
	open := make([]int, 0, len(c.targets))
	for i, t := range c.targets {
		if !t.closed.Load() {
			open = append(open, i)
		}
	}
	if len(open) > 0 {
		node = open[rng.IntN(len(open))]
	}
	return node, c.targets[node]
}

// direct opens or closes the way to a node, as a balancer does that asks /readyz.
func (c *crowd) direct(node int, open bool) { c.targets[node].closed.Store(!open) }

// ackSince tells whether a node has acknowledged something after a moment.
func (c *crowd) ackSince(node int, since time.Duration) (time.Duration, bool) {
	at := time.Duration(c.targets[node].lastAck.Load())
	return at, at > since
}

// slowest keeps the longest of some durations.
type slowest struct{ ns atomic.Int64 }

func (s *slowest) add(d time.Duration) {
	for {
		most := s.ns.Load()
		if int64(d) <= most || s.ns.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

func (s *slowest) reset() { s.ns.Store(0) }

func (s *slowest) get() time.Duration { return time.Duration(s.ns.Load()) }

// durations keeps how long things took.
type durations struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *durations) add(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, took)
}

func (d *durations) get() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all)
}

// notes counts what should not happen, by what it is.
type notes struct {
	mu     sync.Mutex
	counts map[string]int
}

const maxNotes = 20

func (n *notes) add(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	if n.counts[what] == 0 && len(n.counts) >= maxNotes {
		what = "others"
	}
	n.counts[what]++
}

func (n *notes) all() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.counts)
}

// pause waits, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// between draws a duration.
func between(rng *rand.Rand, from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(rng.Int64N(int64(to-from)))
}
