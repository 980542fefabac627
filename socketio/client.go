package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
)

// maxFailedConnects bounds the refused CONNECTs in a row of one session.
const maxFailedConnects = 16

// errStale ends a session whose recovery took so long that something of it was
// lost meanwhile: a CONNECT_ERROR would keep the client from trying again.
var errStale = errors.New("socketio: recovered too late")

// client is the Socket.IO side of one session: its sockets, one a namespace.
type client struct {
	sess *session

	// Under the session's readMu.
	partial *partial
	failed  int // CONNECTs refused in a row

	mu      sync.Mutex
	sockets []*Socket // the joining and the connected; few
	gone    []string  // namespaces whose end the client may not know yet
}

// partial is a binary packet whose attachments are still coming.
type partial struct {
	packet
	bins [][]byte
	size int
}

func (c *client) open() { c.sess.setIdle(true) }

// message handles one Socket.IO packet, or one attachment.
func (c *client) message(data []byte, binary bool) error {
	switch {
	case binary && c.partial == nil, !binary && c.partial != nil:
		return errParse
	case binary:
		return c.attachment(data)
	}
	p, err := decodePacket(bytes.Clone(data), c.sess.srv.cfg.MaxAttachments)
	if err != nil {
		return err
	}
	if p.attachments > 0 {
		c.partial = &partial{packet: p}
		c.sess.setPartial(true)
		return nil
	}
	return c.handle(&p, nil)
}

func (c *client) attachment(data []byte) error {
	p := c.partial
	p.size += len(data)
	if exceeds(p.size, 2*c.sess.srv.cfg.MaxPayload) {
		return errParse
	}
	p.bins = append(p.bins, bytes.Clone(data))
	if len(p.bins) < p.attachments {
		return nil
	}
	c.partial = nil
	c.sess.setPartial(false)
	return c.handle(&p.packet, p.bins)
}

// handle does what a whole packet asks for.
func (c *client) handle(p *packet, bins [][]byte) error {
	if p.kind == typeConnect {
		return c.connect(p)
	}
	s, known := c.find(p.ns)
	if s == nil {
		if known {
			return nil // crossed our DISCONNECT on the way
		}
		return errParse
	}
	switch p.kind {
	case typeDisconnect:
		if s.end(nil, false) {
			c.bye(s, ReasonClientDisconnect)
		}
		return nil
	case typeAck, typeBinaryAck:
		s.acknowledged(p.ack, p.values(bins))
		return nil
	default:
		return c.event(s, p, bins)
	}
}

// values returns a packet's arguments.
func (p *packet) values(bins [][]byte) []Value {
	values := make([]Value, len(p.args))
	for i, arg := range p.args {
		values[i] = Value{raw: json.RawMessage(p.data[arg.start:arg.end:arg.end]), bins: bins}
	}
	return values
}

func (c *client) event(s *Socket, p *packet, bins [][]byte) error {
	var name string
	f := s.ns.onAnyOther
	if p.name[0] == '"' && bytes.IndexByte(p.name, '\\') < 0 {
		key := p.name[1 : len(p.name)-1]
		if known, ok := s.ns.onEvent[string(key)]; ok {
			f = known
		}
		name = string(key)
	} else {
		name = string(p.name)
		if p.name[0] == '"' {
			name = unquote(p.name)
		}
		if known, ok := s.ns.onEvent[name]; ok {
			f = known
		}
	}
	if f == nil {
		return nil
	}
	return c.sess.guard(func() { f(s, &Event{Name: name, Args: p.values(bins), socket: s, ack: p.ack}) })
}

// find returns the socket of a namespace, or whether there was one.
func (c *client) find(ns []byte) (s *Socket, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.ns.name == string(ns) || ns == nil && s.ns.name == "/" {
			return s, true
		}
	}
	for _, name := range c.gone {
		if name == string(ns) || ns == nil && name == "/" {
			return nil, true
		}
	}
	return nil, false
}

// connect joins a namespace. It runs on the session's reader, so that a second
// CONNECT is not looked at before the first is settled.
func (c *client) connect(p *packet) error {
	name := p.namespace()
	n := c.sess.srv.namespaces[name]
	if n == nil {
		n = &Namespace{srv: c.sess.srv, name: name} // to address the reply
		return c.refuse(n, &ConnectError{Message: "Invalid namespace"})
	}
	if s, _ := c.find(p.ns); s != nil {
		return errParse
	}
	s := &Socket{id: newID(), ns: n, sess: c.sess, auth: json.RawMessage(p.data)}
	c.enter(s)
	if c.sess.ending.Load() != nil {
		return nil // closed will take care of it
	}
	err := c.admit(s)
	if err == nil && s.welcome() {
		c.failed, s.welcomed = 0, true
		c.sess.srv.joined(c.sess)
		if n.onConnected != nil {
			err = c.sess.guard(func() { n.onConnected(s) })
		}
		s.forgetAuth()
		return err
	}
	s.end(nil, false)
	if c.sess.ending.Load() != nil {
		if s.recovered {
			n.rec.unclaim(s.rec.back)
		}
		return nil
	}
	c.leave(s)
	if err == nil && s.recovered {
		return errStale
	}
	if errors.Is(err, errPanic) {
		_ = c.refuse(n, errPanic)
		return errPanic
	}
	return c.refuse(n, err)
}

// admit asks the application.
func (c *client) admit(s *Socket) error {
	if s.ns.rec == nil && s.ns.onConnect == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.sess.srv.cfg.ConnectTimeout)
	defer cancel()
	if !s.asks(cancel) {
		return ErrDisconnected
	}
	if s.ns.rec != nil {
		s.ns.rec.claim(s, ctx.Done())
	}
	if s.ns.onConnect == nil {
		return nil
	}
	var refusal error
	if err := c.sess.guard(func() { refusal = s.ns.onConnect(ctx, s) }); err != nil {
		return err
	}
	return refusal
}

// refuse answers a CONNECT with CONNECT_ERROR.
func (c *client) refuse(n *Namespace, err error) error {
	reply := struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}{Message: "internal error"}
	if refusal, ok := errors.AsType[*ConnectError](err); ok {
		reply.Message, reply.Data = refusal.Message, refusal.Data
	} else if err != nil {
		c.sess.srv.log.Error("socketio: connect hook failed", slog.String("namespace", n.name), slog.Any("error", err))
	}
	var e encoder
	if err := e.json(reply); err != nil {
		c.sess.srv.log.Error("socketio: data of a ConnectError cannot be encoded", slog.Any("error", err))
		e.buf.Reset()
		e.buf.WriteString(`{"message":"internal error"}`)
	}
	c.sess.shard.post(post{op: opSend, sess: c.sess, pkt: n.control(typeConnectError, e.buf.Bytes())})
	if c.failed++; c.failed >= maxFailedConnects {
		return errParse
	}
	return nil
}

// enter notes a socket that is joining.
func (c *client) enter(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, name := range c.gone {
		if name == s.ns.name {
			c.gone = append(c.gone[:i], c.gone[i+1:]...)
			break
		}
	}
	c.sockets = append(c.sockets, s)
	c.sess.setIdle(false)
}

// leave forgets a socket.
func (c *client) leave(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.sockets {
		if c.sockets[i] == s {
			c.sockets = append(c.sockets[:i], c.sockets[i+1:]...)
			break
		}
	}
	if len(c.sockets) == 0 {
		c.sess.setIdle(true)
	}
}

// left takes a socket off that the application disconnected. Its OnDisconnect
// waits for the handler that runs now, which may be the caller.
func (c *client) left(s *Socket, reason Reason) {
	c.mu.Lock()
	c.gone = append(c.gone, s.ns.name)
	c.mu.Unlock()
	c.leave(s)
	c.sess.srv.live.add()
	go func() {
		defer c.sess.srv.live.done()
		c.sess.readMu.Lock()
		defer c.sess.readMu.Unlock()
		c.farewell(s, reason)
	}()
}

// bye takes a socket off that the client disconnected.
func (c *client) bye(s *Socket, reason Reason) {
	c.leave(s)
	c.farewell(s, reason)
}

// farewell tells the application about the end of a socket it was told about.
func (c *client) farewell(s *Socket, reason Reason) {
	if s.over {
		return
	}
	s.over = true
	if s.welcomed && s.ns.onDisconnect != nil {
		// What its panic would end has ended.
		_ = c.sess.guard(func() { s.ns.onDisconnect(s, reason) })
	}
	if s.rec != nil {
		close(s.rec.gone)
	}
}

func (c *client) cancel(reason Reason) {
	c.mu.Lock()
	sockets := append([]*Socket(nil), c.sockets...)
	c.mu.Unlock()
	for _, s := range sockets {
		s.end(nil, reason.mayComeBack())
	}
}

func (c *client) closed(reason Reason) {
	c.mu.Lock()
	sockets := c.sockets
	c.sockets = nil
	c.mu.Unlock()
	for _, s := range sockets {
		s.end(nil, reason.mayComeBack()) // a CONNECT that cancel came too early for
		c.farewell(s, reason)
	}
}
