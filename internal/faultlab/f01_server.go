package faultlab

import (
	"context"
	"time"
)

// KilledServers ends nodes as kill -9 does, under load, and starts them again.
func KilledServers() Scenario {
	return Scenario{
		ID: "F1", Title: "server kill -9",
		Setup: busy(),
		Full:  full(12, 140_000, 4*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			if err := l.rounds(ctx, scale, l.killNode); err != nil {
				return err
			}
			return l.judgeRevocations(ctx)
		},
	}
}

// restartPromise is from the moment when the process is there again to its first ack.
const restartPromise = 2 * time.Second

func (l *Lab) killNode(ctx context.Context) error {
	i := l.rng.IntN(len(l.Nodes))
	node := l.Nodes[i]
	if err := l.revoke(ctx, revocationPromise); err != nil {
		return err
	}
	l.note("kill node %d", i)
	if err := node.Kill(); err != nil {
		return err
	}
	if err := pause(ctx, between(l.rng, 0, time.Second)); err != nil {
		return err
	}
	l.note("start node %d", i)
	began := l.History.Now()
	if err := node.Start(ctx); err != nil {
		return err
	}
	l.report.within("a node's start", l.History.Now()-began, restartPromise)
	ready := l.History.Now()
	for j, d := range l.devices { // all are on the other nodes by now
		if j%len(l.Nodes) == i {
			d.hop()
		}
	}
	took, err := l.firstAck(ctx, ready, i)
	if err != nil {
		return err
	}
	l.report.Recovery = append(l.report.Recovery, took)
	l.report.within("the first ack after a node's restart", took, restartPromise)
	return nil
}
