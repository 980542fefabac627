package faultlab

import (
	"context"
	"time"
)

// Promises about a deployment (G8).
const (
	drainPromise = 10 * time.Second // from SIGTERM to the end of the process
	gapPromise   = 2 * time.Second  // from a device's end of connection to its next, p99, with a second node
	alonePromise = 5 * time.Second  // the same without, counted from the end of the drain
)

// Deployments end nodes by SIGTERM, one after another, under load, and start them again.
func Deployments() Scenario {
	setup := busy()
	setup.Churn = 0 // else its gaps are counted too
	return Scenario{
		ID: "F13", Title: "SIGTERM under load, rolling", Setup: setup,
		Full: full(20, 140_000, time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			err := l.rounds(ctx, scale, func(ctx context.Context) error {
				_, err := l.deploy(ctx, l.report.Kills%len(l.Nodes))
				return err
			})
			l.judgeGaps(gapPromise)
			return err
		},
	}
}

// LoneDeployments do the same where there is no other node.
func LoneDeployments() Scenario {
	setup := busy()
	setup.Nodes, setup.Redis, setup.Churn = 1, false, 0
	return Scenario{
		ID: "F13-1", Title: "SIGTERM under load, a single node", Setup: setup,
		Full: full(4, 20_000, time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			return l.rounds(ctx, scale, func(ctx context.Context) error {
				down, err := l.deploy(ctx, 0)
				l.report.within("a lone node's absence", down, alonePromise)
				return err
			})
		},
	}
}

// deploy replaces the process of a node, and returns how long there was none.
func (l *Lab) deploy(ctx context.Context, i int) (down time.Duration, err error) {
	node := l.Nodes[i]
	l.note("SIGTERM to node %d", i)
	began := time.Now()
	if err := node.Stop(); err != nil {
		return 0, err
	}
	l.report.within("a drain", time.Since(began), drainPromise)
	l.note("start node %d", i)
	gone := time.Now()
	if err := node.Start(ctx); err != nil {
		return 0, err
	}
	down = time.Since(gone)
	l.report.within("a node's start", down, restartPromise)
	since := l.History.Now()
	for j, d := range l.devices {
		if j%len(l.Nodes) == i {
			d.hop()
		}
	}
	took, err := l.firstAck(ctx, since, i)
	l.report.Recovery = append(l.report.Recovery, took)
	return down, err
}

// judgeGaps looks how long devices were without a connection.
func (l *Lab) judgeGaps(promised time.Duration) {
	gaps := spreadOf(l.crowd.gaps.get())
	l.report.note("without a connection: %s times", gaps)
	l.report.within("the 99th percentile of the time without a connection", gaps.p99, promised)
}
