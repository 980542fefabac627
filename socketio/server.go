package socketio

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server is an http.Handler that speaks Engine.IO and Socket.IO. Register its
// namespaces and their handlers before it serves the first request.
type Server struct {
	cfg        Config
	log        *slog.Logger
	start      time.Time
	tick       time.Duration // timers closer than this fire together
	namespaces map[string]*Namespace
	shards     []*shard
	turn       atomic.Uint64 // whose is the next session
	buffers    sync.Pool     // of *[]byte, for readers

	live    live           // goroutines and sessions
	running sync.WaitGroup // shards
	stopped chan struct{}  // closed when they have ended

	mu       sync.Mutex
	closing  bool
	sessions map[string]*session
	notes    map[string]int64 // sids a client has just closed, until when
	peers    map[string]*peer // by client address
	opened   uint64
	closed   map[Reason]uint64
}

// peer is what is known about one client address.
type peer struct {
	unjoined   int
	handshakes bucket
}

// readBuffer is the size of a borrowed read buffer.
const readBuffer = 16 << 10

// New makes a server; it fails if cfg contradicts itself. The server owns
// goroutines: end it with Shutdown.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:        cfg,
		log:        cfg.Logger,
		start:      time.Now(),
		tick:       min(cfg.PingInterval/100, 10*time.Millisecond),
		namespaces: make(map[string]*Namespace),
		sessions:   make(map[string]*session),
		notes:      make(map[string]int64),
		peers:      make(map[string]*peer),
		closed:     make(map[Reason]uint64),
		stopped:    make(chan struct{}),
	}
	s.buffers.New = func() any {
		b := make([]byte, readBuffer)
		return &b
	}
	for i := range runtime.GOMAXPROCS(0) {
		s.shards = append(s.shards, newShard(s, i))
	}
	for _, sh := range s.shards {
		s.running.Go(sh.loop)
	}
	return s, nil
}

// now returns the nanoseconds since the server's start, never 0.
func (s *Server) now() int64 { return int64(time.Since(s.start)) + 1 }

// newID returns an id with 128 bits of randomness.
func newID() string { return rand.Text() }

// Namespace returns the namespace of that name ("/" or "/something"),
// registering it at the first call. Clients can join registered namespaces
// only. It panics if the name is not printable ASCII that starts with "/", is
// longer than 128 bytes, or contains a comma: a programming error.
func (s *Server) Namespace(name string) *Namespace {
	if n := s.namespaces[name]; n != nil {
		return n
	}
	if !strings.HasPrefix(name, "/") || len(name) > maxNamespaceName ||
		strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' || r == ',' }) {
		panic("socketio: bad namespace name " + strconv.Quote(name))
	}
	n := newNamespace(s, name)
	s.namespaces[name] = n
	return n
}

// admission is why a session cannot be opened now.
type admission int

const (
	admitted admission = iota
	serverClosing
	serverFull
	peerFull
)

// newSession makes a session and puts it on the table. Its opOpen must follow.
func (s *Server) newSession(r *http.Request, on carrier) (*session, admission) {
	addr := s.cfg.ClientIP(r)
	c := &session{
		srv:   s,
		shard: s.shards[s.turn.Add(1)%uint64(len(s.shards))],
		sid:   newID(),
		facts: packFacts(r, addr, time.Now()),
	}
	now := s.now()
	c.pingDue.Store(now + int64(s.cfg.PingInterval))
	c.deadline.Store(now + int64(s.cfg.PingInterval+s.cfg.PingTimeout))
	c.carrier.Store(on)
	if s.cfg.Engine != nil {
		c.app = &Conn{sess: c}
	} else {
		c.app = &client{sess: c}
	}
	if refused := s.register(c, now); refused != admitted {
		return nil, refused
	}
	return c, admitted
}

func (s *Server) register(c *session, now int64) admission {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return serverClosing
	case exceeds(len(s.sessions)+1, s.cfg.MaxSessions):
		return serverFull
	}
	if s.cfg.Engine == nil && s.cfg.MaxUnjoinedPerIP >= 0 || s.cfg.HandshakeRate > 0 {
		s.prunePeers()
		p := s.peers[c.facts.addr]
		if p == nil {
			p = &peer{}
			s.peers[c.facts.addr] = p
		}
		if s.cfg.HandshakeRate > 0 && !p.handshakes.takeAt(now, s.cfg.HandshakeRate, s.cfg.HandshakeBurst) ||
			s.cfg.Engine == nil && exceeds(p.unjoined+1, s.cfg.MaxUnjoinedPerIP) {
			return peerFull
		}
		p.unjoined++
		c.unjoined.Store(true)
	}
	s.live.add() // ends with finish
	s.live.add() // ends with the shard's end
	s.opened++
	s.sessions[c.sid] = c
	return admitted
}

// maxPeers is how many client addresses are remembered before those without
// open sessions are dropped.
const maxPeers = 1 << 14

func (s *Server) prunePeers() {
	if len(s.peers) >= maxPeers {
		maps.DeleteFunc(s.peers, func(_ string, p *peer) bool { return p.unjoined == 0 })
	}
}

// joined takes a session off its address's count of unjoined ones.
func (s *Server) joined(c *session) {
	if !c.unjoined.CompareAndSwap(true, false) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unjoin(c)
}

func (s *Server) unjoin(c *session) {
	p := s.peers[c.facts.addr]
	if p.unjoined--; p.unjoined == 0 && s.cfg.HandshakeRate <= 0 {
		delete(s.peers, c.facts.addr)
	}
}

// noteLife is how long a client's own close is remembered.
const (
	noteLife = int64(time.Second)
	maxNotes = 1 << 12
)

// forget takes a session off the table. A polling client that closed may have
// a poll on its way, on another connection: it is answered once.
func (s *Server) forget(c *session, e *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c.sid)
	s.closed[e.reason]++
	if c.unjoined.CompareAndSwap(true, false) {
		s.unjoin(c)
	}
	if e.poll == noopPacket && c.carrier.Load() != onWebSocket && !c.polled.Load() {
		now := s.now()
		if len(s.notes) >= maxNotes {
			maps.DeleteFunc(s.notes, func(_ string, until int64) bool { return until < now })
		}
		if len(s.notes) < maxNotes {
			s.notes[c.sid] = now + noteLife
		}
	}
}

// takeNote reports, once, whether a client has just closed that session.
func (s *Server) takeNote(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.notes[sid]
	delete(s.notes, sid)
	return ok && s.now() < until
}

// find returns the live session of that sid, or nil.
func (s *Server) find(sid string) *session {
	s.mu.Lock()
	c := s.sessions[sid]
	s.mu.Unlock()
	if c == nil || !c.alive() {
		return nil
	}
	return c
}

// Shutdown stops accepting sessions and closes the present ones (WebSocket
// code 1012) at even distances over spread, so that the clients do not come
// back all at once; each is served until its turn. It never sends the
// Socket.IO DISCONNECT packet, so clients reconnect by themselves. It returns
// when every connection has ended and its OnDisconnect handlers have returned,
// or closes what is left at once and returns ctx's error when ctx ends.
func (s *Server) Shutdown(ctx context.Context, spread time.Duration) error {
	first, sessions := s.stopAccepting()
	now := s.now()
	for i, c := range sessions {
		c.shard.post(post{op: opDrain, sess: c, at: now + int64(spread)*int64(i)/int64(len(sessions))})
	}
	if first {
		go s.stopShards()
	}
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
		_, sessions = s.stopAccepting()
		for _, c := range sessions {
			c.kill(shuttingDown)
		}
		return ctx.Err()
	}
}

// stopShards ends the shards once nothing lives that could need them.
func (s *Server) stopShards() {
	<-s.live.idle()
	for _, sh := range s.shards {
		close(sh.stop)
	}
	s.running.Wait()
	close(s.stopped)
}

// stopAccepting returns the sessions there are, and whether it was called for
// the first time.
func (s *Server) stopAccepting() (first bool, all []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first = !s.closing
	s.closing = true
	for _, c := range s.sessions {
		all = append(all, c)
	}
	return first, all
}

// live counts what must end before the server has.
type live struct {
	mu    sync.Mutex
	count int
	none  chan struct{} // closed when count falls to 0; nil until asked for
}

func (l *live) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
}

func (l *live) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count--; l.count == 0 && l.none != nil {
		close(l.none)
		l.none = nil
	}
}

// idle returns a channel that is closed when nothing is left.
func (l *live) idle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 {
		nothing := make(chan struct{})
		close(nothing)
		return nothing
	}
	if l.none == nil {
		l.none = make(chan struct{})
	}
	return l.none
}

// Stats is a reading of a server's counters.
type Stats struct {
	Polling   int // sessions on long-polling now
	WebSocket int // sessions on WebSocket now
	Sockets   int // joined namespaces now

	QueueBytes   int // bytes that wait for slow peers now
	QueuePackets int // packets that wait for slow peers now

	PacketsIn  uint64            // Engine.IO packets received since the start
	PacketsOut uint64            // packets given to peers since the start, per receiver
	Writes     uint64            // WebSocket write calls since the start
	Deliveries uint64            // broadcast packets since the start, per receiver
	Opened     uint64            // sessions opened since the start
	Closed     map[Reason]uint64 // sessions closed since the start, by reason

	// Latency of broadcasts: from the making of the packet (Encode, FromText) until
	// it was written to the last receiver, or waits for him because he is slow. A
	// packet counts once for each shard that has receivers.
	Latency Histogram
}

// Stats reads the server's counters. It is cheap and never waits for a peer.
func (s *Server) Stats() Stats {
	var st Stats
	for _, sh := range s.shards {
		st.Polling += int(sh.pollSessions.Load())
		st.WebSocket += int(sh.wsSessions.Load())
		st.QueueBytes += int(sh.queueBytes.Load())
		st.QueuePackets += int(sh.queuePackets.Load())
		st.PacketsIn += sh.packetsIn.Load()
		st.PacketsOut += sh.packetsOut.Load()
		st.Writes += sh.writes.Load()
		st.Deliveries += sh.deliveries.Load()
		sh.latency.addTo(&st.Latency)
	}
	for _, n := range s.namespaces {
		st.Sockets += n.Len("")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Opened, st.Closed = s.opened, maps.Clone(s.closed)
	return st
}
