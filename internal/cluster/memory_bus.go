package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrClosed is the answer of a bus that this node has left.
var ErrClosed = errors.New("cluster: bus is closed")

// backlog is how many messages may wait for a node; more are lost.
const backlog = 1024

// Hub is the bus in this process. Each node attaches once; a node alone has
// nobody to tell.
type Hub struct {
	mu    sync.Mutex
	nodes []*Node
}

// NewHub makes a hub without nodes.
func NewHub() *Hub { return &Hub{} }

// Node is one node's end of a hub. It is a [Bus].
type Node struct {
	hub     *Hub
	waiting chan message
	done    chan struct{} // closed when the last handle has returned

	mu       sync.Mutex
	handlers map[string][]*subscription
}

var _ Bus = (*Node)(nil)

type message struct {
	channel string
	payload []byte
}

// subscription has an identity, so that cancel removes this one and no equal one.
type subscription struct{ handle func(payload []byte) }

// Attach adds a node, which must be closed.
func (h *Hub) Attach() *Node {
	n := &Node{
		hub:      h,
		waiting:  make(chan message, backlog),
		done:     make(chan struct{}),
		handlers: map[string][]*subscription{},
	}
	go n.deliver()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes = append(h.nodes, n)
	return n
}

// Close leaves the hub. Messages that wait are still handled; Close returns after
// that, so it must not be called from a handle.
func (n *Node) Close() {
	n.hub.mu.Lock()
	if i := slices.Index(n.hub.nodes, n); i >= 0 {
		n.hub.nodes = slices.Delete(n.hub.nodes, i, i+1)
		close(n.waiting)
	}
	n.hub.mu.Unlock()
	<-n.done
}

// Publish is [Bus].
func (n *Node) Publish(ctx context.Context, channel string, payload []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.hub.mu.Lock()
	defer n.hub.mu.Unlock()
	if !slices.Contains(n.hub.nodes, n) {
		return ErrClosed
	}
	for _, other := range n.hub.nodes {
		if other == n || !other.listens(channel) {
			continue
		}
		select {
		case other.waiting <- message{channel, payload}:
		default: // lost: a slow node holds nobody up
		}
	}
	return nil
}

// Subscribe is [Bus].
func (n *Node) Subscribe(channel string, handle func(payload []byte)) (cancel func()) {
	s := &subscription{handle}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handlers[channel] = append(n.handlers[channel], s)
	return func() { n.unsubscribe(channel, s) }
}

func (n *Node) unsubscribe(channel string, s *subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(n.handlers[channel]), func(other *subscription) bool { return other == s })
	if len(left) == 0 {
		delete(n.handlers, channel)
	} else {
		n.handlers[channel] = left
	}
}

func (n *Node) listens(channel string) bool { return len(n.listeners(channel)) > 0 }

// listeners returns a slice that is never changed: appending to it may fill its
// spare room, which this reader does not see, and removing makes a new one.
func (n *Node) listeners(channel string) []*subscription {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.handlers[channel]
}

func (n *Node) deliver() {
	defer close(n.done)
	for m := range n.waiting {
		for _, s := range n.listeners(m.channel) {
			s.handle(m.payload)
		}
	}
}
