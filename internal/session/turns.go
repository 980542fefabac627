package session

import (
	"context"
	"sync"

	"maska/internal/errs"
)

// turns lets a bounded number of callers at once do something under one key; the others wait. It knows
// of this process only, so with several nodes there are as many times more.
type turns struct {
	width int
	mu    sync.Mutex
	known map[string]*turn
}

type turn struct {
	slots chan struct{}
	users int // under way or waiting; nobody's turn is forgotten
}

func newTurns(width int) *turns { return &turns{width: width, known: map[string]*turn{}} }

// take waits for a turn, and returns what ends it. It answers unavailable when the context ends first.
func (t *turns) take(ctx context.Context, key string) (end func(), err error) {
	t.mu.Lock()
	mine := t.known[key]
	if mine == nil {
		mine = &turn{slots: make(chan struct{}, t.width)}
		t.known[key] = mine
	}
	mine.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.known, key)
		}
	}
	select {
	case mine.slots <- struct{}{}:
		return func() { <-mine.slots; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, errs.Wrap(errs.Unavailable, ctx.Err())
	}
}
