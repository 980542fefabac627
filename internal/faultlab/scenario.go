package faultlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Scale says how long a scenario goes on: until it has broken something so often and so many messages
// were acknowledged.
type Scale struct {
	Kills int
	Acked int
	// Quiet is the time between two faults, on average.
	Quiet time.Duration
	// Slack is what promised times may be exceeded by, because the machine is shared.
	Slack time.Duration
	// Limit ends the run whatever was reached; then it has failed.
	Limit time.Duration
}

// full goes on for a fixed number of faults and messages at the times that a release judges.
func full(kills, acked int, quiet time.Duration) Scale {
	return Scale{Kills: kills, Acked: acked, Quiet: quiet, Slack: time.Second, Limit: 10 * time.Minute}
}

// With is the scale with other numbers of faults and messages, where they are given.
func (s Scale) With(other Scale) Scale {
	s.Kills, s.Acked = cmp.Or(other.Kills, s.Kills), cmp.Or(other.Acked, s.Acked)
	return s
}

// Scenario is one kind of fault.
type Scenario struct {
	ID    string // as in the list of guarantees
	Title string
	Setup Setup
	// Full is how far a release goes.
	Full Scale
	// Break breaks things, and leaves everything whole.
	Break func(ctx context.Context, l *Lab, scale Scale) error
}

// Scenarios are all there are.
func Scenarios() []Scenario {
	return []Scenario{
		KilledServers(), KilledDatabase(), KilledRedis(), SlowLinks(), CutLinks(), IsolatedNodes(),
		SlowReaders(), Floods(), HostileFrames(), Deployments(), LoneDeployments(), HaltedProcesses(), ReconnectStorms(),
	}
}

// settleLimit is how long catching up may take when everything is whole.
const settleLimit = 20 * time.Second

// Run plays a scenario in a folder of its own below dir, which is removed. The history and the logs are
// kept elsewhere if a guarantee was broken, and the report says where. The error tells why the scenario
// could not be played.
func Run(ctx context.Context, s Scenario, scale Scale, seed uint64, binary, dir string, log *slog.Logger) (_ *Report, err error) {
	began := time.Now()
	own := filepath.Join(dir, s.ID)
	if err := os.Mkdir(own, 0o711); err != nil { //nolint:gosec // PostgreSQL runs as another user and passes through.
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, scale.Limit)
	defer cancel()
	l, err := Start(ctx, s.Setup, seed, binary, own, log)
	if err != nil {
		return nil, fmt.Errorf("%s, seed %d: %w", s.ID, seed, err)
	}
	r := l.report
	r.ID, r.Title, r.slack = s.ID, s.Title, scale.Slack
	err = s.Break(ctx, l, scale)
	if err == nil {
		err = l.Settle(ctx, settleLimit)
	}
	if err = errors.Join(err, l.Close()); err != nil {
		kept, keeping := keep(own, s.ID)
		return nil, fmt.Errorf("%s, seed %d, history in %s: %w", s.ID, seed, kept, errors.Join(err, keeping))
	}
	l.judge()
	r.Took = time.Since(began)
	if r.Failed() {
		r.Dir, err = keep(own, s.ID)
	}
	return r, errors.Join(err, os.RemoveAll(own))
}

// keep copies the history and the logs of a run to a folder that nobody sweeps.
func keep(dir, id string) (string, error) {
	kept, err := os.MkdirTemp("", "maska-faults-"+id+"-")
	if err != nil {
		return dir, err
	}
	for _, pattern := range []string{"*.jsonl", "*.log"} {
		paths, globbing := filepath.Glob(filepath.Join(dir, pattern))
		err = errors.Join(err, globbing)
		for _, path := range paths {
			err = errors.Join(err, copyFile(path, filepath.Join(kept, filepath.Base(path))))
		}
	}
	return kept, err
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from) //nolint:gosec // a file of the run's own
	if err != nil {
		return err
	}
	defer source.Close()         //nolint:errcheck // it was only read
	target, err := os.Create(to) //nolint:gosec // a file of the run's own
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}

// Await waits until so many messages were acknowledged.
func (l *Lab) Await(ctx context.Context, acked int) error {
	for l.Acked() < acked {
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

// rounds breaks something again and again, with quiet times between.
func (l *Lab) rounds(ctx context.Context, scale Scale, once func(ctx context.Context) error) error {
	for l.report.Kills < scale.Kills || l.Acked() < scale.Acked {
		if err := pause(ctx, between(l.rng, scale.Quiet/2, 3*scale.Quiet/2)); err != nil {
			return l.tooSlow(err)
		}
		l.report.Kills++
		if err := once(ctx); err != nil {
			return l.tooSlow(err)
		}
	}
	return nil
}

func (l *Lab) tooSlow(err error) error {
	return fmt.Errorf("after %d faults and %d acknowledged messages: %w", l.report.Kills, l.Acked(), err)
}

const (
	pollEvery = 5 * time.Millisecond
	// patience ends the wait for what should have happened long before.
	patience = 40 * time.Second
)

// until polls for something to be so.
func until(ctx context.Context, what string, is func() bool) error {
	began := time.Now()
	for !is() {
		if time.Since(began) > patience {
			return fmt.Errorf("%s: not after %s", what, patience)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// firstAck waits until one of the nodes has acknowledged a message, and returns when it was, counted
// from since.
func (l *Lab) firstAck(ctx context.Context, since time.Duration, nodes ...int) (time.Duration, error) {
	var first time.Duration
	err := until(ctx, "an ack after the fault", func() bool {
		for _, node := range nodes {
			if at, ok := l.crowd.ackSince(node, since); ok && (first == 0 || at < first) {
				first = at
			}
		}
		return first != 0
	})
	return first - since, err
}
