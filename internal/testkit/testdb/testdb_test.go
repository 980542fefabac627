package testdb_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"maska/internal/testkit/testdb"
)

func TestEachTestHasItsOwnPostgresDatabase(t *testing.T) {
	first, second := open(t, testdb.Postgres(t)), open(t, testdb.Postgres(t))
	exec(t, first, "CREATE TABLE notes (body text)")

	var tables int
	row := second.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE tablename = 'notes'")
	if err := row.Scan(&tables); err != nil || tables != 0 {
		t.Fatalf("the second database shows %d tables of the first (%v)", tables, err)
	}
}

func TestDatabaseIsGoneAfterTheTestEvenWithSomebodyConnected(t *testing.T) {
	var url string
	t.Run("user", func(t *testing.T) {
		url = testdb.Postgres(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, conn, "SELECT 1")
	})
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		t.Fatal("the database is still there", conn.Close(t.Context()))
	}
}

func TestTemplateIsMigratedOnceAndCopiedForEachTest(t *testing.T) {
	key := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	var migrations atomic.Int32
	migrate := func(url string) error {
		migrations.Add(1)
		return run(t.Context(), url, "CREATE TABLE notes (body text); INSERT INTO notes VALUES ('from the template')")
	}
	t.Run("copies", func(t *testing.T) {
		for i := range 8 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				conn := open(t, testdb.PostgresTemplate(t, key, migrate))
				exec(t, conn, "INSERT INTO notes VALUES ('own')")
				var rows int
				err := conn.QueryRow(t.Context(), "SELECT count(*) FROM notes").Scan(&rows)
				if err != nil || rows != 2 {
					t.Fatalf("%d rows in a fresh copy (%v)", rows, err)
				}
			})
		}
	})
	if n := migrations.Load(); n != 1 {
		t.Fatalf("migrated %d times", n)
	}
}

func TestFailedMigrationIsNotTakenForATemplate(t *testing.T) {
	key := t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36)
	broken := &recorder{TB: t}
	broken.run(func() {
		testdb.PostgresTemplate(broken, key, func(string) error { return errors.New("no such column") })
	})
	if !broken.failed {
		t.Fatal("a failed migration passed")
	}
	url := testdb.PostgresTemplate(t, key, func(url string) error {
		return run(t.Context(), url, "CREATE TABLE notes (body text)")
	})
	exec(t, open(t, url), "SELECT body FROM notes")
}

func TestWithoutAServerTheTestFails(t *testing.T) {
	t.Setenv("TEST_POSTGRES_URL", "")
	without := &recorder{TB: t}
	without.run(func() { testdb.Postgres(without) })
	if !without.failed {
		t.Fatal("a test without its server passed")
	}
}

func TestSQLitePathIsFresh(t *testing.T) {
	first, second := testdb.SQLite(t), testdb.SQLite(t)
	if first == second {
		t.Fatal("two databases share one file")
	}
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the file exists already: %v", err)
	}
}

// recorder lets a helper fail without failing the test that watches it.
type recorder struct {
	testing.TB
	failed bool
}

type stopped struct{}

func (r *recorder) Fatal(...any)          { r.failed = true; panic(stopped{}) }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic(stopped{}) }

func (r *recorder) run(f func()) {
	defer func() {
		if p := recover(); p != nil && p != any(stopped{}) {
			panic(p)
		}
	}()
	f()
}

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func run(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}
