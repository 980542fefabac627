package message

import (
	"context"

	"maska/internal/errs"
	"maska/internal/room"
)

// Limits of reading (decision 17; chat contract, section 2).
const (
	MaxPage      = 200
	DefaultPage  = 50
	MaxCatchUp   = 200  // changes in one answer
	MaxBehind    = 1000 // changes; who is further behind starts anew
	ResetPage    = 50
	catchUpBytes = 128 << 10 // of content in one answer, so that it fits a slow reader's queue
)

// Head tells how far a room has come.
type Head struct {
	Seq   int64
	Epoch string
}

// Reader reads messages from the store, each with its author as he is now.
type Reader interface {
	// Room returns a room without its people, or not_found.
	Room(ctx context.Context, id room.ID) (room.Room, error)
	// State returns a room with its people as they were at one moment, or not_found.
	State(ctx context.Context, id room.ID) (room.State, error)
	// Before returns the newest messages with seq < before, at most limit, in order of seq.
	Before(ctx context.Context, id room.ID, before int64, limit int) ([]Message, error)
	// Changed returns the messages with after < rev ≤ upTo in order of rev, at most limit.
	Changed(ctx context.Context, id room.ID, after, upTo int64, limit int) ([]Message, error)
	// Heads returns the heads of those of the rooms that exist.
	Heads(ctx context.Context, ids []room.ID) (map[room.ID]Head, error)
}

// History reads what was said. Whether the reader may is for the caller to check.
type History struct{ store Reader }

// NewHistory returns the history kept in a store.
func NewHistory(store Reader) *History { return &History{store: store} }

// Page is a part of a room's history. Head was read before Items, so every change after it is
// missing from Items or repeated later, never lost.
type Page struct {
	Items []Message
	Head  Head
	// More tells whether there is more in the direction that was asked for.
	More bool
}

// Before returns the page of messages before a seq, or the newest page for 0, in order of seq.
func (h *History) Before(ctx context.Context, id room.ID, before int64, limit int) (Page, error) {
	r, err := h.store.Room(ctx, id)
	if err != nil {
		return Page{}, err
	}
	if before == 0 || before > r.Head+1 {
		before = r.Head + 1
	}
	return h.before(ctx, r, before, limit)
}

func (h *History) before(ctx context.Context, r room.Room, before int64, limit int) (Page, error) {
	items, err := h.store.Before(ctx, r.ID, before, limit+1)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: items, Head: headOf(r), More: len(items) > limit}
	if page.More {
		page.Items = items[len(items)-limit:]
	}
	return page, nil
}

// After returns the messages changed after a seq, in order of rev.
func (h *History) After(ctx context.Context, id room.ID, after int64, limit int) (Page, error) {
	r, err := h.store.Room(ctx, id)
	if err != nil {
		return Page{}, err
	}
	items, err := h.store.Changed(ctx, id, after, r.Head, limit+1)
	if err != nil {
		return Page{}, err
	}
	return Page{Items: items[:min(limit, len(items))], Head: headOf(r), More: len(items) > limit}, nil
}

// Around returns the page of messages with seq in its middle, in order of seq; More tells whether
// there are older ones.
func (h *History) Around(ctx context.Context, id room.ID, seq int64, limit int) (Page, error) {
	r, err := h.store.Room(ctx, id)
	if err != nil {
		return Page{}, err
	}
	last := min(seq+int64(limit/2), r.Head)
	return h.before(ctx, r, last+1, limit)
}

// CatchUp is what a client gets that has seen everything up to some seq.
type CatchUp struct {
	After int64     // the seq behind which it begins; 0 if Reset
	Items []Message // in order of rev; in order of seq if Reset
	Head  Head
	// Room is set when the room or its members changed since, and with Reset: as it is at Head or later.
	Room *room.State
	// More tells that Items end before Head: the rest follows the last item's rev.
	More bool
	// Reset tells to forget everything and to start with Items, the newest page.
	Reset bool
}

// Since returns what changed in a room after a seq that was seen under an epoch; an empty epoch is
// taken to be the present one (decisions 16 to 18).
func (h *History) Since(ctx context.Context, id room.ID, after int64, epoch string) (CatchUp, error) {
	if after < 0 {
		return CatchUp{}, errs.Invalid("after", errs.OutOfRange)
	}
	state, err := h.store.State(ctx, id)
	if err != nil {
		return CatchUp{}, err
	}
	r := state.Room
	if mustReset(r, after, epoch) {
		page, err := h.before(ctx, r, r.Head+1, ResetPage)
		if err != nil {
			return CatchUp{}, err
		}
		return CatchUp{Items: page.Items, Head: page.Head, Room: &state, Reset: true}, nil
	}
	items, err := h.store.Changed(ctx, id, after, r.Head, MaxCatchUp+1)
	if err != nil {
		return CatchUp{}, err
	}
	n := fitting(items)
	c := CatchUp{After: after, Items: items[:n], Head: headOf(r), More: n < len(items)}
	if r.Rev > after {
		c.Room = &state
	}
	return c, nil
}

func mustReset(r room.Room, after int64, epoch string) bool {
	return epoch != "" && epoch != r.Epoch || after > r.Head || after < r.FirstSeq-1 || r.Head-after > MaxBehind
}

// fitting returns how many items fit into one answer, at least one if there is one.
func fitting(items []Message) int {
	bytes := 0
	for i := range items {
		bytes += len(items[i].Content)
		if i == MaxCatchUp || i > 0 && bytes > catchUpBytes {
			return i
		}
	}
	return len(items)
}

// Heads returns the heads of those of the rooms that exist.
func (h *History) Heads(ctx context.Context, ids []room.ID) (map[room.ID]Head, error) {
	return h.store.Heads(ctx, ids)
}

// State returns a room with its people as they are, or not_found.
func (h *History) State(ctx context.Context, id room.ID) (room.State, error) {
	return h.store.State(ctx, id)
}

func headOf(r room.Room) Head { return Head{Seq: r.Head, Epoch: r.Epoch} }
