// Package collector keeps Go's garbage collector from running too often. A server with thousands of
// connections and little on its heap would collect twenty times a second under load, and each time look
// at the stacks of all its goroutines and shrink those that are about to grow again.
package collector

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage that may lie about is as much as what is alive, as ever (GOGC=100). It may be more, up to
// roof, while there are more than perSecond collections in a second.
const (
	perSecond = 2
	roof      = 64 << 20
	ordinary  = 100
	// least is what the runtime takes the live heap for if it is smaller.
	least = 4 << 20
)

// Run looks after the process's collector until ctx ends. It leaves a GOGC alone that the operator has
// chosen, and a GOMEMLIMIT holds all the same: the runtime puts it above GOGC.
func Run(ctx context.Context) {
	cycles, _, percent := reading()
	if percent != ordinary {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	defer debug.SetGCPercent(ordinary)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, live, _ := reading()
		if next := percentFor(percent, now-cycles, live); next != percent {
			percent = next
			debug.SetGCPercent(percent)
			if percent == ordinary { // at rest: what had been let grow is given back
				debug.FreeOSMemory()
			}
		}
		cycles = now
	}
}

// percentFor returns the GOGC for the next second, after one with that many collections.
func percentFor(percent int, collections, live uint64) int {
	if collections > 2*perSecond || collections < perSecond {
		percent = percent * int(min(collections, 100)+1) / (perSecond + 1)
	}
	return min(max(percent, ordinary), max(ordinary, int(ordinary*roof/max(live, least)))) //nolint:gosec // at most 1600
}

// reading returns the collections so far, the bytes that the last one found alive, and GOGC.
func reading() (cycles, live uint64, percent int) {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/gogc:percent"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64(), int(samples[2].Value.Uint64()) //nolint:gosec // off is -1
}
