package socketio

import (
	"errors"
	"sync/atomic"
)

// Engine makes a Server speak Engine.IO alone: an ordered channel of text and
// binary messages over any transport, without namespaces, events and rooms.
// Handlers of one connection run one at a time; nil ones are left out.
type Engine struct {
	// OnOpen runs before the first message.
	OnOpen func(c *Conn)
	// OnMessage gets each message; data is valid during the call only.
	OnMessage func(c *Conn, data []byte, binary bool)
	// OnClose runs once, after the last message.
	OnClose func(c *Conn, reason Reason)
}

// Conn is one Engine.IO connection. Its methods are safe for concurrent use and
// do not wait for the peer.
type Conn struct {
	sess *session
	data atomic.Pointer[any]
}

// Handshake returns the facts of the connection's first request, built anew at
// each call.
func (c *Conn) Handshake() *Handshake { return c.sess.facts.unpack() }

// ErrClosed is the error of sending on a closed Conn.
var ErrClosed = errors.New("socketio: connection is closed")

// Send sends a message; text must be valid UTF-8. The data is copied.
func (c *Conn) Send(data []byte, binary bool) error {
	if c.sess.ending.Load() != nil {
		return ErrClosed
	}
	p := binaryPacket
	if !binary {
		p = messagePacket
	}
	c.sess.shard.post(post{op: opSend, sess: c.sess, pkt: p(data)})
	return nil
}

// messagePacket frames an Engine.IO text message.
func messagePacket(data []byte) *Packet { return textPacket("4" + string(data)) }

// Close ends the connection after everything sent before.
func (c *Conn) Close() {
	c.sess.shard.post(post{op: opClose, sess: c.sess, end: forcedClose})
}

// SetData keeps any value of the application with the connection.
func (c *Conn) SetData(v any) { c.data.Store(&v) }

// Data returns the value of the last SetData, or nil.
func (c *Conn) Data() any {
	if v := c.data.Load(); v != nil {
		return *v
	}
	return nil
}

// Conn is the session's app in an Engine server.

func (c *Conn) open() {
	if f := c.sess.srv.cfg.Engine.OnOpen; f != nil {
		if c.sess.guard(func() { f(c) }) != nil {
			c.Close()
		}
	}
}

func (c *Conn) message(data []byte, binary bool) error {
	if f := c.sess.srv.cfg.Engine.OnMessage; f != nil {
		return c.sess.guard(func() { f(c, data, binary) })
	}
	return nil
}

func (c *Conn) cancel(Reason) {}

func (c *Conn) closed(reason Reason) {
	if f := c.sess.srv.cfg.Engine.OnClose; f != nil {
		// What its panic would end has ended.
		_ = c.sess.guard(func() { f(c, reason) })
	}
}
