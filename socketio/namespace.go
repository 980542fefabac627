package socketio

import (
	"context"
	"errors"
)

// Namespace is a set of sockets with its own handlers and rooms. Set its
// handlers before the server serves; its other methods are safe for concurrent
// use.
type Namespace struct {
	name string
}

// Name returns the namespace's name, "/" for the main one.
func (n *Namespace) Name() string { return n.name }

// ConnectError refuses a client in OnConnect with a CONNECT_ERROR packet. The
// client does not retry by itself, so put what it needs to decide in Data
// (anything encoding/json takes; nil is left out).
type ConnectError struct {
	Message string
	Data    any
}

func (e *ConnectError) Error() string { return e.Message }

// OnConnect sets the hook that admits a socket, typically by the token in
// s.Handshake().Auth. It runs after the client's CONNECT and before the reply
// and may block until ctx ends (Config.ConnectTimeout, or the connection is
// gone). An error is answered with CONNECT_ERROR: a *ConnectError as it is,
// any other with the message "internal error", which does not leave the server.
// What the hook emits or joins takes effect right after the reply.
func (n *Namespace) OnConnect(f func(ctx context.Context, s *Socket) error) {}

// OnConnected sets the handler that runs right after the CONNECT reply was
// queued and before any event of the socket is handled.
func (n *Namespace) OnConnected(f func(s *Socket)) {}

// OnEvent sets the handler of one event. Handlers of one connection run one at
// a time, in the order of its packets: one that blocks delays this client's
// later packets, its pongs included, and nobody else's.
func (n *Namespace) OnEvent(name string, f func(s *Socket, e *Event)) {}

// OnAnyOther sets the handler of events that have no handler of their own.
// Without one they are ignored.
func (n *Namespace) OnAnyOther(f func(s *Socket, e *Event)) {}

// OnDisconnect sets the handler that runs once for each connected socket after
// its last event, whoever ended it. The socket has left its rooms by then.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) {}

// Encode encodes and frames an event once, for any number of receivers. Args
// are what encoding/json takes, and Binary, []byte and Value, which travel as
// attachments where they are binary (see Binary).
func (n *Namespace) Encode(event string, args ...any) (*Packet, error) {
	return nil, errors.ErrUnsupported
}

// FromText makes a packet of finished Engine.IO text such as
// `42["message",{…}]`, for example from another node (Packet.Text). It must be
// an EVENT of this namespace without ack id and without attachments. The text
// is copied.
func (n *Namespace) FromText(text []byte) (*Packet, error) {
	return nil, errors.ErrUnsupported
}

// Broadcast sends p to every socket that is in the room at this moment. The
// room "" is every connected socket of the namespace.
func (n *Namespace) Broadcast(room string, p *Packet) {}

// Len returns how many sockets of this namespace are in the room; "" counts
// all connected ones.
func (n *Namespace) Len(room string) int { return 0 }

// Packet is an encoded, framed event, immutable and free to be kept and sent
// any number of times within its namespace.
type Packet struct {
	frame []byte
}

// Text returns the packet as Engine.IO text, `42["name",…]`, for FromText of
// another node. It is nil for a packet with binary attachments. The caller
// must not change it.
func (p *Packet) Text() []byte { return nil }

// Size returns the bytes the packet takes on a WebSocket.
func (p *Packet) Size() int { return len(p.frame) }
