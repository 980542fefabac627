package faultlab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// What a flood may cost, and leave behind.
const (
	floodPromise  = 2.0 // times the others' p99
	floodFloor    = 30 * time.Millisecond
	returnsWithin = 60 * time.Second // after the peers have gone
	leftOver      = 0.01             // of goroutines and descriptors
	leftOverFloor = 10
)

// Floods opens connections that are never of use: silent, slow, half done, and thousands of polls.
func Floods() Scenario {
	setup := Setup{Nodes: 1, People: 48, Rooms: 12, Seats: 4, Global: 8, Pace: 50 * time.Millisecond}
	return Scenario{
		ID: "F11", Title: "connection flood, slowloris, half-done handshakes, 10,000 polls", Setup: setup,
		Full: full(1, 20_000, time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			base, err := l.watch(ctx, 8*time.Second)
			if err != nil {
				return err
			}
			before, err := l.figures(ctx, 0)
			if err != nil {
				return err
			}
			l.report.note("others' delivery without a flood: %s", base.deliveries)
			if err := l.rounds(ctx, scale, func(ctx context.Context) error { return l.flood(ctx, base) }); err != nil {
				return err
			}
			return l.returnsTo(ctx, before)
		},
	}
}

// floodSize is how many connections of each kind are open at once.
const floodSize = 1000

func (l *Lab) flood(ctx context.Context, base watched) error {
	address := strings.TrimPrefix(l.Nodes[0].URL(), "http://")
	l.note("flood")
	flooding, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	openings := []string{
		"", // a connection that says nothing
		"GET /health HTTP/1.1\r\nHost: " + address + "\r\nX-Slow: ",
		"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + address + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
		"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + address + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	}
	for i := range floodSize {
		all.Go(func() { drip(flooding, address, openings[i%len(openings)]) })
	}
	all.Go(func() { poll(flooding, l.Nodes[0].URL()) })
	w, err := l.watch(ctx, 10*time.Second)
	stop()
	all.Wait()
	if err != nil {
		return err
	}
	ratio := float64(w.deliveries.p99) / float64(base.deliveries.p99)
	l.report.note("in the flood: others' delivery %s, p99 × %.2f; resident %+.1f MB", w.deliveries, ratio, (w.resident-base.resident)/1e6)
	if ratio > floodPromise && w.deliveries.p99 > base.deliveries.p99+floodFloor {
		l.report.fail("in the flood the others' p99 is %.2f times the baseline, promised are %.1f", ratio, floodPromise)
	}
	return nil
}

// drip opens a connection again and again, says the opening, and then a byte every second.
func drip(ctx context.Context, address, opening string) {
	for ctx.Err() == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			if pause(ctx, time.Second) != nil {
				return
			}
			continue
		}
		_, err = conn.Write([]byte(opening))
		for err == nil && pause(ctx, time.Second) == nil {
			_, err = conn.Write([]byte("a"))
		}
		_ = conn.Close() // the server may have done so
	}
}

const polls = 10_000

// poll opens polling sessions and comes back to none of them.
func poll(ctx context.Context, url string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	for range polls {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/socket.io/?EIO=4&transport=polling", nil)
		if err != nil {
			return
		}
		answer, err := client.Do(r)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			continue
		}
		_ = answer.Body.Close() // it is of no interest
	}
}

// returnsTo waits until goroutines and descriptors are what they were.
func (l *Lab) returnsTo(ctx context.Context, before figures) error {
	began := time.Now()
	for {
		now, err := l.figures(ctx, 0)
		if err != nil {
			return err
		}
		var over []string
		for _, name := range []string{goroutines, descriptors, connections} {
			if now[name] > before[name]*(1+leftOver)+leftOverFloor {
				over = append(over, fmt.Sprintf("%s %.0f of %.0f", name, now[name], before[name]))
			}
		}
		took := time.Since(began)
		if len(over) == 0 {
			l.report.note("goroutines, descriptors and connections were back after %.1f s", took.Seconds())
			return nil
		}
		if took > returnsWithin+l.report.slack {
			l.report.fail("not back after %s: %s", took.Round(time.Second), strings.Join(over, ", "))
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}
