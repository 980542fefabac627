package message

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/room"
)

// Limits of the write path.
const (
	maxBatch    = 1024                    // messages in one transaction
	maxWaiting  = 2048                    // messages that wait for one leader, unless Config says otherwise
	appendLimit = 1800 * time.Millisecond // a refusal arrives within two seconds (guarantee G10)
	retryPause  = 50 * time.Millisecond
	retryAfter  = time.Second
)

// Pending is a draft on its way into the store.
type Pending struct {
	Room    room.ID
	Author  profile.ID
	CID     CID
	Hash    Hash
	Content string
}

// Status tells what became of a Pending.
type Status int

// The ends of a Pending.
const (
	// Stored: it is a new message.
	Stored Status = iota
	// Known: its author has sent its cid to its room before, perhaps in the same batch.
	Known
	// NoAuthor: no mask of that id is worn by anybody.
	NoAuthor
	// NoRoom: there is no such room, or it is a private one in which the author has no seat.
	NoRoom
	// NoSeat: the author has no seat in the room.
	NoSeat
	// RoomEnded: the room is closed.
	RoomEnded
)

// Outcome is what became of a Pending. Seq, Hash and CreatedAt are those of the stored message,
// set for Stored and Known.
type Outcome struct {
	Status    Status
	Seq       int64
	Hash      Hash
	CreatedAt time.Time
}

// ErrRefused is wrapped by errors of Appender.Append when the database refused the contents of a
// row, so that the others may have better luck without it.
var ErrRefused = errors.New("message: the database refused a row")

// Appender stores messages.
type Appender interface {
	// Append stores a batch in one transaction and returns an outcome for each, in the same order.
	// When it returns they are durable. New ones take the next seqs of their rooms in the order of
	// the batch, without holes, and commits of one room take place in order of seq. After an error
	// of kind unavailable it is not known whether the batch was stored.
	Append(ctx context.Context, at time.Time, batch []Pending) ([]Outcome, error)
	// Sent returns the outcome of a message that was stored before: Known, or NoAuthor if it was not.
	Sent(ctx context.Context, id room.ID, author profile.ID, cid CID) (Outcome, error)
}

// Limiter counts what one account sends to one room.
type Limiter interface {
	// Take takes one message out of what is allowed for key, or tells how long to wait.
	Take(ctx context.Context, key string) (wait time.Duration, err error)
}

// Publisher learns of commits. Its methods must not block; for one room they are called one at a time.
type Publisher interface {
	// Committed tells of new messages of one room, in order of seq.
	Committed(id room.ID, messages []Message)
	// Unsure tells that something may have been committed to the room and never be told.
	Unsure(id room.ID)
}

// Meter measures the write path. Its methods must not block.
type Meter interface {
	// Appended tells how many messages one transaction took.
	Appended(messages int)
	// Answered tells how long a sender waited for the answer that his message is stored.
	Answered(took time.Duration)
}

type noMeter struct{}

func (noMeter) Appended(int)           {}
func (noMeter) Answered(time.Duration) {}

// Config holds what a Sender needs.
type Config struct {
	Store     Appender
	Limiter   Limiter
	Publisher Publisher
	// DraftKey keys the hashes of drafts; it must stay the same as long as the messages are kept.
	DraftKey []byte
	Random   random.Source
	Now      func() time.Time
	Log      *slog.Logger
	// Leaders is how many transactions may be under way at once: 1 for a database with one writer.
	// All writes to one room go through one of them.
	Leaders int
	// Waiting is how many messages may wait for one leader; 0 means 2048.
	Waiting int
	Meter   Meter // may be nil
}

// Result is the answer to the sender of a message.
type Result struct {
	Room      room.ID
	Seq       int64
	CID       CID
	CreatedAt time.Time
}

// Sender is the write path: it stores messages in batches, whatever waits in one transaction, tells
// the Publisher after the commit and answers after that.
type Sender struct {
	Config
	leaders []chan *waiting
	running sync.WaitGroup

	mu     sync.RWMutex // guards closed, and sending on leaders against closing them
	closed bool

	counters struct{ stored, repeated, batches, retries, failed, crowded atomic.Uint64 }

	refusedMu sync.Mutex
	refused   map[errs.Code]uint64
}

type waiting struct {
	Pending
	author Author
	since  time.Time // of Submit
	done   func(Result, error)
}

// NewSender starts a Sender; end it with Close.
func NewSender(cfg Config) *Sender {
	s := &Sender{Config: cfg, leaders: make([]chan *waiting, max(cfg.Leaders, 1)), refused: map[errs.Code]uint64{}}
	if s.Meter == nil {
		s.Meter = noMeter{}
	}
	if s.Waiting == 0 {
		s.Waiting = maxWaiting
	}
	for i := range s.leaders {
		queue := make(chan *waiting, s.Waiting)
		s.leaders[i] = queue
		s.running.Go(func() { s.lead(queue) })
	}
	return s
}

// Close lets everything that was submitted come to its end; what comes later is unavailable.
func (s *Sender) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		for _, queue := range s.leaders {
			close(queue)
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Send is Submit for a caller that can wait. If ctx ends first the message may be stored all the same.
func (s *Sender) Send(ctx context.Context, actor profile.Actor, draft Draft) (Result, error) {
	type answer struct {
		result Result
		err    error
	}
	answers := make(chan answer, 1)
	s.Submit(ctx, actor, draft, func(r Result, err error) { answers <- answer{r, err} })
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// Submit has a message stored and calls done once, which must not block. Messages that one
// goroutine submits to a room are stored in that order. Submitting a cid again gives the first
// result again and stores nothing; with other content it is cid_conflict. Other refusals: not_found,
// not_member and room_closed for the room, decided in the transaction that stores; rate_limited, forbidden for a mask that nobody wears, unavailable when the database
// does not take it within two seconds, after which the message may be stored all the same.
func (s *Sender) Submit(ctx context.Context, actor profile.Actor, draft Draft, done func(Result, error)) {
	if draft.room < room.Global {
		s.refuse(done, errs.New(errs.NotFound))
		return
	}
	repeatable := draft.cid != CID{}
	if !repeatable {
		draft.cid = NewCID(s.Random)
	}
	w := &waiting{
		Pending: Pending{
			Room: draft.room, Author: actor.Profile.ID, CID: draft.cid, Hash: draft.hash(s.DraftKey, draft.cid), Content: draft.content,
		},
		author: Author{ID: actor.Profile.ID, Nickname: actor.Profile.Nickname, Color: actor.Profile.Color},
		since:  s.Now(),
		done:   done,
	}
	wait, err := s.Limiter.Take(ctx, limitKey(actor, draft.room))
	switch {
	case err != nil:
		s.refuse(done, err)
	case wait > 0 && repeatable:
		s.repeat(ctx, w, errs.Limited(wait))
	case wait > 0:
		s.refuse(done, errs.Limited(wait))
	default:
		s.enqueue(w)
	}
}

func limitKey(actor profile.Actor, id room.ID) string {
	return string(actor.LimitKey[:]) + PublicID(id, 0)
}

// repeat answers a message that is over the limit: with its first result if it is a repeat, because
// a client that never saw the ack must get it, and with the refusal otherwise.
func (s *Sender) repeat(ctx context.Context, w *waiting, refusal error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		s.refuse(w.done, unavailable(nil))
		return
	}
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appendLimit)
		defer cancel()
		outcome, err := s.Store.Sent(ctx, w.Room, w.Author, w.CID)
		switch {
		case err != nil:
			s.refuse(w.done, err)
		case outcome.Status == Known:
			s.answer(w, outcome)
		default:
			s.refuse(w.done, refusal)
		}
	})
}

func (s *Sender) enqueue(w *waiting) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		s.refuse(w.done, unavailable(nil))
		return
	}
	select {
	case s.leaders[uint64(w.Room)%uint64(len(s.leaders))] <- w: //nolint:gosec // only spread over the leaders
	default:
		s.counters.crowded.Add(1)
		s.refuse(w.done, unavailable(errors.New("too many messages wait to be stored")))
	}
}

// refuse answers a message that is not stored, and counts why.
func (s *Sender) refuse(done func(Result, error), why error) {
	s.refusedMu.Lock()
	s.refused[errs.CodeOf(why)]++
	s.refusedMu.Unlock()
	done(Result{}, why)
}

func unavailable(cause error) error {
	e := errs.Wrap(errs.Unavailable, cause)
	e.RetryAfter = retryAfter
	return e
}

// Stats is a reading of a Sender's counters since its start.
type Stats struct {
	Stored   uint64 // new messages
	Repeated uint64 // answered with an earlier result
	Batches  uint64 // transactions that were committed
	Retries  uint64 // transactions that were tried again
	Failed   uint64 // messages that the database did not take
	Crowded  uint64 // messages that found the queue full
	Waiting  int    // messages in the queues now

	Refused map[errs.Code]uint64 // messages that were not stored, by why
}

// Stats reads the counters.
func (s *Sender) Stats() Stats {
	stats := Stats{
		Stored:   s.counters.stored.Load(),
		Repeated: s.counters.repeated.Load(),
		Batches:  s.counters.batches.Load(),
		Retries:  s.counters.retries.Load(),
		Failed:   s.counters.failed.Load(),
		Crowded:  s.counters.crowded.Load(),
	}
	for _, queue := range s.leaders {
		stats.Waiting += len(queue)
	}
	s.refusedMu.Lock()
	defer s.refusedMu.Unlock()
	stats.Refused = maps.Clone(s.refused)
	return stats
}
