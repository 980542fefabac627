package socketio

import "time"

// This file is the shard's side of polling and of the upgrade.

// pollGrace is how long a polite end waits for the next poll. One of
// Server.Shutdown waits for drainGrace only, and only with something to say.
const (
	pollGrace  = 30 * time.Second
	drainGrace = time.Second
)

// What the engine itself sends.
var (
	closePacket = textPacket("1")
	pingPacket  = textPacket("2")
	probeReply  = textPacket("3probe")
	noopPacket  = textPacket("6")
)

// How the shard itself ends sessions.
var (
	pingTimeout    = &ending{reason: ReasonPingTimeout, code: codeGoingAway, text: "ping timeout", poll: closePacket}
	connectTimeout = &ending{reason: ReasonConnectTimeout, code: codePolicy, text: "connect timeout", poll: closePacket}
	partialTimeout = &ending{reason: ReasonParseError, code: codePolicy, text: "attachments missing", poll: closePacket}
	slowConsumer   = &ending{reason: ReasonSlowConsumer, code: codeTryLater, text: "slow consumer", poll: closePacket}
	transportError = &ending{reason: ReasonTransportError, poll: closePacket}
	shuttingDown   = &ending{reason: ReasonShutdown, code: codeRestart, text: "restart", poll: closePacket}
	forcedClose    = &ending{reason: ReasonForcedClose, code: codeNormal, poll: closePacket}
)

// poll takes a GET that waits for packets.
func (sh *shard) poll(c *session, waiter chan<- []*Packet) {
	switch {
	case c.ended:
		waiter <- []*Packet{c.ending.Load().poll}
	case c.link != nil: // overtaken by the upgrade
		waiter <- []*Packet{noopPacket}
	case c.closing != nil:
		c.waiter = waiter
		sh.abort(c, c.closing)
	default:
		c.waiter = waiter
		sh.touch(c)
	}
}

// answer gives the pending GET everything queued and, if there is one, a last
// packet; with nothing else a noop.
func (sh *shard) answer(c *session, last *Packet) {
	packets := c.queue
	sh.unqueue(c)
	sh.packetsOut.Add(uint64(len(packets)))
	if last != nil {
		packets = append(packets, last)
	}
	if len(packets) == 0 {
		packets = []*Packet{noopPacket}
	}
	c.waiter <- packets
	c.waiter = nil
}

// unqueue empties the queue for polls.
func (sh *shard) unqueue(c *session) {
	sh.queueBytes.Add(-int64(c.queueBytes))
	sh.queuePackets.Add(-int64(len(c.queue)))
	c.queue, c.queueBytes = nil, 0
}

// probing notes a WebSocket that wants to take the session over.
func (sh *shard) probing(c *session, l *link) {
	if c.ended {
		l.finish()
		return
	}
	c.probe, c.proved = l, false
	c.probeUntil = sh.srv.now() + int64(sh.srv.cfg.UpgradeTimeout)
	sh.reschedule(c)
}

// probed answers what the probing client said. From its probe on every poll is
// released at once: the client must finish polling before it can go on.
func (sh *shard) probed(c *session, l *link, reply *Packet) {
	if c.probe != l {
		return
	}
	sh.say(l, reply.frame, func() {})
	c.proved = c.proved || reply == probeReply
	sh.touch(c)
}

// upgrade moves the session to a WebSocket; a new one has been on nothing yet.
func (sh *shard) upgrade(c *session, l *link) {
	if c.ended {
		e := c.ending.Load()
		sh.farewell(l, closeFrame(e.code, e.text))
		return
	}
	c.link, c.probe, c.proved, c.probeUntil = l, nil, false, 0
	sh.pollSessions.Add(-1)
	sh.wsSessions.Add(1)
	if c.waiter != nil {
		c.waiter <- []*Packet{noopPacket}
		c.waiter = nil
	}
	queue := c.queue
	sh.unqueue(c)
	for _, p := range queue {
		sh.add(c, p.frame, 1)
	}
	if c.closing != nil { // there is no poll to wait for any more
		e := c.closing
		c.closing = nil
		sh.closeSoon(c, e)
		return
	}
	sh.reschedule(c)
}

// unprobe forgets a probe that failed; the session goes on polling.
func (sh *shard) unprobe(c *session, l *link) {
	if c.probe == l {
		sh.farewell(l, closeFrame(codeNormal, ""))
		c.probe, c.proved, c.probeUntil = nil, false, 0
	}
}

// ping sends the heartbeat, ahead of what a slow peer has not taken.
func (sh *shard) ping(c *session) {
	switch {
	case c.slow != nil:
		c.slow.buf = append(append(make([]byte, 0, len(pingPacket.frame)+len(c.slow.buf)), pingPacket.frame...), c.slow.buf...)
	case c.link == nil:
		sh.enqueue(c, pingPacket)
	default:
		sh.send(c, pingPacket)
	}
}

// onTimer does what is due for a session.
func (sh *shard) onTimer(c *session, now int64) {
	cfg := &sh.srv.cfg
	after := func(at int64, d time.Duration) bool { return at != 0 && now >= at+int64(d) }
	switch {
	case now >= c.deadline.Load():
		sh.abort(c, pingTimeout)
	case after(c.idleSince.Load(), cfg.ConnectTimeout):
		sh.abort(c, connectTimeout)
	case after(c.partialSince.Load(), cfg.ReadTimeout):
		sh.abort(c, partialTimeout)
	case after(c.closeAt, 0) && c.closing != nil:
		sh.abort(c, c.closing)
	case after(c.drainAt, 0):
		c.drainAt = 0
		sh.closeSoon(c, shuttingDown)
	}
	if c.ended {
		return
	}
	if after(c.closeAt, 0) {
		c.closeAt = 0
	}
	if after(c.probeUntil, 0) {
		c.probeUntil = 0
		// If the reader was faster, the upgrade is on its way here.
		if c.carrier.CompareAndSwap(onProbe, onPolling) {
			sh.unprobe(c, c.probe)
		}
	}
	if due := c.pingDue.Load(); now >= due {
		next := due + int64(cfg.PingInterval)
		if now >= next { // the process slept
			next = now + int64(cfg.PingInterval)
		}
		c.pingDue.Store(next)
		if c.awaiting.CompareAndSwap(false, true) {
			c.deadline.Store(due + int64(cfg.PingTimeout))
		}
		sh.ping(c)
	}
	sh.timers.move(c, c.due())
}

// fireTimers does everything that is due.
func (sh *shard) fireTimers() {
	now := sh.srv.now()
	for len(sh.timers.heap) > 0 && sh.timers.heap[0].at <= now {
		sh.onTimer(sh.timers.heap[0].sess, now)
	}
}

// untilNext returns how long the shard may sleep. Timers that lie close
// together share a wake-up.
func (sh *shard) untilNext() time.Duration {
	if len(sh.timers.heap) == 0 {
		return time.Hour
	}
	return max(time.Duration(sh.timers.heap[0].at-sh.srv.now()), sh.srv.tick)
}
