package socketio

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// op is the kind of a post.
type op uint8

const (
	opOpen     op = iota // a new session, and its link if it has one
	opSend               // pkt to sess
	opVolatile           // pkt to sess if it keeps up
	opCast               // pkt to room
	opJoin               // seat taken
	opLeave              // seat given up
	opPoll               // a GET waits for an answer
	opProbing            // link wants to take the session over
	opProbed             // link has proved itself
	opUpgrade            // link takes over
	opUnprobe            // link has gone
	opDrained            // what link was given to catch up with is written, or err
	opTimer              // the session's times have changed
	opClose              // end politely, after what was sent before
	opEnd                // the session was retired
	opDrain              // end politely at time at
)

// post is one thing for a shard to do.
type post struct {
	op   op
	sess *session
	pkt  *Packet
	room *room
	seat *seat
	link *link
	poll chan<- []*Packet
	end  *ending
	at   int64
	err  error
}

// What may wait in a shard before those who post must wait themselves. Only a
// process that makes more than it can write comes here; a slow peer does not.
const (
	maxPosts     = 1 << 16
	maxPostBytes = 64 << 20
)

// For what a round waits (see gather).
const (
	crowd      = 64
	maxCrowd   = 1 << 12
	crowdPause = 20 * time.Microsecond
)

// What a round may gather before it is written out.
const (
	maxRunPackets = 64
	maxRunBytes   = 64 << 10
	maxRoundNodes = 1 << 14
)

// volatileMark is how many waiting bytes make a volatile packet be dropped.
const volatileMark = 4 << 10

// shard is one writer: it owns the sending half of its sessions, their timers,
// and its part of every room's member list. One goroutine runs it, takes all
// posts at once, and writes at most once to a connection in a round.
//
// It never waits: not for a peer, not for a lock that is held while posting,
// and it runs no code of the application.
type shard struct {
	srv   *Server
	index int

	mu     sync.Mutex
	space  sync.Cond // under mu: the queue was taken
	queue  []post    // under mu
	queued int       // under mu: bytes of the packets in queue
	wake   chan struct{}
	stop   chan struct{}

	packetsIn, packetsOut, writes atomic.Uint64
	deliveries                    atomic.Uint64
	latency                       latency
	queueBytes, queuePackets      atomic.Int64
	pollSessions, wsSessions      atomic.Int64

	// Owned by the goroutine.
	spare  []post
	nodes  []node // nodes[0] is unused, so that index 0 means none
	dirty  []*session
	run    run
	casts  []int64 // when the broadcasts of this round were made
	arena  []byte  // the runs' bytes of this round
	out    []byte  // one connection's bytes
	timers timers
	writer *rawWriter
}

// node is a piece of what a session gets in this round.
type node struct {
	b    []byte
	next int32
}

// run is a series of broadcasts to one room that nothing has interrupted: its
// members get it as one piece of shared bytes.
type run struct {
	room *room
	pkts []*Packet
	ends []int // where each packet ends in arena, once laid out
	from int   // where the first begins
}

func newShard(s *Server, index int) *shard {
	sh := &shard{
		srv: s, index: index,
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
		nodes: make([]node, 1), writer: newRawWriter(),
	}
	sh.space.L = &sh.mu
	return sh
}

// post hands p to the shard; posts of one goroutine stay in order.
func (sh *shard) post(p post) {
	sh.mu.Lock()
	for len(sh.queue) >= maxPosts || sh.queued >= maxPostBytes {
		sh.space.Wait()
	}
	sh.queue = append(sh.queue, p)
	if p.pkt != nil {
		sh.queued += len(p.pkt.frame)
	}
	first := len(sh.queue) == 1
	sh.mu.Unlock()
	if first {
		select {
		case sh.wake <- struct{}{}:
		default:
		}
	}
}

// take swaps the queue for an empty one.
func (sh *shard) take() []post {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	batch := sh.queue
	sh.queue, sh.queued = sh.spare[:0], 0
	sh.space.Broadcast()
	return batch
}

// keep takes a batch's memory back for the next take.
func (sh *shard) keep(batch []post) {
	clear(batch)
	if cap(batch) > 1<<13 {
		batch = nil
	}
	sh.spare = batch
}

// loop runs the shard until it is stopped.
func (sh *shard) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-sh.wake:
			sh.gather()
		case <-timer.C:
		case <-sh.stop:
			return
		}
		batch := sh.take()
		for i := range batch {
			sh.handle(&batch[i])
			if len(sh.nodes) > maxRoundNodes || len(sh.arena) > maxRunBytes {
				sh.flushAll()
			}
		}
		sh.keep(batch)
		sh.fireTimers()
		sh.flushAll()
		timer.Reset(sh.untilNext())
	}
}

// gather lets those post first who can: what they have to say leaves in the same
// write. The runtime looks at 128 sockets with input at a time, so that a crowd
// of posts suggests a greater one: the shard waits as long as it keeps growing,
// which is as long as the readers have the processor.
func (sh *shard) gather() {
	runtime.Gosched()
	last := 0
	for n := sh.posts(); n-last >= crowd && n < maxCrowd; n = sh.posts() {
		last = n
		time.Sleep(crowdPause)
		runtime.Gosched()
	}
}

// posts returns how many wait.
func (sh *shard) posts() int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return len(sh.queue)
}

// handle does one post.
func (sh *shard) handle(p *post) {
	c := p.sess
	if c != nil && !c.known {
		sh.meet(c)
	}
	switch p.op {
	case opCast:
		sh.cast(p.room, p.pkt)
	case opSend:
		sh.send(c, p.pkt)
	case opVolatile:
		if sh.waiting(c) <= volatileMark {
			sh.send(c, p.pkt)
		}
	case opJoin:
		sh.join(p.seat)
	case opLeave:
		sh.leave(p.seat)
	case opOpen:
		if p.link != nil {
			sh.upgrade(c, p.link)
		}
	case opPoll:
		sh.poll(c, p.poll)
	case opProbing:
		sh.probing(c, p.link)
	case opProbed:
		sh.probed(c, p.link, p.pkt)
	case opUpgrade:
		sh.upgrade(c, p.link)
	case opUnprobe:
		sh.unprobe(c, p.link)
	case opDrained:
		sh.drained(c, p.err)
	case opTimer:
		sh.reschedule(c)
	case opClose:
		sh.closeSoon(c, p.end)
	case opEnd:
		sh.end(c)
	case opDrain:
		if !c.ended {
			c.drainAt = p.at
			sh.reschedule(c)
		}
	}
}

// Sessions.

// meet takes a session on at its first post, which is not always opOpen: it can
// be ended while its WebSocket is still being opened.
func (sh *shard) meet(c *session) {
	c.known = true
	sh.pollSessions.Add(1)
	sh.timers.add(c, c.due())
}

func (sh *shard) reschedule(c *session) {
	if !c.ended {
		sh.timers.move(c, c.due())
	}
}

// closeSoon ends a session after what was sent to it, which a polling client
// must still fetch and a slow one take.
func (sh *shard) closeSoon(c *session, e *ending) {
	if c.ended || c.closing != nil {
		return
	}
	sh.endRun()
	sh.flush(c)
	now := sh.srv.now()
	switch {
	case c.doomed:
		sh.end(c)
		return
	case c.link == nil && c.waiter == nil && (len(c.queue) > 0 || e != shuttingDown):
		grace := pollGrace
		if e == shuttingDown {
			grace = drainGrace
		}
		c.closing, c.closeAt = e, now+int64(grace)
	case c.slow != nil:
		c.closing, c.closeAt = e, now+int64(sh.srv.cfg.WriteStall)
	default:
		sh.abort(c, e)
		return
	}
	sh.reschedule(c)
}

// abort retires and ends a session.
func (sh *shard) abort(c *session, e *ending) {
	c.retire(e)
	sh.end(c)
}

// doom retires a session in the middle of a round, which ends it.
func (sh *shard) doom(c *session, e *ending) {
	c.retire(e)
	c.doomed = true
	sh.touch(c)
}

// end takes a retired session off the shard and says goodbye to its peer.
func (sh *shard) end(c *session) {
	if c.ended {
		return
	}
	e := c.ending.Load()
	sh.endRun()
	if c.link != nil {
		sh.flush(c)
	}
	c.ended, c.closing = true, nil
	defer sh.srv.live.done()
	for c.seats != nil {
		sh.leave(c.seats)
	}
	sh.timers.remove(c)
	if c.waiter != nil {
		sh.answer(c, e.poll)
	}
	sh.unqueue(c)
	if c.probe != nil {
		sh.farewell(c.probe, closeFrame(codeNormal, ""))
		c.probe = nil
	}
	if c.link == nil {
		sh.pollSessions.Add(-1)
		return
	}
	sh.wsSessions.Add(-1)
	sh.account(c, 0, 0)
	if e.code == 0 || c.slow != nil {
		c.link.finish()
	} else {
		sh.farewell(c.link, closeFrame(e.code, e.text))
	}
	c.slow = nil
}

// Rooms.

func (sh *shard) join(s *seat) {
	c := s.sess
	if c.ended {
		return
	}
	sh.endRun()
	members := &s.room.members[sh.index]
	s.index = len(*members)
	*members = append(*members, s)
	s.next = c.seats
	c.seats = s
}

func (sh *shard) leave(s *seat) {
	c := s.sess
	if s.index < 0 {
		return
	}
	sh.endRun()
	members := s.room.members[sh.index]
	last := members[len(members)-1]
	members[s.index], last.index = last, s.index
	members[len(members)-1] = nil
	s.room.members[sh.index] = members[:len(members)-1]
	s.index = -1
	for at := &c.seats; *at != nil; at = &(*at).next {
		if *at == s {
			*at = s.next
			break
		}
	}
}

// cast adds a broadcast to the run.
func (sh *shard) cast(r *room, p *Packet) {
	if sh.run.room != r || len(sh.run.pkts) >= maxRunPackets {
		sh.endRun()
		sh.run.room = r
	}
	sh.run.pkts = append(sh.run.pkts, p)
}

// endRun gives the run to all members.
func (sh *shard) endRun() {
	if sh.run.room == nil {
		return
	}
	r := sh.run.room
	members := r.members[sh.index]
	for _, s := range members {
		sh.catchUpRun(s)
		s.seen = 0
	}
	if len(members) > 0 {
		sh.deliveries.Add(uint64(len(members) * len(sh.run.pkts)))
		for _, p := range sh.run.pkts {
			sh.casts = append(sh.casts, p.made)
		}
	}
	sh.run.room = nil
	clear(sh.run.pkts)
	sh.run.pkts = sh.run.pkts[:0]
	sh.run.ends = sh.run.ends[:0]
}

// catchUpRun gives a member what it has not had of the run.
func (sh *shard) catchUpRun(s *seat) {
	run := &sh.run
	news := run.pkts[s.seen:]
	if len(news) == 0 {
		return
	}
	c := s.sess
	switch {
	case c.link == nil:
		for _, p := range news {
			sh.enqueue(c, p)
		}
	case len(news) == 1:
		sh.add(c, news[0].frame, 1)
	default:
		sh.add(c, sh.runBytes(int(s.seen)), int32(len(news))) //nolint:gosec // at most maxRunPackets
	}
	s.seen = int32(len(run.pkts)) //nolint:gosec // at most maxRunPackets
}

// runBytes returns the run's bytes from a packet on, laid out side by side.
func (sh *shard) runBytes(from int) []byte {
	run := &sh.run
	if len(run.ends) == 0 {
		run.from = len(sh.arena)
	}
	for _, p := range run.pkts[len(run.ends):] {
		sh.arena = append(sh.arena, p.frame...)
		run.ends = append(run.ends, len(sh.arena))
	}
	start := run.from
	if from > 0 {
		start = run.ends[from-1]
	}
	return sh.arena[start:len(sh.arena):len(sh.arena)]
}

// Sending.

// send gives a packet to one session, after what its rooms got before.
func (sh *shard) send(c *session, p *Packet) {
	if c.ended {
		return
	}
	if sh.run.room != nil {
		for s := c.seats; s != nil; s = s.next {
			if s.room == sh.run.room {
				sh.catchUpRun(s)
			}
		}
	}
	if c.link == nil {
		sh.enqueue(c, p)
		return
	}
	sh.add(c, p.frame, 1)
}

// add adds bytes to what a WebSocket session gets in this round.
func (sh *shard) add(c *session, b []byte, packets int32) {
	sh.nodes = append(sh.nodes, node{b: b})
	i := int32(len(sh.nodes) - 1) //nolint:gosec // bounded by the round
	if c.head == 0 {
		c.head = i
	} else {
		sh.nodes[c.tail].next = i
	}
	c.tail = i
	c.pending += packets
	c.pendingBytes += len(b)
	sh.touch(c)
	if c.pendingBytes > maxRunBytes {
		sh.flush(c)
	}
}

func (sh *shard) touch(c *session) {
	if !c.dirty {
		c.dirty = true
		sh.dirty = append(sh.dirty, c)
	}
}

// enqueue keeps a packet for the next poll.
func (sh *shard) enqueue(c *session, p *Packet) {
	if c.ended {
		return
	}
	cfg := &sh.srv.cfg
	if len(c.queue) > 0 && (exceeds(c.queueBytes+len(p.frame), cfg.MaxQueueBytes) || exceeds(len(c.queue)+1, cfg.MaxQueuePackets)) {
		sh.doom(c, slowConsumer)
		return
	}
	c.queue = append(c.queue, p)
	c.queueBytes += len(p.frame)
	sh.queueBytes.Add(int64(len(p.frame)))
	sh.queuePackets.Add(1)
	sh.touch(c)
}

// exceeds reports whether n is over a limit that may be off.
func exceeds(n, limit int) bool { return limit >= 0 && n > limit }

// waiting returns the bytes that the peer has not taken.
func (sh *shard) waiting(c *session) int {
	if c.slow != nil {
		return len(c.slow.buf) + int(c.link.owed.Load())
	}
	return c.queueBytes
}

// flushAll writes the round out.
func (sh *shard) flushAll() {
	sh.endRun()
	for i := 0; i < len(sh.dirty); i++ { // a flush may end a session, which adds
		c := sh.dirty[i]
		sh.flush(c)
		if c.doomed {
			sh.end(c)
		}
		c.dirty = false
	}
	clear(sh.dirty)
	sh.dirty = sh.dirty[:0]
	sh.noteCasts()
	clear(sh.nodes)
	sh.nodes = sh.nodes[:1]
	sh.arena, sh.out = trim(sh.arena), trim(sh.out)
}

// trim empties a buffer, and lets go of one that grew out of proportion.
func trim(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b[:0]
}

// flush writes out what a session got in this round, or answers its poll.
func (sh *shard) flush(c *session) {
	if c.ended {
		c.head, c.tail, c.pending, c.pendingBytes = 0, 0, 0, 0
		return
	}
	if c.link == nil {
		if c.waiter != nil && (len(c.queue) > 0 || c.proved) {
			sh.answer(c, nil)
		}
		return
	}
	if c.head == 0 {
		return
	}
	first, packets := c.head, int(c.pending)
	c.head, c.tail, c.pending, c.pendingBytes = 0, 0, 0, 0
	sh.packetsOut.Add(uint64(packets)) //nolint:gosec // a count
	if c.slow != nil {
		sh.keepFor(c, first, packets)
		return
	}
	b := sh.nodes[first].b
	if sh.nodes[first].next != 0 {
		sh.out = sh.out[:0]
		for i := first; i != 0; i = sh.nodes[i].next {
			sh.out = append(sh.out, sh.nodes[i].b...)
		}
		b = sh.out
	}
	sh.write(c, b, packets)
}

// write writes at once what the connection takes and gives the rest to a
// goroutine that waits for the peer.
func (sh *shard) write(c *session, b []byte, packets int) {
	n, err := sh.writer.write(c.link, b)
	sh.writes.Add(1)
	if err != nil {
		sh.doom(c, transportError)
		return
	}
	if n == len(b) {
		sh.account(c, 0, 0)
		c.slow = nil
		return
	}
	if c.slow == nil {
		c.slow = &backlog{}
	}
	sh.handOver(c, append([]byte(nil), b[n:]...), packets)
}

// backlog is what a slow peer has not taken: what its goroutine writes
// (link.owed) and, behind it, buf. Both begin and end between two packets, but
// for the front of what is being written.
type backlog struct {
	buf     []byte
	packets int // in buf
	handed  int // given to the goroutine

	toldBytes, toldPackets int // what the statistics know
}

// handOver starts a goroutine that writes b, waiting for the peer.
func (sh *shard) handOver(c *session, b []byte, packets int) {
	l, stall := c.link, sh.srv.cfg.WriteStall
	l.owed.Store(int64(len(b)))
	c.slow.handed = packets
	sh.account(c, len(b)+len(c.slow.buf), packets+c.slow.packets)
	sh.srv.live.add()
	go func() {
		defer sh.srv.live.done()
		err := l.catchUp(b, stall)
		sh.post(post{op: opDrained, sess: c, err: err})
	}()
}

// keepFor adds this round's bytes to a slow session's backlog.
func (sh *shard) keepFor(c *session, first int32, packets int) {
	cfg, slow := &sh.srv.cfg, c.slow
	for i := first; i != 0; i = sh.nodes[i].next {
		slow.buf = append(slow.buf, sh.nodes[i].b...)
	}
	slow.packets += packets
	waiting := sh.waiting(c)
	sh.account(c, waiting, slow.handed+slow.packets)
	if exceeds(waiting, cfg.MaxQueueBytes) || exceeds(slow.handed+slow.packets, cfg.MaxQueuePackets) {
		sh.doom(c, slowConsumer)
	}
}

// drained goes on with a session whose goroutine has finished.
func (sh *shard) drained(c *session, err error) {
	slow := c.slow
	if c.ended || slow == nil {
		return
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		sh.abort(c, slowConsumer)
		return
	case err != nil:
		sh.abort(c, transportError)
		return
	}
	b, packets := slow.buf, slow.packets
	slow.buf, slow.packets, slow.handed = nil, 0, 0
	sh.write(c, b, packets)
	if c.slow == nil && c.closing != nil {
		sh.abort(c, c.closing)
	}
}

// account keeps the statistics of what waits for a slow WebSocket.
func (sh *shard) account(c *session, bytes, packets int) {
	if c.slow == nil {
		return
	}
	sh.queueBytes.Add(int64(bytes - c.slow.toldBytes))
	sh.queuePackets.Add(int64(packets - c.slow.toldPackets))
	c.slow.toldBytes, c.slow.toldPackets = bytes, packets
}

// say writes a small frame to a link that has nothing else to write. If the
// peer cannot take it, the peer will notice by itself.
func (sh *shard) say(l *link, frame []byte, then func()) {
	if l.raw != nil {
		_, _ = sh.writer.write(l, frame)
		then()
		return
	}
	l.owed.Add(int64(len(frame)))
	sh.srv.live.add()
	go func() {
		defer sh.srv.live.done()
		_ = l.catchUp(frame, lingerRead)
		then()
	}()
}

// farewell says goodbye and closes our half; the reader closes the rest.
func (sh *shard) farewell(l *link, frame []byte) {
	l.finish()
	sh.say(l, frame, l.closeWrite)
}
