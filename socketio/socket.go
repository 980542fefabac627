package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Errors of a Socket's methods.
var (
	// ErrDisconnected means that the socket has ended.
	ErrDisconnected = errors.New("socketio: socket is disconnected")
	// ErrTooManyAcks means that Config.MaxPendingAcks calls of EmitWithAck wait.
	ErrTooManyAcks = errors.New("socketio: too many pending acknowledgements")
	// ErrForeignPacket means that a packet was encoded for another namespace.
	ErrForeignPacket = errors.New("socketio: packet belongs to another namespace")
)

// Socket is one client in one namespace, from OnConnect to OnDisconnect. Its
// methods are safe for concurrent use and, but for EmitWithAck, never block.
type Socket struct {
	id string
	ns *Namespace
}

// ID is the public id of the socket, unguessable and different on each
// connection. The client knows it as socket.id.
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace the socket is in.
func (s *Socket) Namespace() *Namespace { return s.ns }

// Handshake tells how a socket came.
type Handshake struct {
	Header     http.Header
	Query      url.Values
	URL        string // as requested: path and query
	RemoteAddr string // Config.ClientIP of the request
	Time       time.Time
	Secure     bool            // over TLS
	XDomain    bool            // the request had an Origin header
	Auth       json.RawMessage // the CONNECT payload, a JSON object; nil when absent
}

// Handshake returns the facts of the connection's first request and of the
// socket's CONNECT. It is built anew at each call, because an idle connection
// keeps it packed: keep the parts you need, not the whole.
func (s *Socket) Handshake() *Handshake { return nil }

// Emit sends an event to this socket. The error is ErrDisconnected, or that of
// encoding the arguments; nil means queued, not received.
func (s *Socket) Emit(event string, args ...any) error { return errors.ErrUnsupported }

// Send sends an encoded packet of this socket's namespace.
func (s *Socket) Send(p *Packet) error { return errors.ErrUnsupported }

// SendVolatile is Send for what is worthless later: the packet is dropped if
// the peer has not taken what was sent before.
func (s *Socket) SendVolatile(p *Packet) error { return errors.ErrUnsupported }

// EmitWithAck sends an event, waits for the client's acknowledgement and
// returns its arguments. It ends with ctx, after Config.AckTimeout
// (context.DeadlineExceeded), or with ErrDisconnected. Do not call it on the
// goroutine of a handler of the same connection: the answer could not be read.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) ([]Value, error) {
	return nil, errors.ErrUnsupported
}

// Join puts the socket into a room; joining twice is joining once.
func (s *Socket) Join(room string) {}

// Leave takes the socket out of a room.
func (s *Socket) Leave(room string) {}

// Disconnect ends this socket with a DISCONNECT packet, after everything
// emitted before. The client does not reconnect by itself; its other
// namespaces go on.
func (s *Socket) Disconnect() {}

// Close ends the whole connection, with all its namespaces, without a
// DISCONNECT packet, after everything emitted before. The client sees
// "transport close" and reconnects by itself.
func (s *Socket) Close() {}

// SetData keeps any value of the application with the socket; Data returns it.
func (s *Socket) SetData(v any) {}

// Data returns the value of the last SetData, or nil.
func (s *Socket) Data() any { return nil }

// Context is cancelled when the socket ends, before OnDisconnect runs.
func (s *Socket) Context() context.Context { return nil }
