package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/session"
	"maska/internal/store"
)

func probeOf(t *testing.T, s *store.Store) *store.Probe {
	t.Helper()
	p, err := s.NewProbe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestAProbeDoesNotWaitBehindACrowdedPool(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db database) {
		probe := probeOf(t, db.Store)
		crowd, gone := sync.WaitGroup{}, make(chan struct{})
		inside := make(chan struct{})
		for range db.Busy() {
			crowd.Go(func() {
				err := db.Transaction(t.Context(), func(session.Tx) error {
					inside <- struct{}{}
					<-gone
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			<-inside
		}
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := db.Transaction(short, func(session.Tx) error { return nil }); errs.CodeOf(err) != errs.Unavailable {
			t.Errorf("there was room in the pool: %v", err)
		}
		if err := probe.Ask(t.Context()); err != nil {
			t.Error(err)
		}
		close(gone)
		crowd.Wait()
	})
}

// The disk itself is filled in the tests of app, by those who may mount one.
func TestAFullDatabaseTakesNothingUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	db := sqliteDatabase(t)
	db.room(t, 5)
	who, probe := db.mask(t), probeOf(t, db.Store)
	pages, err := store.Pages(t.Context(), db.Store)
	if err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		if err := store.LimitPages(t.Context(), db.Store, probe, pages); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 4)
	if err := probe.Ask(t.Context()); err != nil {
		t.Errorf("nothing was refused yet: %v", err)
	}
	stored, refusal := 0, error(nil)
	for refusal == nil {
		if _, refusal = db.Append(t.Context(), start, []message.Pending{pending(5, who, fmt.Sprint(stored, strings.Repeat("x", 3000)))}); refusal == nil {
			stored++
		}
	}
	if errs.CodeOf(refusal) != errs.Unavailable {
		t.Errorf("refused with %v", refusal)
	}
	if err := probe.Ask(t.Context()); errs.CodeOf(err) != errs.Unavailable {
		t.Errorf("the probe finds %v", err)
	}
	if r, err := db.Room(t.Context(), 5); err != nil || r.Head != int64(stored) {
		t.Errorf("read: head %d after %d messages, %v", r.Head, stored, err)
	}
	limit(pages + 1000)
	if err := probe.Ask(t.Context()); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	db.append(t, pending(5, who, "after"))
	if err := probe.Ask(t.Context()); err != nil {
		t.Error(err)
	}
}
