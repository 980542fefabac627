package socketio

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Recovery lets a client that lost its connection for a short time go on where
// it was: with the same socket id, rooms and data, and with the events it has
// missed (Socket.IO's connection state recovery; the client sees
// socket.recovered). Each event then carries one more argument, its offset.
// Zero fields mean their defaults.
//
// What cannot be recovered exactly is not recovered: the client connects anew.
type Recovery struct {
	// MaxAge is how long a client may stay away. Default 2 min.
	MaxAge time.Duration
	// MaxPackets and MaxBytes bound what is kept for each room, and for each
	// socket of what was sent to it alone. Defaults 500 and 1 MiB.
	MaxPackets, MaxBytes int
	// MaxSockets bounds the lost sockets kept in each namespace. Default 10,000.
	MaxSockets int
}

func (r Recovery) withDefaults() Recovery {
	r.MaxAge = cmp.Or(r.MaxAge, 2*time.Minute)
	r.MaxPackets = cmp.Or(r.MaxPackets, 500)
	r.MaxBytes = cmp.Or(r.MaxBytes, 1<<20)
	r.MaxSockets = cmp.Or(r.MaxSockets, 10_000)
	return r
}

// recorder is a namespace's memory of what it sent. It numbers the events, and
// posts them while it holds its lock, so that at every socket their order is
// that of their numbers.
//
// Locks: Socket.mu before recorder.mu before Namespace.mu and shard.mu.
type recorder struct {
	cfg  Recovery
	keep int64 // how long packets are kept: until a loss is noticed, and MaxAge

	mu    sync.Mutex
	seq   int64
	logs  map[logKey]*packetLog
	live  map[string]*Socket // by pid
	lost  map[string]*lostSocket
	queue []*lostSocket // lost, oldest first; it may hold some that came back
	swept int64
}

// logKey names whom a packet was for.
type logKey struct {
	room string
	sid  string // for one socket alone; then room is not used
}

// packetLog is what was sent to one room or socket.
type packetLog struct {
	packets []logged
	bytes   int
	evicted int64 // number of the last packet that had to go for want of room
}

type logged struct {
	seq int64
	at  int64
	pkt *Packet
}

// recoverable is the part of a socket that recovery needs.
type recoverable struct {
	pid   string
	since int64         // the recorder's number when the socket was connected
	gone  chan struct{} // closed when OnDisconnect has returned
	back  *lostSocket   // what it goes on from, while it connects
	after int64         // and the last number its client has seen
}

// lostSocket is a socket that may come back.
type lostSocket struct {
	recoverable
	id    string
	data  any
	rooms []lostSeat
	until int64
}

type lostSeat struct {
	room  string
	since int64
}

func newRecorder(cfg *Config) *recorder {
	if cfg.Recovery == nil {
		return nil
	}
	r := cfg.Recovery.withDefaults()
	return &recorder{
		cfg:  r,
		keep: int64(r.MaxAge + cfg.PingInterval + cfg.PingTimeout),
		logs: make(map[logKey]*packetLog),
		live: make(map[string]*Socket),
		lost: make(map[string]*lostSocket),
	}
}

// stamped returns the packet with its number as the event's last argument.
func (p *Packet) stamped(seq int64) *Packet {
	offset := strconv.AppendInt([]byte(`,"`), seq, 10)
	offset = append(offset, `"]`...)
	length := len(p.text) - 1 + len(offset)
	rest := p.frame[len(appendFrameHeader(nil, frameText, len(p.text)))+len(p.text):]

	frame := make([]byte, 0, 10+length+len(rest))
	frame = appendFrameHeader(frame, frameText, length)
	start := len(frame)
	frame = append(append(frame, p.text[:len(p.text)-1]...), offset...)
	frame = append(frame, rest...)
	q := &Packet{ns: p.ns, frame: frame, text: frame[start : start+length : start+length]}
	at := start + length
	for _, bin := range p.bins {
		at += len(appendFrameHeader(nil, frameBinary, len(bin)))
		q.bins = append(q.bins, frame[at:at+len(bin):at+len(bin)])
		at += len(bin)
	}
	return q
}

// record numbers a packet, keeps it, and posts it. A volatile packet is not
// kept, and carries the number of what precedes it.
func (r *recorder) record(now int64, key logKey, volatile bool, p *Packet, post func(*Packet)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if volatile {
		post(p.stamped(r.seq))
		return
	}
	r.seq++
	p = p.stamped(r.seq)
	log := r.logs[key]
	if log == nil {
		log = &packetLog{}
		r.logs[key] = log
	}
	log.packets = append(log.packets, logged{r.seq, now, p})
	log.bytes += len(p.frame)
	for len(log.packets) > r.cfg.MaxPackets || log.bytes > r.cfg.MaxBytes {
		log.evicted = log.packets[0].seq
		log.drop()
	}
	r.sweep(now)
	post(p)
}

// drop forgets the oldest packet.
func (l *packetLog) drop() {
	l.bytes -= len(l.packets[0].pkt.frame)
	l.packets[0] = logged{}
	l.packets = l.packets[1:]
}

// sweep forgets, now and then, what is too old to be asked for.
func (r *recorder) sweep(now int64) {
	if now-r.swept < r.keep/8 {
		return
	}
	r.swept = now
	for key, log := range r.logs {
		for len(log.packets) > 0 && now-log.packets[0].at > r.keep {
			log.drop()
		}
		if len(log.packets) == 0 {
			delete(r.logs, key)
		}
	}
	r.forgetLost(now)
}

// forgetLost forgets the sockets whose time is up, and those over the limit.
func (r *recorder) forgetLost(now int64) {
	for len(r.queue) > 0 && (r.queue[0].until < now || len(r.lost) > r.cfg.MaxSockets || len(r.queue) > 2*r.cfg.MaxSockets) {
		old := r.queue[0]
		r.queue[0] = nil
		r.queue = r.queue[1:]
		if r.lost[old.pid] == old {
			delete(r.lost, old.pid)
		}
	}
}

// lose takes a socket off the living, and keeps it if it may come back. The
// caller holds s.mu.
func (r *recorder) lose(s *Socket, now int64, keep bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live[s.rec.pid] != s {
		return
	}
	delete(r.live, s.rec.pid)
	if !keep {
		return
	}
	l := &lostSocket{recoverable: *s.rec, id: s.id, data: s.data, until: now + int64(r.cfg.MaxAge)}
	for _, seat := range s.seats {
		l.rooms = append(l.rooms, lostSeat{seat.room.name, seat.since})
	}
	r.lost[l.pid] = l
	r.queue = append(r.queue, l)
	r.forgetLost(now)
}

// claim prepares s to go on as the socket that its client's CONNECT names, if
// that is possible. Whoever claims a lost socket owns it: nobody else will. An
// old connection that has not noticed its loss is ended first, and waited for.
func (r *recorder) claim(s *Socket, done <-chan struct{}) {
	s.rec = &recoverable{pid: newID(), gone: make(chan struct{})}
	var auth struct {
		PID    string  `json:"pid"`
		Offset *string `json:"offset"`
	}
	if json.Unmarshal(s.auth, &auth) != nil || auth.PID == "" {
		return
	}
	r.mu.Lock()
	old := r.live[auth.PID]
	r.mu.Unlock()
	if old != nil && old.sess != s.sess {
		old.sess.kill(&ending{reason: ReasonTransportClose, code: codeNormal, poll: closePacket})
		select {
		case <-old.rec.gone:
		case <-done:
			return
		}
	}
	l := r.take(auth.PID, s.sess.srv.now())
	if l == nil {
		return
	}
	select {
	case <-l.gone:
	case <-done:
		return
	}
	after := l.since
	if auth.Offset != nil {
		n, err := strconv.ParseInt(*auth.Offset, 10, 64)
		if err != nil || n < 0 {
			return
		}
		after = n
	}
	r.mu.Lock()
	_, complete := r.missed(l, after)
	r.mu.Unlock()
	if !complete {
		return
	}
	s.rec.pid, s.rec.since, s.rec.back, s.rec.after = l.pid, l.since, l, after
	s.id, s.data, s.recovered = l.id, l.data, true
}

// take takes a lost socket out.
func (r *recorder) take(pid string, now int64) *lostSocket {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.lost[pid]
	delete(r.lost, pid)
	if l == nil || l.until < now {
		return nil
	}
	return l
}

// unclaim puts a lost socket back whose new connection was lost, too, before it
// was told.
func (r *recorder) unclaim(l *lostSocket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost[l.pid] = l
	r.queue = append(r.queue, l)
}

// missed returns what a returning client has not seen, in order, and false if
// some of it is gone. The caller holds r.mu.
func (r *recorder) missed(l *lostSocket, after int64) ([]logged, bool) {
	if after > r.seq {
		return nil, false
	}
	var all []logged
	collect := func(key logKey, since int64) bool {
		log := r.logs[key]
		if log == nil {
			return true
		}
		from := max(after, since)
		i, _ := slices.BinarySearchFunc(log.packets, from+1, func(p logged, seq int64) int { return cmp.Compare(p.seq, seq) })
		all = append(all, log.packets[i:]...)
		return log.evicted <= from
	}
	complete := collect(logKey{sid: l.id}, 0)
	for _, seat := range l.rooms {
		complete = collect(logKey{room: seat.room}, seat.since) && complete
	}
	slices.SortFunc(all, func(a, b logged) int { return cmp.Compare(a.seq, b.seq) })
	return all, complete
}

// mayComeBack reports whether a socket whose session ended so is kept.
func (r Reason) mayComeBack() bool {
	switch r {
	case ReasonTransportClose, ReasonTransportError, ReasonPingTimeout, ReasonForcedClose, ReasonShutdown, ReasonSlowConsumer:
		return true
	case ReasonServerDisconnect, ReasonClientDisconnect, ReasonParseError, ReasonRateLimit, ReasonConnectTimeout, ReasonServerError:
	}
	return false
}
