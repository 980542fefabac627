package faultlab

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Breach is a way in which a guarantee can be broken.
type Breach string

// The breaches that a history can show.
const (
	Lost         Breach = "lost"             // acknowledged, and not there in the end
	Phantom      Breach = "phantom"          // there or delivered, and never sent, or refused for good, or not stored
	Duplicate    Breach = "duplicate"        // the same cid twice, or the same delivery twice in a session
	Gap          Breach = "gap"              // a seq of a room that nothing has
	Reorder      Breach = "reorder"          // a session sees, or a sender gets, a lower seq after a higher one
	Skip         Breach = "skip"             // who has caught up lacks a message
	Inconsistent Breach = "inconsistent-seq" // two readers disagree about what a seq is
	Mutated      Breach = "mutated"          // another text or author than was sent
	Stale        Breach = "stale-ack"        // acknowledged before a read began that does not show it
	Leak         Breach = "cross-room"       // delivered to who is not, or no longer, in the room
	LateRevoked  Breach = "late-revoked"     // delivered to a session that was ended
)

// Breaches are all of them, the gravest first.
var Breaches = []Breach{Lost, Phantom, Duplicate, Gap, Reorder, Skip, Inconsistent, Mutated, Stale, Leak, LateRevoked}

// Verdict is what a history shows.
type Verdict struct {
	Sent     int // messages that somebody wanted said
	Acked    int
	Stored   int
	Got      int // deliveries
	Resets   int
	Breaches map[Breach]int
	Examples []string // the first of each kind
}

// Broken reports whether any guarantee was broken.
func (v *Verdict) Broken() bool { return len(v.Breaches) > 0 }

// String names what was broken and shows examples.
func (v *Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d sent, %d acknowledged, %d stored, %d deliveries, %d resets", v.Sent, v.Acked, v.Stored, v.Got, v.Resets)
	for _, kind := range Breaches {
		if n := v.Breaches[kind]; n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, kind)
		}
	}
	for _, example := range v.Examples {
		b.WriteString("\n  " + example)
	}
	return b.String()
}

const examplesOfAKind = 3

func (v *Verdict) breach(kind Breach, format string, args ...any) {
	v.Breaches[kind]++
	if v.Breaches[kind] <= examplesOfAKind {
		v.Examples = append(v.Examples, string(kind)+": "+fmt.Sprintf(format, args...))
	}
}

// sending is what is known of one message.
type sending struct {
	Event        // of kind Sent
	acked   bool // as seq
	seq     int64
	ackedAt time.Duration
	refused bool
	stored  bool
}

// hearer is one device in one room.
type hearer struct {
	client int
	room   int64
}

// heard is what a hearer knows.
type heard struct {
	seqs    []int64
	excused [][2]int64 // after the first, up to the second
	settled int64      // 0 if it left before the end
	present bool
}

// line is one connection in one room.
type line struct {
	session int
	room    int64
}

// chronicle is a room as the final read shows it.
type chronicle struct {
	base, head, rev int64
	stored          []Event // in order of seq
	at              map[int64]uuid.UUID
	acks            []*sending // in order of seq
	earliest        []time.Duration
}

type checker struct {
	*Verdict
	sends    map[uuid.UUID]*sending
	rooms    map[int64]*chronicle
	hearers  map[hearer]*heard
	lines    map[line]int64 // the last seq that came unasked
	senders  map[hearer]int64
	sessions map[int]time.Duration // a revoked client's end
}

// Check finds every breach of the guarantees that a history shows. It takes O(n log n).
func Check(events []Event) *Verdict {
	c := &checker{
		Verdict: &Verdict{Breaches: map[Breach]int{}},
		sends:   map[uuid.UUID]*sending{}, rooms: map[int64]*chronicle{}, hearers: map[hearer]*heard{},
		lines: map[line]int64{}, senders: map[hearer]int64{}, sessions: map[int]time.Duration{},
	}
	c.collect(events)
	c.judgeStored()
	for i := range events {
		c.follow(&events[i])
	}
	c.judgeSends()
	for i := range events {
		if events[i].Kind == Read {
			c.judgeRead(&events[i])
		}
	}
	c.judgeHearers()
	return c.Verdict
}

func (c *checker) room(id int64) *chronicle {
	r := c.rooms[id]
	if r == nil {
		r = &chronicle{at: map[int64]uuid.UUID{}}
		c.rooms[id] = r
	}
	return r
}

// collect takes what other events are compared with.
func (c *checker) collect(events []Event) {
	for i := range events {
		switch e := &events[i]; e.Kind {
		case Base:
			c.room(e.Room).base = e.Seq
		case Head:
			c.room(e.Room).head, c.room(e.Room).rev = e.Seq, e.Rev
		case Stored:
			r := c.room(e.Room)
			r.stored = append(r.stored, *e)
		case Sent:
			c.sends[e.CID] = &sending{Event: *e}
			c.Sent++
		case Refused:
			if s := c.sends[e.CID]; s != nil {
				s.refused = true
			}
		default: // follows later
		}
	}
	for _, r := range c.rooms {
		slices.SortFunc(r.stored, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	}
}

// judgeStored compares the final read with what was sent.
func (c *checker) judgeStored() {
	for id, r := range c.rooms {
		next := r.base + 1
		for _, e := range r.stored {
			c.Stored++
			c.judgeGap(id, r, next, e.Seq)
			next = e.Seq + 1
			if other, ok := r.at[e.Seq]; ok {
				c.breach(Duplicate, "seq %d of room %d is %s and %s", e.Seq, id, other, e.CID)
			}
			r.at[e.Seq] = e.CID
			c.compare(&e, "the store")
			if s := c.sends[e.CID]; s != nil {
				if s.stored {
					c.breach(Duplicate, "%s is stored twice, also as seq %d of room %d", e.CID, e.Seq, id)
				}
				s.stored = true
			}
		}
		c.judgeGap(id, r, next, r.head+1)
	}
}

// judgeGap looks at the seqs from … to-1, which no message has; the room itself may have changed once.
func (c *checker) judgeGap(id int64, r *chronicle, from, to int64) {
	for seq := from; seq < to; seq++ {
		if seq != r.rev {
			c.breach(Gap, "nothing is seq %d of room %d", seq, id)
		}
	}
}

// compare looks whether what somebody saw is what was sent.
func (c *checker) compare(e *Event, who string) {
	s := c.sends[e.CID]
	switch {
	case s == nil:
		c.breach(Phantom, "%s has %s as seq %d of room %d, which nobody sent", who, e.CID, e.Seq, e.Room)
	case s.Room != e.Room:
		c.breach(Leak, "%s has %s as seq %d of room %d, sent to room %d", who, e.CID, e.Seq, e.Room, s.Room)
	case s.refused:
		c.breach(Phantom, "%s has %s as seq %d of room %d, which was refused", who, e.CID, e.Seq, e.Room)
	case s.Sum != e.Sum:
		c.breach(Mutated, "%s has %s as seq %d of room %d with another text or author", who, e.CID, e.Seq, e.Room)
	}
}

// agree compares what somebody believes a seq to be with the final read.
func (c *checker) agree(e *Event, who string) {
	switch stored, ok := c.room(e.Room).at[e.Seq]; {
	case ok && stored != e.CID:
		c.breach(Inconsistent, "seq %d of room %d is %s to %s, and %s in the store", e.Seq, e.Room, e.CID, who, stored)
	case !ok && e.Kind != Acked: // an ack without its message is a loss
		c.breach(Phantom, "%s has %s as seq %d of room %d, which is not stored", who, e.CID, e.Seq, e.Room)
	}
}

func (c *checker) hearer(e *Event) *heard {
	key := hearer{e.Client, e.Room}
	h := c.hearers[key]
	if h == nil {
		h = &heard{}
		c.hearers[key] = h
	}
	return h
}

// follow goes through the events as they happened.
func (c *checker) follow(e *Event) {
	switch e.Kind {
	case Joined:
		c.hearer(e).present = true
	case Left:
		c.hearer(e).present = false
	case Revoked:
		c.sessions[e.Client] = e.At + e.After
	case Acked:
		c.acked(e)
	case Got:
		c.got(e)
	case Reset:
		c.Resets++
		h := c.hearer(e)
		h.excused = append(h.excused, [2]int64{e.Rev, e.Seq})
		delete(c.lines, line{e.Session, e.Room})
	case Settled:
		c.hearer(e).settled = max(e.Seq, 1)
	default: // was collected, or is judged apart
	}
}

func (c *checker) acked(e *Event) {
	who := fmt.Sprintf("client %d", e.Client)
	s := c.sends[e.CID]
	if s == nil {
		c.breach(Phantom, "%s got an ack of %s, which nobody sent", who, e.CID)
		return
	}
	if s.acked { // a late answer to an earlier try
		if s.seq != e.Seq {
			c.breach(Inconsistent, "%s is acknowledged as seq %d and %d of room %d", e.CID, s.seq, e.Seq, e.Room)
		}
		return
	}
	c.Acked++
	s.acked, s.seq, s.ackedAt = true, e.Seq, e.At
	c.agree(e, who)
	key := hearer{e.Client, e.Room}
	if e.Seq <= c.senders[key] {
		c.breach(Reorder, "%s sent %s after what is seq %d of room %d, and it is seq %d", who, e.CID, c.senders[key], e.Room, e.Seq)
	}
	c.senders[key] = max(c.senders[key], e.Seq)
}

func (c *checker) got(e *Event) {
	c.Got++
	h := c.hearer(e)
	who := fmt.Sprintf("client %d (session %d)", e.Client, e.Session)
	if !h.present {
		c.breach(Leak, "%s got seq %d of room %d, in which it is not", who, e.Seq, e.Room)
	}
	if end, ok := c.sessions[e.Client]; ok && e.At > end {
		c.breach(LateRevoked, "%s got seq %d of room %d %s too late", who, e.Seq, e.Room, (e.At - end).Round(time.Millisecond))
	}
	if key := (line{e.Session, e.Room}); !e.Asked {
		switch last := c.lines[key]; {
		case e.Seq == last:
			c.breach(Duplicate, "%s got seq %d of room %d twice", who, e.Seq, e.Room)
		case e.Seq < last:
			c.breach(Reorder, "%s got seq %d of room %d after %d", who, e.Seq, e.Room, last)
		}
		c.lines[key] = max(c.lines[key], e.Seq)
	}
	c.compare(e, who)
	c.agree(e, who)
	h.seqs = append(h.seqs, e.Seq)
}

// judgeSends looks for what was acknowledged, and prepares what reads are compared with.
func (c *checker) judgeSends() {
	for _, s := range c.sends {
		if !s.acked {
			continue
		}
		if !s.stored {
			c.breach(Lost, "%s of client %d, acknowledged as seq %d of room %d at %s", s.CID, s.Client, s.seq, s.Room, s.ackedAt.Round(time.Millisecond))
		}
		r := c.room(s.Room)
		r.acks = append(r.acks, s)
	}
	for _, r := range c.rooms {
		slices.SortFunc(r.acks, func(a, b *sending) int { return cmp.Compare(a.seq, b.seq) })
		r.earliest = make([]time.Duration, len(r.acks))
		for i, s := range slices.Backward(r.acks) {
			r.earliest[i] = s.ackedAt
			if i+1 < len(r.acks) {
				r.earliest[i] = min(s.ackedAt, r.earliest[i+1])
			}
		}
	}
}

// judgeRead looks whether the newest page shows everything that had been acknowledged from its first
// seq on.
func (c *checker) judgeRead(e *Event) {
	r := c.room(e.Room)
	shown := make(map[int64]bool, len(e.Page))
	last := e.Seq - 1
	for _, entry := range e.Page {
		shown[entry.Seq] = true
		last = max(last, entry.Seq)
		seen := &Event{Kind: Read, Room: e.Room, Seq: entry.Seq, CID: entry.CID, Sum: entry.Sum}
		c.compare(seen, "a page")
		c.agree(seen, "a page")
	}
	i, _ := slices.BinarySearchFunc(r.acks, e.Seq, func(s *sending, seq int64) int { return cmp.Compare(s.seq, seq) })
	for ; i < len(r.acks) && r.acks[i].seq <= last; i++ {
		if s := r.acks[i]; s.ackedAt < e.At && !shown[s.seq] {
			c.breach(Stale, "seq %d of room %d, acknowledged at %s, is missing from a page asked for at %s", s.seq, e.Room, s.ackedAt, e.At)
		}
	}
	if i < len(r.acks) && r.earliest[i] < e.At {
		c.breach(Stale, "a page of room %d asked for at %s ends with seq %d, and later ones had been acknowledged at %s", e.Room, e.At, last, r.earliest[i])
	}
}

// judgeHearers looks for holes in what each device knows of a room.
func (c *checker) judgeHearers() {
	keys := slices.SortedFunc(maps.Keys(c.hearers), func(a, b hearer) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.room, b.room))
	})
	for _, key := range keys {
		h, r := c.hearers[key], c.room(key.room)
		upTo := h.settled
		if upTo != 0 && upTo < r.head {
			c.breach(Skip, "client %d knows room %d up to seq %d of %d in the end", key.client, key.room, upTo, r.head)
		}
		slices.Sort(h.seqs)
		known := slices.Compact(h.seqs)
		if n := len(known); n > 0 {
			upTo = max(upTo, known[n-1])
		}
		for _, e := range r.stored {
			if e.Seq > upTo {
				break
			}
			if _, ok := slices.BinarySearch(known, e.Seq); !ok && !h.isExcused(e.Seq) {
				c.breach(Skip, "client %d never got seq %d of room %d", key.client, e.Seq, key.room)
			}
		}
	}
}

func (h *heard) isExcused(seq int64) bool {
	return slices.ContainsFunc(h.excused, func(r [2]int64) bool { return seq > r[0] && seq <= r[1] })
}
