// Benchcompare runs the cases of the realtime engine against our server and against the founding
// sketch in Node, in turn, each on one core with the load on another, and prints what each does, the
// ratio and the goal:
//
//	make bench
//	go run ./internal/tools/withservices go run ./internal/tools/benchcompare -repeat 3 -only A,B
//
// It needs Linux, two cores, bin/maska, bench/node installed, and PostgreSQL by TEST_POSTGRES_URL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"maska/internal/loadtest"
)

const (
	serverCore, loadCore = "1", "0"
	results              = "bench/results/latest.json"
	// runLimit ends a run that does not end by itself.
	runLimit = 5 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchcompare:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	repeat   int
	duration time.Duration
	only     string
	binary   string
}

func (o *options) wants(c *testCase) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), c.Name)
}

func run(ctx context.Context, args []string) (err error) {
	var o options
	flags := flag.NewFlagSet("benchcompare", flag.ContinueOnError)
	flags.IntVar(&o.repeat, "repeat", 1, "runs of each case, of which the middle one counts")
	flags.DurationVar(&o.duration, "duration", 6*time.Second, "measured time of a run")
	flags.StringVar(&o.only, "only", "", "cases, as A,B")
	flags.StringVar(&o.binary, "binary", "bin/maska", "the built server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if runtime.NumCPU() < 2 {
		return errors.New("a server and its load need a core each")
	}
	dir, err := os.MkdirTemp("", "maska-benchcompare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	servers, err := prepare(ctx, o.binary, dir)
	if err != nil {
		return err
	}
	db, err := openPostgres(ctx, os.Getenv("TEST_POSTGRES_URL"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	all := map[string]map[string]*result{}
	var failed error // a run that fails does not take the others' results with it
	for _, c := range cases {
		if !o.wants(&c) {
			continue
		}
		if c.Name == saturation {
			rate := 80.0 // of the Node stack on the machine where the goals were found
			if closed := all["A"][node]; closed != nil {
				rate = saturated * closed.MessagesPerSecond
			}
			c.flags = append(c.flags, fmt.Sprintf("--rate=%.0f", rate))
		}
		all[c.Name] = map[string]*result{}
		failed = errors.Join(failed, compare(ctx, &o, &c, servers, db, dir, all[c.Name]))
	}
	table := lines(all)
	return errors.Join(failed, writeResults(all, table), printTable(os.Stdout, table), wrong(table))
}

// compare runs one case on every server, the servers in turn.
func compare(ctx context.Context, o *options, c *testCase, servers []server, db *postgres, dir string, into map[string]*result) (failed error) {
	runs := map[string][]*result{}
	for range o.repeat {
		for _, s := range servers {
			if !c.fits(&s) {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s on %s\n", c.Name, s.name)
			r, err := once(ctx, o, c, &s, db, dir)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s on %s: %w", c.Name, s.name, err))
				continue
			}
			runs[s.name] = append(runs[s.name], r)
		}
	}
	for name, some := range runs {
		slices.SortFunc(some, func(a, b *result) int { return c.order(a, b) })
		middle := *some[len(some)/2]
		middle.Wrong = 0
		for _, r := range some { // what went wrong in any run counts
			middle.Wrong += r.Faults.Total()
		}
		into[name] = &middle
	}
	return failed
}

// result is one run of a case on a server.
type result struct {
	*loadtest.Report
	// DatabaseCPU is the CPU time of PostgreSQL for each message, in microseconds, sending and
	// connecting together.
	DatabaseCPU float64 `json:"databaseCpuUsEach,omitempty"`
	// Wrong is the number of faults in all repetitions.
	Wrong int64 `json:"wrong"`
}

// once starts a server afresh and runs a case on it.
func once(ctx context.Context, o *options, c *testCase, s *server, db *postgres, dir string) (r *result, err error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	url := ""
	if s.database {
		var drop func() error
		if url, drop, err = db.create(ctx); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, drop()) }()
	}
	running, err := s.start(ctx, url, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, running.stop()) }()
	file := filepath.Join(dir, "report.json")
	args := append([]string{"-c", loadCore, o.binary, "bench", "--json", file, "--url", running.url, "--pid", fmt.Sprint(running.pid()), "--warm-up", warmUp.String(), "--duration", o.duration.String()}, s.flags...)
	load := exec.CommandContext(ctx, "taskset", append(args, c.flags...)...) //nolint:gosec // the arguments are ours
	load.Env = append(os.Environ(), "GOMAXPROCS=1")
	load.Stderr = os.Stderr
	before := db.cpu()
	out, runErr := load.Output()
	after := db.cpu()
	text, err := os.ReadFile(file) //nolint:gosec // a path of our own
	if err != nil {
		return nil, errors.Join(runErr, err)
	}
	if err := os.Remove(file); err != nil {
		return nil, err
	}
	r = &result{Report: new(loadtest.Report)}
	if err := json.Unmarshal(text, r.Report); err != nil {
		return nil, err
	}
	if !r.Clean() && ours(s.name) {
		fmt.Fprintf(os.Stderr, "%s", out)
	}
	if s.database && r.Ack.Count > 0 {
		r.DatabaseCPU = float64((after - before).Microseconds()) / (r.MessagesPerSecond * (r.Seconds + warmUp.Seconds()))
	}
	return r, nil
}
