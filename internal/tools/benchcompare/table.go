package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"
)

// line is one line of the table. What is not known, because a server was not run, is 0.
type line struct {
	Case    string  `json:"case"`
	Measure string  `json:"measure"`
	Server  string  `json:"server"`
	Value   float64 `json:"value"`
	Beside  string  `json:"beside,omitempty"`
	Other   float64 `json:"other,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"` // how many times better
	Goal    string  `json:"goal,omitempty"`
	Met     *bool   `json:"met,omitempty"` // nil without a goal

	format string
}

const deliveries = "lost, doubled, out of order, misrouted"

func lines(all map[string]map[string]*result) []line {
	var table []line
	for _, c := range cases {
		of := all[c.Name]
		for _, m := range c.measures {
			for _, g := range m.goals {
				if of[g.ours] != nil {
					table = append(table, m.line(c.Name, g, of))
				}
			}
		}
		for _, name := range []string{maska, engine, node, nodeEngine} {
			if r := of[name]; r != nil {
				l := line{Case: c.Name, Measure: deliveries, Server: name, Value: float64(r.Wrong), format: "%.0f"}
				if ours(name) {
					met := r.Wrong == 0
					l.Goal, l.Met = "0", &met
				}
				table = append(table, l)
			}
		}
	}
	return table
}

func (m *measure) line(name string, g goal, of map[string]*result) line {
	l := line{Case: name, Measure: m.name, Server: g.ours, Value: m.of(of[g.ours]), format: m.format}
	if other := of[g.theirs]; other != nil {
		l.Beside, l.Other = g.theirs, m.of(other)
	}
	if l.Value > 0 && l.Other > 0 {
		l.Ratio = l.Value / l.Other
		if m.less {
			l.Ratio = l.Other / l.Value
		}
	}
	met := false
	switch {
	case g.ratio > 0 && l.Ratio > 0:
		met = l.Ratio >= g.ratio
		l.Goal, l.Met = fmt.Sprintf("≥ %.3g×", g.ratio), &met
	case g.most > 0:
		met = l.Value <= g.most
		l.Goal, l.Met = fmt.Sprintf("≤ %g", g.most), &met
	}
	return l
}

func printTable(to io.Writer, table []line) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "case\tmeasure\tserver\t\tbeside\t\tratio\tgoal\tmet") // Flush tells
	for _, l := range table {
		other, ratio, met := "", "", ""
		if l.Beside != "" {
			other = fmt.Sprintf(l.format, l.Other)
		}
		if l.Ratio > 0 {
			ratio = fmt.Sprintf("%.1f×", l.Ratio)
		}
		if l.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*l.Met]
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", // Flush tells
			l.Case, l.Measure, l.Server, fmt.Sprintf(l.format, l.Value), l.Beside, other, ratio, l.Goal, met)
	}
	return t.Flush()
}

// wrong is an error if ours delivered anything wrongly in any run. A goal that is missed is none: it
// depends on the machine and on who else uses it.
func wrong(table []line) (failed error) {
	for _, l := range table {
		if l.Measure == deliveries && ours(l.Server) && l.Value > 0 {
			failed = errors.Join(failed, fmt.Errorf("%s on %s: %.0f %s", l.Case, l.Server, l.Value, deliveries))
		}
	}
	return failed
}

func writeResults(all map[string]map[string]*result, table []line) error {
	text, err := json.MarshalIndent(map[string]any{
		"time": time.Now().UTC().Format(time.RFC3339), "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH,
		"table": table, "cases": all,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(results), 0o755); err != nil { //nolint:gosec // there is no secret in it
		return err
	}
	return os.WriteFile(results, append(text, '\n'), 0o644) //nolint:gosec // there is no secret in it
}
