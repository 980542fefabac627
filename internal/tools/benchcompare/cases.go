package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

const warmUp = 2 * time.Second

// testCase is a load, and what is read off it.
type testCase struct {
	Name     string
	flags    []string
	servers  []string
	measures []measure
}

// measure is one line of the table.
type measure struct {
	name   string
	format string
	of     func(*result) float64
	less   bool    // the less the better
	goal   float64 // ratio to Node, 0 is none
	most   float64 // absolute goals: of the product and of the package, 0 is none
	mostIn float64
}

var (
	perCPU = measure{name: "deliveries per CPU second", format: "%.0f", of: func(r *result) float64 { return r.Server.DeliveriesPerCPUSecond }}
	p99    = measure{name: "send → deliver p99, ms", format: "%.1f", of: func(r *result) float64 { return r.Deliver.P99 }, less: true}
	cpu    = measure{name: "cores of CPU", format: "%.2f", of: func(r *result) float64 { return r.Server.CPU }, less: true}
)

// The cases and goals of the realtime engine (ratios to the founding sketch in the same run).
var cases = []testCase{
	{
		Name: "A", flags: []string{"--rooms=1", "--members=1000", "--in-flight=16"},
		measures: []measure{perCPU.withGoal(14), p99},
	},
	{
		Name: "B", flags: []string{"--rooms=1", "--members=1000", "--in-flight=1"},
		measures: []measure{perCPU.withGoal(2.2), p99},
	},
	{
		Name: "C", flags: []string{"--rooms=200", "--members=6", "--in-flight=6"},
		measures: []measure{
			perCPU.withGoal(10),
			{name: "durable messages/s", format: "%.0f", of: func(r *result) float64 { return r.MessagesPerSecond }, goal: 10},
			p99,
		},
	},
	{
		// Messages of the global room, each acknowledged after its commit, to few people.
		Name: "durable", flags: []string{"--rooms=1", "--members=6", "--in-flight=1200"}, servers: []string{maska, node},
		measures: []measure{
			{name: "messages/s", format: "%.0f", of: func(r *result) float64 { return r.MessagesPerSecond }, goal: 10},
			{name: "messages per CPU second", format: "%.0f", of: func(r *result) float64 { return r.Server.MessagesPerCPUSecond }},
			{name: "PostgreSQL CPU per message, µs", format: "%.1f", of: func(r *result) float64 { return r.DatabaseCPU }, less: true, goal: 9},
			{name: "send → ack p99, ms", format: "%.1f", of: func(r *result) float64 { return r.Ack.P99 }, less: true},
		},
	},
	{
		Name: "stalled", flags: []string{"--rooms=1", "--members=1000", "--in-flight=16", "--stalled=20"}, servers: []string{maska, engine},
		measures: []measure{perCPU, p99},
	},
	{
		// What saturates Node: the rate that it reached in A, or 80,000 deliveries a second if A was not run.
		Name: "saturation", flags: []string{"--rooms=1", "--members=1000", "--rate=80"},
		measures: []measure{p99.withGoal(6), cpu},
	},
	{
		Name: "idle", flags: []string{"--rooms=1", "--members=10000", "--in-flight=0", "--people=1000"},
		measures: []measure{
			{name: "memory of a connection, KB", format: "%.1f", of: func(r *result) float64 { return r.Server.ResidentPerConnection / 1e3 }, less: true, most: 12, mostIn: 10},
			{name: "CPU per connect, ms", format: "%.3f", of: func(r *result) float64 { return r.Connects.CPUMillisecondsEach }, less: true, goal: 2.5},
		},
	},
}

func (m measure) withGoal(ratio float64) measure {
	m.goal = ratio
	return m
}

func (c *testCase) fits(s *server) bool {
	return c.servers == nil || slices.Contains(c.servers, s.name)
}

// order sorts runs by the first thing measured.
func (c *testCase) order(a, b *result) int {
	return cmp.Compare(c.measures[0].of(a), c.measures[0].of(b))
}

func printTable(to io.Writer, all map[string]map[string]*result) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(t, "case\tmeasure\t%s\t%s\tratio\tgoal\tmet\t%s\t%s\tratio\t\n", maska, node, engine, nodeEngine) // Flush tells
	for _, c := range cases {
		of, ok := all[c.Name]
		if !ok {
			continue
		}
		for _, m := range c.measures {
			_, _ = fmt.Fprintln(t, m.line(c.Name, of))
		}
		_, _ = fmt.Fprintln(t, faultsLine(c.Name, of))
	}
	return t.Flush()
}

func (m *measure) line(name string, of map[string]*result) string {
	product, engines := m.ratio(of[maska], of[node]), m.ratio(of[engine], of[nodeEngine])
	goal, met := "", ""
	switch {
	case m.goal != 0:
		goal = fmt.Sprintf("≥ %g×", m.goal)
		met = verdict(product, product >= m.goal)
	case m.most != 0:
		goal = fmt.Sprintf("≤ %g, %g", m.most, m.mostIn)
		met = verdict(product, m.of(of[maska]) <= m.most && m.of(of[engine]) <= m.mostIn)
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t", name, m.name,
		m.value(of[maska]), m.value(of[node]), times(product), goal, met, m.value(of[engine]), m.value(of[nodeEngine]), times(engines))
}

func verdict(known float64, met bool) string {
	switch {
	case known == 0:
		return ""
	case met:
		return "yes"
	}
	return "NO"
}

func (m *measure) value(r *result) string {
	if r == nil {
		return "–"
	}
	return fmt.Sprintf(m.format, m.of(r))
}

// ratio is how many times better ours is, 0 if it is not known.
func (m *measure) ratio(ours, theirs *result) float64 {
	if ours == nil || theirs == nil || m.of(ours) == 0 || m.of(theirs) == 0 {
		return 0
	}
	if m.less {
		return m.of(theirs) / m.of(ours)
	}
	return m.of(ours) / m.of(theirs)
}

func times(ratio float64) string {
	if ratio == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f×", ratio)
}

func faultsLine(name string, of map[string]*result) string {
	count := func(server string) string {
		if of[server] == nil {
			return "–"
		}
		return fmt.Sprint(of[server].Faults)
	}
	met := "yes"
	for _, ours := range []string{maska, engine} {
		if of[ours] != nil && of[ours].Faults != 0 {
			met = "NO"
		}
	}
	return fmt.Sprintf("%s\tlost, doubled, out of order, misrouted\t%s\t%s\t\t0\t%s\t%s\t%s\t\t", name, count(maska), count(node), met, count(engine), count(nodeEngine))
}
