package loadtest

import (
	"sync"
	"sync/atomic"
	"time"
)

// Faults counts what must never happen.
type Faults struct {
	Lost         int64 `json:"lost"`         // a member of the room never got it
	Doubled      int64 `json:"doubled"`      // a member got it again
	Reordered    int64 `json:"reordered"`    // it came after one with a higher number
	Misrouted    int64 `json:"misrouted"`    // it came to a member of another room
	Phantom      int64 `json:"phantom"`      // nobody sent it
	Inconsistent int64 `json:"inconsistent"` // two members got it with different numbers
}

// Total is the number of faults of any kind.
func (f Faults) Total() int64 {
	return f.Lost + f.Doubled + f.Reordered + f.Misrouted + f.Phantom + f.Inconsistent
}

func (f *Faults) add(other Faults) {
	f.Lost += other.Lost
	f.Doubled += other.Doubled
	f.Reordered += other.Reordered
	f.Misrouted += other.Misrouted
	f.Phantom += other.Phantom
	f.Inconsistent += other.Inconsistent
}

const (
	entriesPerChunk = 1 << 10
	chunksPerBook   = 1 << 12
	// maxMessagesPerRoom ends the sending in a room, whatever the duration.
	maxMessagesPerRoom = entriesPerChunk * chunksPerBook
)

// entry is one message of a room.
type entry struct {
	sentAt atomic.Int64 // nanoseconds since the run began; in an open loop when it was due
	number atomic.Int64 // the server's, as the first receiver saw it; 0 before
	waits  atomic.Int32 // members who do not have it yet, and its ack
	slot   int32        // of the closed loop
	sender int32

	answered atomic.Bool // by an ack or an error
	stored   atomic.Bool // the ack said so
}

// book is what was said in one room.
type book struct {
	mu        sync.Mutex // held by begin and gone
	receivers int32      // members who are there
	written   atomic.Int64
	chunks    [chunksPerBook]atomic.Pointer[[entriesPerChunk]entry]
}

// begin enters a message and returns its index in the room; false when the book is full.
func (b *book) begin(sentAt time.Duration, slot, sender int) (int64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.written.Load()
	if n == maxMessagesPerRoom {
		return 0, false
	}
	chunk := &b.chunks[n/entriesPerChunk]
	if chunk.Load() == nil {
		chunk.Store(new([entriesPerChunk]entry))
	}
	e := &chunk.Load()[n%entriesPerChunk]
	e.sentAt.Store(int64(sentAt))
	e.waits.Store(b.receivers + 1)
	e.slot, e.sender = int32(slot), int32(sender) //nolint:gosec // both are bounded by the configuration
	b.written.Store(n + 1)
	return n, true
}

// at returns message n, nil if nobody sent it.
func (b *book) at(n int64) *entry {
	if n < 0 || n >= b.written.Load() {
		return nil
	}
	return &b.chunks[n/entriesPerChunk].Load()[n%entriesPerChunk]
}

// done takes one off what the message waits for, and reports whether it was the last.
func (e *entry) done() bool { return e.waits.Add(-1) == 0 }

// receiver is what one member has got. One goroutine uses it.
type receiver struct {
	book   *book
	seen   []uint64 // a bit for each message of the room
	last   int64    // highest number so far
	faults Faults
}

func (r *receiver) has(n int64) bool {
	word := n / 64
	return word < int64(len(r.seen)) && r.seen[word]&(1<<(n%64)) != 0
}

func (r *receiver) mark(n int64) {
	for int64(len(r.seen)) <= n/64 {
		r.seen = append(r.seen, 0)
	}
	r.seen[n/64] |= 1 << (n % 64)
}

// take checks a delivery of message n that the server has given that number. It returns the message
// if it is the first time that this member gets it.
func (r *receiver) take(n, number int64) *entry {
	e := r.book.at(n)
	switch {
	case e == nil:
		r.faults.Phantom++
		return nil
	case r.has(n):
		r.faults.Doubled++
		return nil
	case number <= r.last:
		r.faults.Reordered++
	}
	r.mark(n)
	r.last = max(r.last, number)
	if !e.number.CompareAndSwap(0, number) && e.number.Load() != number {
		r.faults.Inconsistent++
	}
	return e
}

// gone ends a receiver before its time: nothing waits for it any more. It calls complete for what
// waited for nothing else.
func (r *receiver) gone(index int, complete func(*entry)) {
	b := r.book
	b.mu.Lock()
	b.receivers--
	var freed []*entry
	for n := range b.written.Load() {
		e := b.at(n)
		if !r.has(n) && e.done() {
			freed = append(freed, e)
		}
		if int(e.sender) == index && e.answered.CompareAndSwap(false, true) && e.done() { // its ack will not come
			freed = append(freed, e)
		}
	}
	b.mu.Unlock()
	for _, e := range freed {
		complete(e)
	}
}

// settle counts what the receiver, there to the end, has not got of what was acknowledged or came to
// anybody.
func (r *receiver) settle() {
	for n := range r.book.written.Load() {
		if e := r.book.at(n); !r.has(n) && (e.stored.Load() || e.number.Load() != 0) {
			r.faults.Lost++
		}
	}
}
