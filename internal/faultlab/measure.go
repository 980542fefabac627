package faultlab

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// delivery is how long a message took to somebody who was connected all the time.
type delivery struct {
	acked time.Duration // when, in the history
	took  time.Duration // from the ack
}

// crossings lists the deliveries to sessions on other nodes than the sender's, but what came by catching up.
func crossings(events []Event) []delivery {
	type said struct {
		at   time.Duration
		node int
	}
	nodes, acks := map[int]int{}, map[uuid.UUID]said{}
	for i := range events {
		switch e := &events[i]; e.Kind {
		case Opened:
			nodes[e.Session] = e.Node
		case Acked:
			if _, known := acks[e.CID]; !known {
				acks[e.CID] = said{e.At, e.Node}
			}
		default: // tells nothing about this
		}
	}
	var all []delivery
	for i := range events {
		e := &events[i]
		if ack, ok := acks[e.CID]; ok && e.Kind == Got && !e.Asked && nodes[e.Session] != ack.node {
			all = append(all, delivery{acked: ack.at, took: max(0, e.At-ack.at)})
		}
	}
	return all
}

// deliveryTimes tells how long live messages took from their sender to other devices, of those sent in a span.
func deliveryTimes(events []Event, when span, without map[int]bool) spread {
	sends := map[uuid.UUID]Event{}
	for i := range events {
		if e := &events[i]; e.Kind == Sent && when.holds(e.At) {
			sends[e.CID] = *e
		}
	}
	var all []time.Duration
	for i := range events {
		e := &events[i]
		if sent, ok := sends[e.CID]; ok && e.Kind == Got && !e.Asked && !without[e.Client] && e.Client != sent.Client {
			all = append(all, e.At-sent.At)
		}
	}
	return spreadOf(all)
}

// ackTimes tells how long acks took of messages that were composed in a span.
func ackTimes(events []Event, when span) spread {
	sent, all := map[uuid.UUID]time.Duration{}, []time.Duration{}
	for i := range events {
		switch e := &events[i]; e.Kind {
		case Sent:
			if when.holds(e.At) {
				sent[e.CID] = e.At
			}
		case Acked:
			if at, ok := sent[e.CID]; ok {
				all = append(all, e.At-at)
				delete(sent, e.CID)
			}
		default: // tells nothing about this
		}
	}
	return spreadOf(all)
}

// spread sums up how long something took.
type spread struct {
	n                int
	median, p99, max time.Duration
}

func spreadOf(all []time.Duration) spread {
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	n := len(all)
	return spread{n, all[n/2], all[n*99/100], all[n-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("median %s, p99 %s, max %s of %d", milliseconds(s.median), milliseconds(s.p99), milliseconds(s.max), s.n)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
