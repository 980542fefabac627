package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
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

type socketState uint8

const (
	joining socketState = iota // OnConnect runs
	connected
	ended
)

// Socket is one client in one namespace, from OnConnect to OnDisconnect. Its
// methods are safe for concurrent use and, but for EmitWithAck, never wait for
// the peer.
type Socket struct {
	id   string
	ns   *Namespace
	sess *session

	rec       *recoverable // nil without Config.Recovery
	recovered bool

	welcomed, over bool // for OnConnected and OnDisconnect; under the session's readMu

	mu     sync.Mutex
	state  socketState
	auth   json.RawMessage    // until OnConnected has returned
	admit  context.CancelFunc // of what OnConnect got; it would leave a child in ctx
	held   []post             // what OnConnect sent, until the reply
	seats  []*seat
	data   any
	ctx    context.Context //nolint:containedctx // it is the socket's lifetime
	cancel context.CancelFunc
	acks   map[int64]chan []Value
	ackID  int64
}

// ID is the public id of the socket, unguessable and different on each
// connection. The client knows it as socket.id.
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace the socket is in.
func (s *Socket) Namespace() *Namespace { return s.ns }

// Handshake returns the facts of the connection's first request and of the
// socket's CONNECT. It is built anew at each call, because an idle connection
// keeps it packed: keep the parts you need, not the whole. Auth, which is often
// long and secret, is not kept: it is nil once OnConnected has returned.
func (s *Socket) Handshake() *Handshake {
	h := s.sess.facts.unpack()
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Auth = s.auth
	return h
}

func (s *Socket) forgetAuth() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth = nil
}

// asks notes how to stop OnConnect if the socket ends, false if it has ended.
func (s *Socket) asks(stop context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admit = stop
	return s.state != ended
}

// Recovered reports whether the socket goes on from a lost connection
// (Config.Recovery). OnConnect is asked all the same.
func (s *Socket) Recovered() bool { return s.recovered }

// Emit sends an event to this socket. The error is ErrDisconnected, or that of
// encoding the arguments; nil means queued, not received.
func (s *Socket) Emit(event string, args ...any) error {
	p, err := s.ns.Encode(event, args...)
	if err != nil {
		return err
	}
	return s.send(opSend, p)
}

// Send sends an encoded packet of this socket's namespace.
func (s *Socket) Send(p *Packet) error { return s.send(opSend, p) }

// SendVolatile is Send for what is worthless later: the packet is dropped if
// the peer has not taken what was sent before.
func (s *Socket) SendVolatile(p *Packet) error { return s.send(opVolatile, p) }

func (s *Socket) send(kind op, p *Packet) error {
	if p.ns != s.ns {
		return ErrForeignPacket
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return ErrDisconnected
	}
	if s.ns.rec != nil && p.event {
		s.ns.rec.record(s.ns.srv.now(), logKey{sid: s.id}, kind == opVolatile, p,
			func(p *Packet) { s.post(post{op: kind, sess: s.sess, pkt: p}) })
		return nil
	}
	s.post(post{op: kind, sess: s.sess, pkt: p})
	return nil
}

// post hands p to the shard, or holds it back until the CONNECT reply. The
// caller holds s.mu, which keeps concurrent calls in one order.
func (s *Socket) post(p post) {
	if s.state == joining {
		s.held = append(s.held, p)
		return
	}
	s.sess.shard.post(p)
}

// EmitWithAck sends an event, waits for the client's acknowledgement and
// returns its arguments. It ends with ctx, after Config.AckTimeout
// (context.DeadlineExceeded), or with ErrDisconnected. Do not call it on the
// goroutine of a handler of the same connection: the answer could not be read.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) ([]Value, error) {
	if event == "" {
		return nil, errNoName
	}
	id, answer, err := s.expectAck()
	if err != nil {
		return nil, err
	}
	defer s.forgetAck(id)
	p, err := s.ns.encode(event, id, args)
	if err != nil {
		return nil, err
	}
	if err := s.send(opSend, p); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.ns.srv.cfg.AckTimeout)
	defer cancel()
	select {
	case values, ok := <-answer:
		if !ok {
			return nil, ErrDisconnected
		}
		return values, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Socket) expectAck() (int64, chan []Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state == ended:
		return 0, nil, ErrDisconnected
	case exceeds(len(s.acks)+1, s.ns.srv.cfg.MaxPendingAcks):
		return 0, nil, ErrTooManyAcks
	}
	if s.acks == nil {
		s.acks = make(map[int64]chan []Value)
	}
	id := s.ackID
	s.ackID++
	answer := make(chan []Value, 1)
	s.acks[id] = answer
	return id, answer, nil
}

func (s *Socket) forgetAck(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.acks, id)
	if len(s.acks) == 0 {
		s.acks = nil
	}
}

// acknowledged takes the client's answer; one that nobody waits for is ignored.
func (s *Socket) acknowledged(id int64, values []Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer, ok := s.acks[id]; ok {
		delete(s.acks, id)
		answer <- values
	}
}

// Join puts the socket into a room; joining twice is joining once. Every socket
// is in the room "" by itself.
func (s *Socket) Join(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended || room == "" || s.seatIn(room) >= 0 {
		return
	}
	if rec := s.ns.rec; rec != nil {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		s.takeSeat(room, rec.seq)
		return
	}
	s.takeSeat(room, 0)
}

func (s *Socket) takeSeat(room string, since int64) {
	seat := s.ns.take(room, s.sess)
	seat.since = since
	s.seats = append(s.seats, seat)
	s.post(post{op: opJoin, seat: seat})
}

// Leave takes the socket out of a room.
func (s *Socket) Leave(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.seatIn(room)
	if i < 0 || room == "" {
		return
	}
	s.giveSeat(s.seats[i])
	s.seats = slices.Delete(s.seats, i, i+1)
}

func (s *Socket) giveSeat(seat *seat) {
	s.post(post{op: opLeave, seat: seat})
	s.ns.release(seat)
}

// seatIn finds the socket's seat in a room, or -1. A socket is in few rooms.
func (s *Socket) seatIn(room string) int {
	return slices.IndexFunc(s.seats, func(seat *seat) bool { return seat.room.name == room })
}

// welcome makes a socket that OnConnect admitted a connected one, unless it
// has ended meanwhile.
func (s *Socket) welcome() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return false
	}
	send := func(p *Packet) { s.sess.shard.post(post{op: opSend, sess: s.sess, pkt: p}) }
	rec := s.ns.rec
	if rec == nil {
		s.state = connected
		send(s.ns.control(typeConnect, []byte(`{"sid":"`+s.id+`"}`)))
		s.takeSeat("", 0)
	} else if !s.welcomeBack(rec, send) {
		return false
	}
	for _, p := range s.held {
		s.sess.shard.post(p)
	}
	s.held, s.admit = nil, nil
	return true
}

// welcomeBack is welcome with recovery: a client that comes back gets what it
// has missed before the reply, and nothing can come in between.
func (s *Socket) welcomeBack(rec *recorder, send func(*Packet)) bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rooms := []lostSeat{{"", rec.seq}}
	if s.recovered {
		missed, complete := rec.missed(s.rec.back, s.rec.after)
		if !complete { // it took too long
			return false
		}
		for _, m := range missed {
			send(m.pkt)
		}
		rooms = s.rec.back.rooms
	} else {
		s.rec.since = rec.seq
	}
	s.state = connected
	rec.live[s.rec.pid] = s
	send(s.ns.control(typeConnect, []byte(`{"sid":"`+s.id+`","pid":"`+s.rec.pid+`"}`)))
	for _, seat := range rooms {
		if s.seatIn(seat.room) < 0 {
			s.takeSeat(seat.room, seat.since)
		}
	}
	s.rec.back = nil
	return true
}

// end ends the socket, once: no more packets, no rooms, nobody waiting. The
// last packet, if not nil, goes out behind everything else. With keep it may
// come back.
func (s *Socket) end(last *Packet, keep bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return false
	}
	if last != nil {
		s.post(post{op: opSend, sess: s.sess, pkt: last})
	}
	if s.ns.rec != nil && s.state == connected {
		s.ns.rec.lose(s, s.ns.srv.now(), keep)
	}
	for _, seat := range s.seats {
		s.giveSeat(seat)
	}
	s.state, s.seats, s.held = ended, nil, nil
	for _, answer := range s.acks {
		close(answer)
	}
	s.acks = nil
	for _, cancel := range []context.CancelFunc{s.cancel, s.admit} {
		if cancel != nil {
			cancel()
		}
	}
	return true
}

// Disconnect ends this socket with a DISCONNECT packet, after everything
// emitted before. The client does not reconnect by itself; its other
// namespaces go on.
func (s *Socket) Disconnect() {
	if s.end(s.ns.leaving, false) {
		s.sess.app.(*client).left(s, ReasonServerDisconnect)
	}
}

// Close ends the whole connection, with all its namespaces, without a
// DISCONNECT packet, after everything emitted before. The client sees
// "transport close" and reconnects by itself.
func (s *Socket) Close() {
	s.sess.shard.post(post{op: opClose, sess: s.sess, end: forcedClose})
}

// SetData keeps any value of the application with the socket; Data returns it.
func (s *Socket) SetData(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = v
}

// Data returns the value of the last SetData, or nil.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// Context is cancelled when the socket ends, before OnDisconnect runs.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		if s.state == ended {
			s.cancel()
		}
	}
	return s.ctx
}
