package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"maska/internal/errs"
	"maska/internal/room"
	"maska/internal/store"
	"maska/internal/testkit/services"
)

// Whoever waits for a database that is killed must not take its silence for a verdict: the same may be
// tried again.
func TestADatabaseThatDiesInTheMiddleOfAnAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	dir, err := services.NewDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Remove(); err != nil {
			t.Error(err)
		}
	})
	server, err := services.StartPostgres(t.Context(), dir.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
	db, err := store.OpenPostgres(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	holder, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(t.Context(), "BEGIN; LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	answers := make(chan error, 1)
	go func() {
		_, err := db.Heads(t.Context(), []room.ID{room.Global})
		answers <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for waiting := 0; waiting == 0; <-tick.C { // until it waits for the lock
		if err := holder.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-answers; errs.CodeOf(err) != errs.Unavailable {
		t.Errorf("%v, want unavailable", err)
	}
}
