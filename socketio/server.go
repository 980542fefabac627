package socketio

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Server is an http.Handler that speaks Engine.IO and Socket.IO. Register its
// namespaces and their handlers before it serves the first request.
type Server struct {
	cfg Config
}

// New makes a server; it fails if cfg contradicts itself. The server owns
// goroutines: end it with Shutdown.
func New(cfg Config) (*Server, error) {
	return nil, errors.ErrUnsupported
}

// ServeHTTP answers handshakes, polls, posts and WebSocket upgrades.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Namespace returns the namespace of that name ("/" or "/something"),
// registering it at the first call. Clients can join registered namespaces
// only. It panics if the name is not printable ASCII that starts with "/", is
// longer than 128 bytes, or contains a comma: a programming error.
func (s *Server) Namespace(name string) *Namespace { return nil }

// Shutdown stops accepting sessions and closes the present ones (WebSocket
// code 1012) at even distances over spread, so that the clients do not come
// back all at once; each is served until its turn. It never sends the
// Socket.IO DISCONNECT packet, so clients reconnect by themselves. It returns
// when every connection has ended and its OnDisconnect handlers have returned,
// or closes what is left at once and returns ctx's error when ctx ends.
func (s *Server) Shutdown(ctx context.Context, spread time.Duration) error {
	return errors.ErrUnsupported
}

// Stats is a reading of a server's counters.
type Stats struct {
	Polling   int // sessions on long-polling now
	WebSocket int // sessions on WebSocket now
	Sockets   int // joined namespaces now

	QueueBytes   int // bytes that wait for slow peers now
	QueuePackets int // packets that wait for slow peers now

	PacketsIn  uint64            // Engine.IO messages received since the start
	PacketsOut uint64            // packets given to peers since the start, per receiver
	Writes     uint64            // WebSocket write calls since the start
	Opened     uint64            // sessions opened since the start
	Closed     map[Reason]uint64 // sessions closed since the start, by reason
}

// Stats reads the server's counters. It is cheap and never waits.
func (s *Server) Stats() Stats { return Stats{} }
