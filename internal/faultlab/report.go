package faultlab

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what came of one run.
type Report struct {
	ID      string
	Title   string
	Seed    uint64
	Dir     string // of the history and the logs, if it failed
	Took    time.Duration
	Verdict *Verdict

	Kills    int             // or cuts, halts and whatever else the fault is
	Recovery []time.Duration // from the moment when everything was there again to the first ack
	Settled  time.Duration   // from the end of the talking until everybody knew everything
	Refused  int             // messages that were told to wait
	Resends  int             // messages that were sent again on the same connection
	Notes    []string        // measured beside
	Failures []string        // promises that were broken

	slack time.Duration
}

func (r *Report) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// within fails if something took longer than was promised, and the slack.
func (r *Report) within(what string, took, promised time.Duration) {
	if took > promised+r.slack {
		r.fail("%s took %s, promised are %s", what, took.Round(time.Millisecond), promised)
	}
}

// Failed reports whether a guarantee was broken.
func (r *Report) Failed() bool { return len(r.Failures) > 0 || r.Verdict == nil || r.Verdict.Broken() }

// String tells everything about a failure, the seed first.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, seed %d", r.ID, r.Seed)
	if r.Dir != "" {
		fmt.Fprintf(&b, ", history in %s", r.Dir)
	}
	for _, failure := range r.Failures {
		b.WriteString("\n  " + failure)
	}
	if r.Verdict != nil {
		b.WriteString("\n  " + r.Verdict.String())
	}
	for _, note := range r.Notes {
		b.WriteString("\n  " + note)
	}
	return b.String()
}

func (r *Report) recovery() (median, most time.Duration) {
	if len(r.Recovery) == 0 {
		return 0, 0
	}
	all := slices.Sorted(slices.Values(r.Recovery))
	return all[len(all)/2], all[len(all)-1]
}

// judge adds what the devices noticed and what the history shows.
func (l *Lab) judge() {
	r, c := l.report, l.crowd
	r.Verdict = Check(l.History.Events())
	r.Refused, r.Resends = int(c.counters.refused.Load()), int(c.counters.resends.Load())
	if n := c.counters.loggedOut.Load(); n > 0 {
		r.fail("%d times somebody was logged out", n)
	}
	if n := c.counters.unexplained.Load(); n > 0 {
		r.fail("%d answers that no fault explains", n)
	}
	if n := c.counters.holes.Load(); n > 0 {
		r.note("%d holes were seen live", n)
	}
	unexpected := c.unexpected.all()
	for _, what := range slices.Sorted(maps.Keys(unexpected)) {
		r.note("%d × %s", unexpected[what], what)
	}
	for _, line := range l.panics() {
		r.fail("%s", line)
	}
}

// WriteTable prints one line a run, what was measured beside, and what failed.
func WriteTable(w io.Writer, reports []*Report) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, err := fmt.Fprintln(table, "fault\tacked\tstored\tdelivered\tlost\tdup\tgaps\tother\tfaults\trecovery ms median\tmax\tsettled ms\ttook s\t")
	if err != nil {
		return err
	}
	acked := 0
	for _, r := range reports {
		v := r.Verdict
		if v == nil {
			v = &Verdict{}
		}
		acked += v.Acked
		other := 0
		for kind, n := range v.Breaches {
			if kind != Lost && kind != Duplicate && kind != Gap {
				other += n
			}
		}
		median, most := r.recovery()
		if _, err := fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", r.ID, v.Acked, v.Stored, v.Got,
			v.Breaches[Lost], v.Breaches[Duplicate], v.Breaches[Gap], other, r.Kills,
			median.Milliseconds(), most.Milliseconds(), r.Settled.Milliseconds(), r.Took.Seconds()); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%d messages acknowledged\n", acked); err != nil {
		return err
	}
	for _, r := range reports {
		for _, note := range r.Notes {
			if _, err := fmt.Fprintf(w, "%s: %s\n", r.ID, note); err != nil {
				return err
			}
		}
	}
	for _, r := range reports {
		if r.Failed() {
			if _, err := fmt.Fprintf(w, "FAILED %s\n", r); err != nil {
				return err
			}
		}
	}
	return nil
}
