// Package cluster is what the nodes of one Maska tell each other, and the
// short-lived counters that they share: over Redis, or in memory for a single
// node. Both pass the suites in clustertest.
package cluster

import "context"

// Bus carries hints between nodes. What it promises:
//
//   - A node never gets what it published itself.
//   - Each other node gets a message at most once. It may be lost, and nobody is
//     told: what must not be lost is in the database.
//   - Messages of one node on one channel come in the order in which Publish
//     returned.
//   - What is published after Subscribe has returned is received, if nothing is
//     lost.
type Bus interface {
	// Publish does not wait for receivers, and must not be given a payload that
	// is changed later.
	Publish(ctx context.Context, channel string, payload []byte) error
	// Subscribe calls handle, one message after another, until cancel is called;
	// a call that has begun may outlast cancel. All subscriptions of a node are
	// served in turn, so handle must be quick. It must not change the payload,
	// which other nodes read too. cancel may be called from anywhere, also from
	// handle, and more than once.
	Subscribe(channel string, handle func(payload []byte)) (cancel func())
}
