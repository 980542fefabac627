package socketio

import (
	"errors"
	"io"
	"time"
)

// errGone stops a reader whose session has ended, and errProbe one whose probe
// has failed.
var (
	errGone  = errors.New("socketio: session has ended")
	errProbe = errors.New("socketio: upgrade failed")
)

// reader reads one WebSocket from its first byte to its last, and closes it.
type reader struct {
	srv     *Server
	link    *link
	sess    *session
	probing bool // the session still polls
	frames  frameReader
}

// run reads until the connection or the session ends.
func (r *reader) run(early []byte) {
	if !r.probing {
		r.sess.readMu.Lock()
		r.sess.app.open()
		r.sess.readMu.Unlock()
	}
	err := r.frames.feed(early, r)
	if err == nil {
		err = r.read()
	}
	r.over(err)
	r.discard()
}

// over tells the shard that nothing more comes, and why.
func (r *reader) over(err error) {
	if r.probing {
		r.sess.carrier.CompareAndSwap(onProbe, onPolling)
		r.sess.shard.post(post{op: opUnprobe, sess: r.sess, link: r.link})
		return
	}
	if errors.Is(err, io.EOF) {
		r.sess.kill(&ending{reason: ReasonTransportClose, poll: closePacket})
		return
	}
	r.sess.kill(endingFor(err))
}

// discard lets the peer read our last frames: closing a socket with unread
// input would throw them away.
func (r *reader) discard() {
	defer r.srv.live.done()
	defer r.link.conn.Close() //nolint:errcheck // nothing depends on it any more
	if r.link.conn.SetReadDeadline(time.Now().Add(lingerRead)) != nil {
		return
	}
	buf := r.srv.borrow()
	defer r.srv.giveBack(buf)
	for {
		if _, err := r.link.conn.Read(*buf); err != nil {
			return
		}
	}
}

// read feeds the frame reader; its end is always an error.
func (r *reader) read() error {
	if r.link.raw != nil {
		return r.readRaw()
	}
	buf := make([]byte, 4<<10)
	for {
		n, err := r.link.conn.Read(buf)
		if n > 0 {
			if err := r.frames.feed(buf[:n], r); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (r *reader) readRaw() error {
	raw := newRawReader(r.link.raw, r.srv.borrow, r.srv.giveBack)
	for {
		buf, n, err := raw.read()
		if err != nil {
			return err
		}
		if n > 0 {
			err = r.frames.feed((*buf)[:n], r)
		} else {
			err = io.EOF
		}
		r.srv.giveBack(buf)
		if err != nil {
			return err
		}
	}
}

// frame takes a message or control frame (frameSink).
func (r *reader) frame(op byte, payload []byte) error {
	switch op {
	case frameText, frameBinary:
		if r.probing {
			return r.probe(op, payload)
		}
		return r.message(op, payload)
	case framePing:
		return r.ping(payload)
	case frameClose:
		code, err := parseClose(payload)
		if err != nil || r.probing {
			return errors.Join(err, errClosed)
		}
		r.sess.kill(&ending{reason: ReasonTransportClose, code: code, poll: closePacket})
		return errGone
	}
	return nil // an unsolicited pong
}

func (r *reader) message(op byte, payload []byte) error {
	c := r.sess
	c.readMu.Lock()
	defer c.readMu.Unlock()
	switch {
	case c.ending.Load() != nil:
		return errGone
	case op == frameBinary:
		return c.binary(payload)
	}
	return c.text(payload)
}

// ping answers a WebSocket ping, which costs the peer as much as a packet.
func (r *reader) ping(payload []byte) error {
	c := r.sess
	c.readMu.Lock()
	err := c.heard()
	c.readMu.Unlock()
	if err != nil {
		return err
	}
	pong := &Packet{frame: appendFrame(nil, framePong, payload)}
	if r.probing {
		c.shard.post(post{op: opProbed, sess: c, link: r.link, pkt: pong})
	} else {
		c.shard.post(post{op: opSend, sess: c, pkt: pong})
	}
	return nil
}

// probe takes the messages before the upgrade is complete: the probe itself,
// and the client's word that it has stopped polling.
func (r *reader) probe(op byte, payload []byte) error {
	c := r.sess
	switch {
	case op == frameText && string(payload) == "2probe":
		c.shard.post(post{op: opProbed, sess: c, link: r.link, pkt: probeReply})
		return nil
	case op == frameText && string(payload) == "5" && c.carrier.CompareAndSwap(onProbe, onWebSocket):
		r.probing = false
		c.shard.post(post{op: opUpgrade, sess: c, link: r.link})
		return nil
	}
	return errProbe
}

// borrow and giveBack lend read buffers.
func (s *Server) borrow() *[]byte { return s.buffers.Get().(*[]byte) }

func (s *Server) giveBack(b *[]byte) { s.buffers.Put(b) }
