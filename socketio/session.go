package socketio

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// app is what lives on an Engine.IO session: the Socket.IO client, or a Conn.
// Its calls come one at a time; cancel alone may come at any moment.
type app interface {
	// open runs before anything is received.
	open()
	// message takes a text or binary message; data is valid during the call.
	message(data []byte, binary bool) error
	// cancel frees what waits for the peer.
	cancel(reason Reason)
	// closed runs after the last message.
	closed(reason Reason)
}

// carrier is what a session travels on.
type carrier = uint32

const (
	onPolling   carrier = iota
	onProbe             // on polling, with a WebSocket that probes
	onWebSocket         // for good
)

// ending says why and how a session ends.
type ending struct {
	reason Reason
	code   uint16 // WebSocket close code, 0 when there is nobody to tell
	text   string // and its explanation
	poll   *Packet
}

// session is one Engine.IO session. Received packets are handled under readMu,
// by whichever goroutine read them; everything that is sent, and the session's
// end, belongs to its shard.
type session struct {
	srv   *Server
	shard *shard
	app   app
	sid   string
	facts *facts

	carrier atomic.Uint32
	ending  atomic.Pointer[ending] // set once, by who ends the session

	polled  atomic.Bool // a GET is pending
	posting atomic.Bool // a POST is being read

	// Times in nanoseconds since the server's start; 0 is "none".
	pingDue      atomic.Int64
	deadline     atomic.Int64 // when the pong of the oldest open ping is overdue
	awaiting     atomic.Bool  // a pong
	extended     atomic.Bool  // the deadline, once, by another packet
	idleSince    atomic.Int64 // no namespace joined
	partialSince atomic.Int64 // attachments announced and missing
	unjoined     atomic.Bool  // counts against Config.MaxUnjoinedPerIP

	readMu sync.Mutex
	bucket bucket // under readMu

	// Owned by the shard.
	link       *link
	probe      *link
	probeUntil int64
	proved     bool // the probe has come: polls are answered at once
	waiter     chan<- []*Packet
	queue      []*Packet // what waits for a poll
	queueBytes int
	slow       *backlog // what a slow WebSocket has not taken; nil when it keeps up
	seats      *seat    // rooms, as a list
	head, tail int32    // this round's nodes, 0 is none
	pending    int32    // number of packets in them
	dirty      bool
	known      bool
	doomed     bool // retired by the shard, which must end it
	ended      bool

	pendingBytes int // in this round's nodes

	closing   *ending // a polite end waits for the next poll or the backlog
	closeAt   int64
	drainAt   int64
	heapIndex int
}

var (
	errHeartbeat = errors.New("socketio: heartbeat in the wrong direction")
	errClosed    = errors.New("socketio: closed by the peer")
	errRate      = errors.New("socketio: too many packets")
	errPanic     = errors.New("socketio: a handler panicked")
)

// text handles one Engine.IO text packet. The caller holds readMu.
func (c *session) text(p []byte) error {
	if len(p) == 0 {
		return errParse
	}
	if err := c.heard(); err != nil {
		return err
	}
	switch p[0] {
	case '4':
		return c.app.message(p[1:], false)
	case '3':
		c.pong()
		return nil
	case '0', '5', '6':
		return nil
	case '1':
		return errClosed
	case '2':
		return errHeartbeat
	case 'b':
		data := make([]byte, base64.StdEncoding.DecodedLen(len(p)-1))
		n, err := base64.StdEncoding.Strict().Decode(data, p[1:])
		if err != nil || hasNewline(p) { // the decoder skips line ends
			return errParse
		}
		return c.app.message(data[:n], true)
	}
	return errParse
}

func hasNewline(p []byte) bool {
	for _, c := range p {
		if c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// binary handles one binary message. The caller holds readMu.
func (c *session) binary(p []byte) error {
	if err := c.heard(); err != nil {
		return err
	}
	return c.app.message(p, true)
}

// guard runs code of the application: its panic ends this connection only.
func (c *session) guard(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			c.srv.log.Error("socketio: handler panicked",
				slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	f()
	return nil
}

// heard accounts for a packet of the peer.
func (c *session) heard() error {
	c.shard.packetsIn.Add(1)
	if !c.bucket.take(c.srv) {
		return errRate
	}
	if c.awaiting.Load() && c.extended.CompareAndSwap(false, true) {
		c.deadline.Store(max(c.deadline.Load(), c.srv.now()+int64(c.srv.cfg.PingTimeout)))
	}
	return nil
}

// pong notes the answer to the last ping; another one changes nothing.
func (c *session) pong() {
	if c.awaiting.CompareAndSwap(true, false) {
		c.extended.Store(false)
		c.deadline.Store(c.pingDue.Load() + int64(c.srv.cfg.PingTimeout))
	}
}

// endingFor says how to end a session whose input gave that error.
func endingFor(err error) *ending {
	if frame, ok := errors.AsType[*frameError](err); ok {
		return &ending{reason: ReasonParseError, code: frame.code, text: frame.text, poll: closePacket}
	}
	switch {
	case errors.Is(err, errRate):
		return &ending{reason: ReasonRateLimit, code: codePolicy, text: "too many packets", poll: closePacket}
	case errors.Is(err, errClosed):
		return &ending{reason: ReasonTransportClose, code: codeNormal, poll: noopPacket}
	case errors.Is(err, errHeartbeat):
		return &ending{reason: ReasonTransportError, code: codePolicy, text: "heartbeat", poll: closePacket}
	case errors.Is(err, errPanic):
		return &ending{reason: ReasonServerError, code: 1011, poll: closePacket}
	case errors.Is(err, errParse):
		return &ending{reason: ReasonParseError, code: codePolicy, text: "parse error", poll: closePacket}
	}
	return &ending{reason: ReasonTransportError, poll: closePacket}
}

// kill ends the session, from any goroutine but its shard's; later calls do
// nothing. What was sent before still goes out if the peer takes it at once.
func (c *session) kill(e *ending) {
	if c.retire(e) {
		c.shard.post(post{op: opEnd, sess: c})
	}
}

// retire takes the session off the server's table, so that no request finds it
// any more, and starts the end of its application.
func (c *session) retire(e *ending) bool {
	if !c.ending.CompareAndSwap(nil, e) {
		return false
	}
	c.srv.forget(c, e)
	go c.finish(e.reason)
	return true
}

// finish ends the application's side, after the handler that runs now.
func (c *session) finish(reason Reason) {
	defer c.srv.live.done()
	c.app.cancel(reason)
	c.readMu.Lock()
	defer c.readMu.Unlock()
	c.app.closed(reason)
}

// alive reports whether the session may still be used, and ends it if its time
// is up, to the millisecond, however late the shard's timer may be.
func (c *session) alive() bool {
	if c.ending.Load() != nil {
		return false
	}
	if c.srv.now() >= c.deadline.Load() {
		c.kill(pingTimeout)
		return false
	}
	return true
}

// setIdle starts (or stops) the time within which a namespace must be joined.
func (c *session) setIdle(idle bool) {
	if !idle {
		c.idleSince.Store(0)
		return
	}
	c.idleSince.Store(c.srv.now())
	c.shard.post(post{op: opTimer, sess: c})
}

// setPartial starts (or stops) the time within which attachments must arrive.
func (c *session) setPartial(partial bool) {
	if !partial {
		c.partialSince.Store(0)
		return
	}
	c.partialSince.Store(c.srv.now())
	c.shard.post(post{op: opTimer, sess: c})
}

// due returns the next moment at which the session needs its shard.
func (c *session) due() int64 {
	cfg := &c.srv.cfg
	next := min(c.pingDue.Load(), c.deadline.Load())
	sooner := func(at int64, after time.Duration) {
		if at != 0 {
			next = min(next, at+int64(after))
		}
	}
	sooner(c.idleSince.Load(), cfg.ConnectTimeout)
	sooner(c.partialSince.Load(), cfg.ReadTimeout)
	sooner(c.probeUntil, 0)
	sooner(c.closeAt, 0)
	sooner(c.drainAt, 0)
	return next
}

// bucket is a token bucket.
type bucket struct {
	tokens float64
	at     int64
}

// take takes one token of the inbound limit.
func (b *bucket) take(s *Server) bool {
	if s.cfg.InboundRate <= 0 {
		return true
	}
	return b.takeAt(s.now(), s.cfg.InboundRate, s.cfg.InboundBurst)
}

// takeAt takes one token of a bucket that gains rate per second up to burst; a
// zero bucket is full.
func (b *bucket) takeAt(now int64, rate, burst float64) bool {
	if b.at == 0 {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+time.Duration(now-b.at).Seconds()*rate)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
