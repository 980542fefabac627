// Package loadtest puts load on a running server from outside and checks every delivery: nothing
// lost, doubled, out of order or in the wrong room. It drives the chat, and any Socket.IO server that
// answers the events join and message of the chat contract.
package loadtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

var errDisconnected = errors.New("the server disconnected the socket")

const (
	histograms = 16 // connections share them, so that they seldom meet
	// refusedPause passes before a refused sender tries again.
	refusedPause = 100 * time.Millisecond
	pollEvery    = 5 * time.Millisecond
	// settleTime lets the server come to rest between connecting and measuring.
	settleTime = 500 * time.Millisecond
	// stalledBuffer is the receive buffer of a connection that does not read.
	stalledBuffer = 4 << 10
)

// run is one run under way.
type run struct {
	cfg     Config
	id      uint32
	start   time.Time
	rooms   []*room
	members []*member
	stalled []*wire
	readers sync.WaitGroup

	stopping atomic.Bool  // no further message begins
	ended    atomic.Bool  // the connections are closed by us
	from, to atomic.Int64 // the measured window, nanoseconds since the start; 0 while not known
	acked    atomic.Int64 // in the window
	inFlight atomic.Int64

	acks, deliveries []histogram

	mu       sync.Mutex
	refusals map[string]int64
	dropped  map[string]int64
}

// Run does what cfg says, at most for as long as it says plus the time of connecting. The error tells
// why no result could be had; faults of the server are in the report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	r := &run{
		cfg: cfg, id: rand.Uint32(), start: time.Now(), //nolint:gosec // it only tells runs apart
		acks: make([]histogram, histograms), deliveries: make([]histogram, histograms),
		refusals: map[string]int64{}, dropped: map[string]int64{},
	}
	defer r.end()
	report := &Report{Case: caseOf(&cfg)}
	tokens, err := r.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.connect(ctx, tokens, report); err != nil {
		return nil, err
	}
	if err := r.load(ctx, report); err != nil {
		return nil, err
	}
	r.end()
	r.judge(report)
	return report, nil
}

// prepare signs people in and makes the rooms.
func (r *run) prepare(ctx context.Context) (tokens []string, err error) {
	cfg := &r.cfg
	for i := range cfg.Rooms {
		r.rooms = append(r.rooms, &room{index: i, id: int64(i) + 1})
	}
	if !cfg.Bare {
		people := newPeople(cfg)
		defer people.close()
		if tokens, err = people.enter(ctx, cfg.people(), cfg.Parallel); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
		if err := r.createRooms(ctx, people, tokens); err != nil {
			return nil, fmt.Errorf("make rooms: %w", err)
		}
	}
	tail := filling(cfg.Size)
	for _, room := range r.rooms {
		room.head, room.tail = `["message",{"roomId":`+strconv.FormatInt(room.id, 10)+`,"content":"`, tail
	}
	return tokens, nil
}

// createRooms makes the small rooms; one room alone is the global room, which is there.
func (r *run) createRooms(ctx context.Context, people *people, tokens []string) error {
	if len(r.rooms) == 1 {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.cfg.Parallel)
	for i, room := range r.rooms {
		group.Go(func() (err error) {
			room.id, err = people.createRoom(ctx, tokens[i*r.cfg.Members%len(tokens)], i, r.cfg.Members)
			return err
		})
	}
	return group.Wait()
}

// connect opens all connections and measures what that costs.
func (r *run) connect(ctx context.Context, tokens []string, report *Report) error {
	before, err := r.usage()
	if err != nil {
		return err
	}
	token := func(i int) string {
		if len(tokens) == 0 {
			return ""
		}
		return tokens[i%len(tokens)]
	}
	r.members = make([]*member, r.cfg.connections())
	began := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.cfg.Parallel)
	for i := range r.members {
		group.Go(func() error {
			room := r.rooms[i/r.cfg.Members]
			w, err := r.join(groupCtx, room, token(i))
			if err != nil {
				return fmt.Errorf("connection %d: %w", i+1, err)
			}
			r.members[i] = &member{run: r, room: room, index: i % r.cfg.Members, wire: w, receiver: receiver{book: &room.book}}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := r.usage()
	if err != nil {
		return err
	}
	report.Connects = Connects{Count: len(r.members), PerSecond: float64(len(r.members)) / took.Seconds()}
	if r.cfg.PID != 0 {
		report.Connects.CPUMillisecondsEach = (after.cpu - before.cpu).Seconds() * 1000 / float64(len(r.members))
		report.Server = &Server{ResidentBefore: before.resident}
	}
	for i := range r.cfg.Stalled {
		if err := r.stall(ctx, r.rooms[i%len(r.rooms)], token(i)); err != nil {
			return fmt.Errorf("stalled connection %d: %w", i+1, err)
		}
	}
	for _, m := range r.members {
		m.room.members = append(m.room.members, m)
		m.room.book.receivers++
	}
	for _, m := range r.members {
		r.readers.Go(m.listen)
	}
	return nil
}

// join opens one connection and waits until it hears its room.
func (r *run) join(ctx context.Context, room *room, token string) (w *wire, err error) {
	if w, err = dial(ctx, r.cfg.Server); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := w.enter(token); err != nil {
		return nil, err
	}
	if !r.cfg.Bare {
		if err := w.await([]byte(`42["joined",{"room":"global"`)); err != nil {
			return nil, err
		}
	}
	if r.cfg.Bare || len(r.rooms) > 1 {
		id := strconv.FormatInt(room.id, 10)
		if err := w.writeText([]byte(`42["join",{"roomId":` + id + `}]`)); err != nil {
			return nil, err
		}
		if err := w.await([]byte(`42["joined",{"room":` + id)); err != nil {
			return nil, err
		}
	}
	return w, w.ready()
}

// stall opens a connection that nobody will read.
func (r *run) stall(ctx context.Context, room *room, token string) error {
	w, err := r.join(ctx, room, token)
	if err != nil {
		return err
	}
	r.stalled = append(r.stalled, w)
	if tcp, ok := w.conn.(*net.TCPConn); ok {
		return tcp.SetReadBuffer(stalledBuffer)
	}
	return nil
}

// load sends, for the time that the configuration says.
func (r *run) load(ctx context.Context, report *Report) error {
	if err := pause(ctx, settleTime); err != nil {
		return err
	}
	if s := report.Server; s != nil {
		now, err := r.usage()
		if err != nil {
			return err
		}
		s.ResidentPerConnection = float64(now.resident-s.ResidentBefore) / float64(len(r.members))
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	var pacing sync.WaitGroup
	switch {
	case r.cfg.Rate > 0:
		pacing.Go(func() { r.pace(sending) })
	default:
		for _, room := range r.rooms {
			for slot := range r.cfg.InFlight {
				r.say(room, slot, room.members[slot%len(room.members)], time.Since(r.start))
			}
		}
	}
	if err := pause(ctx, r.cfg.WarmUp); err != nil {
		return err
	}
	if err := r.measure(ctx, report); err != nil {
		return err
	}
	r.stopping.Store(true)
	stop()
	pacing.Wait()
	return r.drain(ctx)
}

// measure takes the counters before and after the measured time.
func (r *run) measure(ctx context.Context, report *Report) error {
	before, err := r.usage()
	if err != nil {
		return err
	}
	own, ownErr := usageOf(os.Getpid())
	came := r.delivered()
	began := time.Since(r.start)
	r.from.Store(int64(began))
	if err := pause(ctx, r.cfg.Duration); err != nil {
		return err
	}
	ended := time.Since(r.start)
	r.to.Store(int64(ended))
	came = r.delivered() - came
	after, err := r.usage()
	if err != nil {
		return err
	}
	seconds := (ended - began).Seconds()
	report.Seconds = seconds
	report.MessagesPerSecond = float64(r.acked.Load()) / seconds
	report.DeliveriesPerSecond = float64(came) / seconds
	if s := report.Server; s != nil {
		cpu := (after.cpu - before.cpu).Seconds()
		s.CPU = cpu / seconds
		s.Resident = after.resident
		if r.cfg.idle() {
			s.ResidentPerConnection = float64(after.resident-s.ResidentBefore) / float64(len(r.members))
		}
		if cpu > 0 {
			s.DeliveriesPerCPUSecond = float64(came) / cpu
			s.MessagesPerCPUSecond = float64(r.acked.Load()) / cpu
		}
	}
	if now, err := usageOf(os.Getpid()); err == nil && ownErr == nil {
		report.GeneratorCPU = (now.cpu - own.cpu).Seconds() / seconds
	}
	return nil
}

// drain waits until everybody has everything.
func (r *run) drain(ctx context.Context) error {
	for deadline := time.Now().Add(r.cfg.Drain); r.inFlight.Load() > 0 && time.Now().Before(deadline); {
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
	// What should not come has a moment to do so.
	return pause(ctx, 10*pollEvery)
}

// pace sends messages when they are due, to one room after the other.
func (r *run) pace(ctx context.Context) {
	began := time.Since(r.start)
	for i := 0; ; i++ {
		due := began + time.Duration(float64(i)/r.cfg.Rate*float64(time.Second))
		if wait := due - time.Since(r.start); wait > 0 && pause(ctx, wait) != nil || ctx.Err() != nil {
			return
		}
		if r.inFlight.Load() >= maxInFlight {
			r.note(r.dropped, "the server fell behind by "+strconv.Itoa(maxInFlight)+" messages")
			return
		}
		room := r.rooms[i%len(r.rooms)]
		r.say(room, -1, room.members[int(room.turn.Add(1))%len(room.members)], due)
	}
}

// say sends the next message of a room. Somebody else speaks for a member who has left.
func (r *run) say(room *room, slot int, m *member, due time.Duration) {
	for range room.members {
		if !m.left.Load() {
			break
		}
		m = room.members[(m.index+1)%len(room.members)]
	}
	if m.left.Load() {
		return
	}
	n, ok := room.book.begin(due, slot, m.index)
	if !ok {
		return
	}
	r.inFlight.Add(1)
	if err := m.send(n); err != nil {
		_ = m.wire.close() // its reader tells why, and gives the message up
	}
}

// complete goes on after a message that everybody has.
func (r *run) complete(room *room, e *entry) {
	r.inFlight.Add(-1)
	if e.slot >= 0 && !r.stopping.Load() {
		r.say(room, int(e.slot), room.members[int(e.slot)%len(room.members)], time.Since(r.start))
	}
}

// refused counts a message that the server did not take; nobody will get it.
func (r *run) refused(m *member, e *entry, answer string) {
	r.note(r.refusals, answer)
	again := func() { r.complete(m.room, e) }
	if r.cfg.Rate > 0 || r.stopping.Load() {
		again()
		return
	}
	time.AfterFunc(refusedPause, again)
}

// lost notes the end of a connection and stops waiting for it.
func (r *run) lost(m *member, why error) {
	if r.ended.Load() {
		return
	}
	m.left.Store(true)
	_ = m.wire.close() // why is known
	r.note(r.dropped, why.Error())
	m.receiver.gone(m.index, func(e *entry) { r.complete(m.room, e) })
}

const maxKinds = 20 // of refusals and of ends that are told apart

func (r *run) note(counts map[string]int64, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(counts) >= maxKinds && counts[what] == 0 {
		what = "others"
	}
	counts[what]++
}

func (r *run) measuring(at time.Duration) bool {
	from, to := r.from.Load(), r.to.Load()
	return from != 0 && int64(at) >= from && (to == 0 || int64(at) < to)
}

func (r *run) record(into []histogram, m *member, e *entry, at time.Duration) {
	if sent := e.sentAt.Load(); r.measuring(time.Duration(sent)) {
		into[m.index%histograms].add(at - time.Duration(sent))
	}
}

func (r *run) delivered() (sum int64) {
	for _, m := range r.members {
		sum += m.delivered.Load()
	}
	return sum
}

func (r *run) usage() (usage, error) {
	if r.cfg.PID == 0 {
		return usage{}, nil
	}
	return usageOf(r.cfg.PID)
}

// end closes every connection and waits for their readers.
func (r *run) end() {
	r.stopping.Store(true)
	r.ended.Store(true)
	for _, m := range r.members {
		if m != nil {
			_ = m.wire.close() // nothing is expected of it any more
		}
	}
	for _, w := range r.stalled {
		_ = w.close() // nothing is expected of it any more
	}
	r.readers.Wait()
}

// judge counts what went wrong, after the readers have ended.
func (r *run) judge(report *Report) {
	for _, m := range r.members {
		if !m.left.Load() {
			m.receiver.settle()
		}
		report.Faults.add(m.receiver.faults)
	}
	report.Ack, report.Deliver = summarize(r.acks), summarize(r.deliveries)
	report.Refused, report.Dropped = r.refusals, r.dropped
}

// pause waits, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return cmp.Or(context.Cause(ctx), ctx.Err())
	case <-timer.C:
		return nil
	}
}
