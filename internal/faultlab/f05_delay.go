package faultlab

import (
	"context"
	"fmt"
	"time"
)

// busy is a chat of two nodes in which everybody talks all the time.
func busy() Setup {
	return Setup{Nodes: 2, Redis: true, People: 48, Rooms: 12, Seats: 4, Global: 4, Pace: 5 * time.Millisecond, Churn: 300 * time.Millisecond}
}

func busyWithLinks() Setup {
	s := busy()
	s.Links = true
	return s
}

// linkKinds names the links of a lab.
func (l *Lab) linkKinds() []struct {
	name string
	all  links
} {
	return []struct {
		name string
		all  links
	}{{"devices", l.Doors}, {"PostgreSQL", l.ToData}, {"Redis", l.ToRedis}}
}

// SlowLinks delays what processes say to each other, by 50 milliseconds to two seconds in each direction.
func SlowLinks() Scenario {
	delays := [][2]time.Duration{
		{50 * time.Millisecond, 100 * time.Millisecond},
		{100 * time.Millisecond, 400 * time.Millisecond},
		{400 * time.Millisecond, 900 * time.Millisecond},
		{time.Second, 2 * time.Second},
	}
	return Scenario{
		ID: "F5", Title: "latency and jitter of 50 to 2,000 ms on each link", Setup: busyWithLinks(),
		Full: full(12, 60_000, 3*time.Second),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			slow := map[string]span{}
			err := l.rounds(ctx, scale, func(ctx context.Context) error {
				n := l.report.Kills - 1
				kind, delay := l.linkKinds()[n%3], delays[n/3%len(delays)]
				what := fmt.Sprintf("to %s by %s to %s", kind.name, delay[0], delay[1])
				l.note("delay links %s", what)
				began := l.History.Now()
				for _, link := range kind.all {
					link.Delay(delay[0], delay[1])
				}
				if err := pause(ctx, between(l.rng, 3*time.Second, 5*time.Second)); err != nil {
					return err
				}
				slow[what] = span{began, l.History.Now()}
				return l.healed(ctx, kind.all)
			})
			for what, when := range slow {
				l.report.note("ack with links slow %s: %s", what, ackTimes(l.History.Events(), when))
			}
			return err
		},
	}
}

// healed makes links whole, and waits for the first ack of any node.
func (l *Lab) healed(ctx context.Context, all links) error {
	l.note("heal links")
	for _, link := range all {
		link.Heal()
	}
	whole := l.History.Now()
	took, err := l.firstAck(ctx, whole, l.everyNode()...)
	if err != nil {
		return err
	}
	l.report.Recovery = append(l.report.Recovery, took)
	l.report.within("the first ack after links were healed", took, returnPromise)
	return nil
}

func (l *Lab) everyNode() []int {
	all := make([]int, len(l.Nodes))
	for i := range all {
		all[i] = i
	}
	return all
}
