package faultlab

import (
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
