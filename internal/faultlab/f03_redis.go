package faultlab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// crossPromise is from the ack of a message to its delivery on another node while Redis is away (G9).
const crossPromise = 2 * time.Second

// KilledRedis ends Redis as kill -9 does and starts it again empty, and sometimes empties it while it runs.
func KilledRedis() Scenario {
	return Scenario{
		ID: "F3", Title: "Redis kill -9, empty restart, FLUSHALL",
		Setup: busy(),
		Full:  full(12, 140_000, 4*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			var away []span
			err := l.rounds(ctx, scale, func(ctx context.Context) error {
				without, err := l.killRedis(ctx)
				away = append(away, without)
				if err != nil || l.report.Kills%2 != 0 {
					return err
				}
				return l.flushRedis(ctx)
			})
			l.judgeCrossing(away)
			if err != nil {
				return err
			}
			return l.judgeRevocations(ctx)
		},
	}
}

// span is a part of the history.
type span struct{ from, to time.Duration }

func (s span) holds(at time.Duration) bool { return at >= s.from && at <= s.to }

func (l *Lab) killRedis(ctx context.Context) (away span, err error) {
	l.note("kill Redis")
	if err := l.Redis.Kill(); err != nil {
		return away, err
	}
	away.from = l.History.Now()
	acked := l.Acked()
	if err := l.revoke(ctx, lonelyPromise); err != nil {
		return away, err
	}
	if err := pause(ctx, between(l.rng, time.Second, 4*time.Second)); err != nil {
		return away, err
	}
	if l.Acked() == acked {
		l.report.fail("nothing was acknowledged without Redis")
	}
	for _, node := range l.Nodes {
		if err := degraded(ctx, node.URL(), "redis"); err != nil {
			l.report.fail("without Redis: %v", err)
		}
	}
	l.note("start Redis")
	if err := l.Redis.Start(ctx); err != nil {
		return away, err
	}
	away.to = l.History.Now()
	took, err := l.firstAck(ctx, away.to, 0, 1)
	l.report.Recovery = append(l.report.Recovery, took)
	return away, err
}

// degraded wants a node to be ready, and to say that it does without a backend.
func degraded(ctx context.Context, url, backend string) error {
	var answer struct {
		OK       bool     `json:"ok"`
		Degraded []string `json:"degraded"`
	}
	if err := rest(ctx, http.DefaultClient, url, nil, http.MethodGet, "/readyz", nil, &answer); err != nil {
		return err
	}
	if !answer.OK || !slices.Contains(answer.Degraded, backend) {
		return fmt.Errorf("readyz says %+v", answer)
	}
	return nil
}

func (l *Lab) flushRedis(ctx context.Context) (err error) {
	l.note("FLUSHALL")
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(l.Redis.URL(), "redis://"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("FLUSHALL\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "+OK\r\n" {
		err = fmt.Errorf("FLUSHALL was answered with %q", answer)
	}
	return err
}

// judgeCrossing looks how long what was acknowledged without Redis took to sessions on other nodes.
func (l *Lab) judgeCrossing(away []span) {
	var all []time.Duration
	for _, d := range crossings(l.History.Events()) {
		if slices.ContainsFunc(away, func(s span) bool { return s.holds(d.acked) }) {
			all = append(all, d.took)
		}
	}
	if len(all) == 0 {
		l.report.fail("nothing crossed from node to node without Redis")
		return
	}
	took := spreadOf(all)
	l.report.note("live from node to node without Redis: %s deliveries", took)
	l.report.within("a delivery from node to node without Redis", took.max, crossPromise)
}
