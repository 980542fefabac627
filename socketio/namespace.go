package socketio

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Namespace is a set of sockets with its own handlers and rooms. Set its
// handlers before the server serves; its other methods are safe for concurrent
// use.
type Namespace struct {
	srv  *Server
	name string

	onConnect    func(ctx context.Context, s *Socket) error
	onConnected  func(s *Socket)
	onDisconnect func(s *Socket, reason Reason)
	onEvent      map[string]func(s *Socket, e *Event)
	onAnyOther   func(s *Socket, e *Event)

	leaving *Packet   // DISCONNECT
	rec     *recorder // nil without Config.Recovery

	mu    sync.RWMutex
	rooms map[string]*room
}

// room is a room somebody is in. Its member list lies in pieces with the
// shards; how many members each has is known at once, so that a broadcast goes
// to shards with members only.
type room struct {
	name    string
	seats   int // under Namespace.mu; the room ends with its last seat
	counts  []atomic.Int32
	members [][]*seat // by shard, each owned by its shard
}

// seat is one socket's place in one room.
type seat struct {
	room  *room
	sess  *session
	since int64 // the recorder's number when it was taken

	// Owned by the shard.
	index int   // in the room's members, -1 when not among them
	seen  int32 // packets of the current run already given to the session
	next  *seat // of the same session
}

func newNamespace(s *Server, name string) *Namespace {
	n := &Namespace{
		srv: s, name: name,
		onEvent: make(map[string]func(*Socket, *Event)),
		rooms:   make(map[string]*room),
		rec:     newRecorder(&s.cfg),
	}
	n.leaving = n.control(typeDisconnect, nil)
	return n
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
func (n *Namespace) OnConnect(f func(ctx context.Context, s *Socket) error) { n.onConnect = f }

// OnConnected sets the handler that runs right after the CONNECT reply was
// queued and before any event of the socket is handled.
func (n *Namespace) OnConnected(f func(s *Socket)) { n.onConnected = f }

// OnEvent sets the handler of one event. Handlers of one connection run one at
// a time, in the order of its packets: one that blocks delays this client's
// later packets, its pongs included, and nobody else's. A handler that panics
// ends its connection (ReasonServerError).
func (n *Namespace) OnEvent(name string, f func(s *Socket, e *Event)) { n.onEvent[name] = f }

// OnAnyOther sets the handler of events that have no handler of their own.
// Without one they are ignored.
func (n *Namespace) OnAnyOther(f func(s *Socket, e *Event)) { n.onAnyOther = f }

// OnDisconnect sets the handler that runs once for each connected socket after
// its last event, whoever ended it. The socket has left its rooms by then.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason Reason)) { n.onDisconnect = f }

var errNoName = errors.New("socketio: event without a name")

// Encode encodes and frames an event once, for any number of receivers. Args
// are what encoding/json takes, and Binary, []byte and Value, which travel as
// attachments where they are binary (see Binary). A json.RawMessage goes out
// byte for byte, and so does a JSON, which is not checked either.
func (n *Namespace) Encode(event string, args ...any) (*Packet, error) {
	if event == "" {
		return nil, errNoName
	}
	return n.encode(event, noAck, args)
}

var errNotForward = errors.New("socketio: text is not a plain event of this namespace")

// FromText makes a packet of finished Engine.IO text such as
// `42["message",{…}]`, for example from another node (Packet.Text). It must be
// an EVENT of this namespace without ack id and without attachments. The text
// is copied.
func (n *Namespace) FromText(text []byte) (*Packet, error) {
	if len(text) == 0 || text[0] != '4' || !utf8.Valid(text) {
		return nil, errNotForward
	}
	p, err := decodePacket(text[1:], 0)
	if err != nil {
		return nil, err
	}
	if p.kind != typeEvent || p.ack != noAck || p.namespace() != n.name {
		return nil, errNotForward
	}
	packet := textPacket(string(text))
	packet.ns, packet.event, packet.made = n, true, n.srv.now()
	return packet, nil
}

// Broadcast sends p to every socket that is in the room at this moment. The
// room "" is every connected socket of the namespace.
func (n *Namespace) Broadcast(room string, p *Packet) {
	if n.rec != nil && p.event {
		n.rec.record(n.srv.now(), logKey{room: room}, false, p, func(p *Packet) { n.cast(room, p) })
		return
	}
	n.cast(room, p)
}

func (n *Namespace) cast(room string, p *Packet) {
	n.mu.RLock()
	r := n.rooms[room]
	n.mu.RUnlock()
	if r == nil {
		return
	}
	for i, sh := range n.srv.shards {
		if r.counts[i].Load() > 0 {
			sh.post(post{op: opCast, room: r, pkt: p})
		}
	}
}

// Len returns how many sockets of this namespace are in the room; "" counts
// all connected ones.
func (n *Namespace) Len(room string) int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if r := n.rooms[room]; r != nil {
		return r.seats
	}
	return 0
}

// take takes a seat in a room, making the room if it is new.
func (n *Namespace) take(name string, c *session) *seat {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.rooms[name]
	if r == nil {
		r = &room{name: name, counts: make([]atomic.Int32, len(n.srv.shards)), members: make([][]*seat, len(n.srv.shards))}
		n.rooms[name] = r
	}
	r.seats++
	r.counts[c.shard.index].Add(1)
	return &seat{room: r, sess: c, index: -1}
}

// release gives a seat back, after its shard was told.
func (n *Namespace) release(s *seat) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.room.counts[s.sess.shard.index].Add(-1)
	if s.room.seats--; s.room.seats == 0 {
		delete(n.rooms, s.room.name)
	}
}
