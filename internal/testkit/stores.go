// Package testkit is what tests start from: real stores, a running app in one line, people who can
// sign in, and sockets.
package testkit

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver of database/sql

	"maska/internal/store"
	"maska/internal/testkit/testdb"
)

// Database is an empty, migrated store, and a way around it to see what a thief would see.
type Database struct {
	*store.Store
	raw *sql.DB
}

// EachStore runs a test on a SQLite file and on a PostgreSQL database, both its own.
func EachStore(t *testing.T, test func(t *testing.T, db *Database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

// SQLite opens a store on a file of its own.
func SQLite(t testing.TB) *Database {
	t.Helper()
	path := testdb.SQLite(t)
	s, err := store.OpenSQLite(t.Context(), path)
	return ready(t, s, err, "sqlite", path)
}

// Postgres opens a store on a database of its own.
func Postgres(t testing.TB) *Database {
	t.Helper()
	url := PostgresURL(t)
	s, err := store.OpenPostgres(t.Context(), url)
	return ready(t, s, err, "pgx", url)
}

// PostgresURL makes a migrated database and names it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	schema, err := store.SchemaKey()
	if err != nil {
		t.Fatal(err)
	}
	return testdb.PostgresTemplate(t, schema, func(url string) error {
		ctx := context.Background() //nolint:usetesting // the template outlives the test that makes it
		s, err := store.OpenPostgres(ctx, url)
		if err != nil {
			return err
		}
		if err := s.Migrate(ctx); err != nil {
			_ = s.Close()
			return err
		}
		return s.Close()
	})
}

func ready(t testing.TB, s *store.Store, err error, driver, address string) *Database {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &Database{Store: s, raw: raw}
}

// Count answers a query that counts.
func (db *Database) Count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.raw.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Dump prints every row of every table, as whoever stole the database would read it.
func (db *Database) Dump(t testing.TB) []byte {
	t.Helper()
	return Dump(t, db.raw)
}

// Dump prints every row of every table of a database.
func Dump(t testing.TB, raw *sql.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, table := range []string{"meta", "accounts", "sessions", "audit", "factors", "recovery_codes", "challenges", "devices", "mail_tokens", "lockouts", "disabled_tags", "external_identities", "announcements", "profiles", "resting_names", "rooms", "members", "invites", "messages"} {
		dumpTable(t, raw, table, &out)
	}
	return out.Bytes()
}

func dumpTable(t testing.TB, raw *sql.DB, table string, out *bytes.Buffer) {
	t.Helper()
	rows, err := raw.QueryContext(t.Context(), "SELECT * FROM "+table) //nolint:gosec // a name of the list above
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(out, table)
		for i, value := range values {
			if text, ok := value.([]byte); ok {
				value = string(text)
			}
			fmt.Fprintf(out, " %s=%v", columns[i], value)
		}
		out.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// Strings answers a query that returns one text a row.
func (db *Database) Strings(t testing.TB, query string) (all []string) {
	t.Helper()
	rows, err := db.raw.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Exec changes rows behind the store's back.
func (db *Database) Exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := db.raw.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// ExecSQLite changes rows of a database file that no server has open.
func ExecSQLite(t testing.TB, path, statement string) {
	t.Helper()
	raw, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = raw.ExecContext(t.Context(), statement)
	}
	if err == nil {
		err = raw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
