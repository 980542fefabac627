package main

import (
	"cmp"
	"slices"
	"time"
)

const warmUp = 2 * time.Second

// testCase is a load, and what is read off it.
type testCase struct {
	Name     string
	flags    []string
	servers  []string // nil: all
	measures []measure
}

// measure is one thing read off a run.
type measure struct {
	name   string
	format string
	of     func(*result) float64
	less   bool // the less the better
	goals  []goal
}

// goal is a line of the table: one of our servers beside another one.
type goal struct {
	ours, theirs string
	ratio        float64 // how many times better ours must be; 0: it is only shown
	most         float64 // what ours must not exceed; 0: no such goal
}

// beside shows the product beside Node, with a goal unless it is 0, and the package beside what carries Node.
func beside(ratio float64) []goal {
	return []goal{{ours: maska, theirs: node, ratio: ratio}, {ours: engine, theirs: nodeEngine}}
}

func perCPU(goals []goal) measure {
	return measure{name: "deliveries per CPU second", format: "%.0f", of: func(r *result) float64 { return r.Server.DeliveriesPerCPUSecond }, goals: goals}
}

func p99(goals []goal) measure {
	return measure{name: "send → deliver p99, ms", format: "%.1f", of: func(r *result) float64 { return r.Deliver.P99 }, less: true, goals: goals}
}

func perSecond(goals []goal) measure {
	return measure{name: "durable messages/s", format: "%.0f", of: func(r *result) float64 { return r.MessagesPerSecond }, goals: goals}
}

const saturation = "saturation"

// saturated is the part of the rate of a closed loop, which Node can just bear, that is its saturation:
// it takes 0.94 of a core there.
const saturated = 0.94

// The cases and goals of the realtime engine (ratios to the founding sketch in the same run).
var cases = []testCase{
	{
		Name: "A", flags: []string{"--rooms=1", "--members=1000", "--in-flight=16"},
		measures: []measure{perCPU(beside(14)), p99(beside(0))},
	},
	{
		Name: "B", flags: []string{"--rooms=1", "--members=1000", "--in-flight=1"},
		measures: []measure{perCPU(beside(2.2)), p99(beside(0))},
	},
	{
		// The goal of the engine is told for ours without a database beside Node with its own; the
		// product, which stores every message, is held to the same.
		Name: "C", flags: []string{"--rooms=200", "--members=6", "--in-flight=6"},
		measures: []measure{
			perCPU([]goal{{ours: maska, theirs: node, ratio: 10}, {ours: engine, theirs: node, ratio: 10}, {ours: engine, theirs: nodeEngine}}),
			perSecond([]goal{{ours: maska, theirs: node, ratio: 10}}),
			p99(beside(0)),
		},
	},
	{
		// Messages of the global room, each acknowledged after its commit, to few people.
		Name: "durable", flags: []string{"--rooms=1", "--members=6", "--in-flight=1200"}, servers: []string{maska, node},
		measures: []measure{
			perSecond([]goal{{ours: maska, theirs: node, ratio: 10}}),
			{
				name: "messages per CPU second", format: "%.0f", of: func(r *result) float64 { return r.Server.MessagesPerCPUSecond },
				goals: []goal{{ours: maska, theirs: node}},
			},
			{
				name: "PostgreSQL CPU per message, µs", format: "%.1f", of: func(r *result) float64 { return r.DatabaseCPU }, less: true,
				goals: []goal{{ours: maska, theirs: node, ratio: 9}},
			},
			{
				name: "send → ack p99, ms", format: "%.1f", of: func(r *result) float64 { return r.Ack.P99 }, less: true,
				goals: []goal{{ours: maska, theirs: node}},
			},
		},
	},
	{
		// Twenty more that never read: the others must not notice.
		Name: "stalled", flags: []string{"--rooms=1", "--members=1000", "--in-flight=16", "--stalled=20"}, servers: []string{maska, engine},
		measures: []measure{perCPU([]goal{{ours: maska}, {ours: engine}}), p99([]goal{{ours: maska}, {ours: engine}})},
	},
	{
		// An open loop at the rate that saturates Node: run finds it in A.
		Name: saturation, flags: []string{"--rooms=1", "--members=1000"}, servers: []string{maska, node},
		measures: []measure{
			p99([]goal{{ours: maska, theirs: node, ratio: 6}}),
			{
				name: "cores of CPU", format: "%.2f", of: func(r *result) float64 { return r.Server.CPU }, less: true,
				goals: []goal{{ours: maska, theirs: node, ratio: 1 / 0.6}},
			},
		},
	},
	{
		Name: "idle", flags: []string{"--rooms=1", "--members=10000", "--in-flight=0", "--people=1000"},
		measures: []measure{
			{
				name: "memory of a connection, KB", format: "%.1f", of: func(r *result) float64 { return r.Server.ResidentPerConnection / 1e3 }, less: true,
				goals: []goal{{ours: maska, theirs: node, most: 12}, {ours: engine, theirs: nodeEngine, most: 10}},
			},
			{
				name: "CPU per connect, ms", format: "%.3f", of: func(r *result) float64 { return r.Connects.CPUMillisecondsEach }, less: true,
				goals: beside(2.5),
			},
		},
	},
}

func (c *testCase) fits(s *server) bool {
	return c.servers == nil || slices.Contains(c.servers, s.name)
}

// order sorts runs by the first thing measured.
func (c *testCase) order(a, b *result) int {
	return cmp.Compare(c.measures[0].of(a), c.measures[0].of(b))
}
