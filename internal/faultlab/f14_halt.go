package faultlab

import (
	"context"
	"syscall"
	"time"

	"maska/internal/testkit/services"
)

// HaltedProcesses stops a node, PostgreSQL or Redis as if its machine hung, and lets it go on.
func HaltedProcesses() Scenario {
	return Scenario{
		ID: "F14", Title: "SIGSTOP of 5 to 40 s, then SIGCONT", Setup: busy(),
		Full: full(9, 120_000, 3*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			return l.rounds(ctx, scale, l.halt)
		},
	}
}

func (l *Lab) halt(ctx context.Context) error {
	n := l.report.Kills - 1
	victims := []struct {
		name   string
		server *services.Server
	}{{"node", l.Nodes[l.rng.IntN(len(l.Nodes))]}, {"PostgreSQL", l.Postgres}, {"Redis", l.Redis}}
	victim := victims[n%len(victims)]
	long := between(l.rng, 5*time.Second, 9*time.Second)
	if n == 3 {
		long = 40 * time.Second
	}
	l.crowd.refusals.reset()
	l.note("halt %s for %s", victim.name, long.Round(time.Millisecond))
	if err := victim.server.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	if err := pause(ctx, long); err != nil {
		return err
	}
	if victim.server != l.Nodes[0] && victim.server != l.Nodes[len(l.Nodes)-1] { // a halted node answers late
		l.report.within("unavailable with "+victim.name+" halted", l.crowd.refusals.get(), refusalPromise)
	}
	l.note("%s goes on", victim.name)
	if err := victim.server.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	took, err := l.firstAck(ctx, l.History.Now(), l.everyNode()...)
	if err != nil {
		return err
	}
	l.report.Recovery = append(l.report.Recovery, took)
	l.report.within("the first ack after "+victim.name+" went on", took, returnPromise)
	return nil
}
