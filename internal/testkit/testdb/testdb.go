// Package testdb gives every test a database of its own, so that tests run in parallel and leave nothing behind.
package testdb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const dropTimeout = 30 * time.Second

// SQLite returns the path of a database file that does not exist yet; its folder goes away with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "maska.db")
}

// Postgres returns the URL of a new, empty database on the server of TEST_POSTGRES_URL.
// It is dropped when the test ends, whoever is still connected. Without a server the test fails.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template0")
}

// PostgresTemplate returns the URL of a new database that migrate has prepared, dropped when the test ends.
//
// migrate runs once per key and server, in whichever test process comes first; all others get a copy, which
// takes about 30 ms. The key must therefore change with the schema: a hash of the migrations does. migrate
// must have closed its connections when it returns.
func PostgresTemplate(t testing.TB, key string, migrate func(url string) error) string {
	t.Helper()
	sum := sha256.Sum256([]byte(key))
	template := "maska_template_" + hex.EncodeToString(sum[:8])
	ctx := t.Context()
	conn := connect(ctx, t)
	defer disconnect(ctx, t, conn)

	if !isTemplate(ctx, t, conn, template) {
		// The lock belongs to the connection, so a test process that dies here does not keep it.
		exec(ctx, t, conn, "SELECT pg_advisory_lock(hashtextextended($1, 0))", template)
		if !isTemplate(ctx, t, conn, template) {
			// A leftover without the template mark is one whose migration failed.
			exec(ctx, t, conn, "DROP DATABASE IF EXISTS "+template+" WITH (FORCE)")
			exec(ctx, t, conn, "CREATE DATABASE "+template+" TEMPLATE template0")
			if err := migrate(databaseURL(t, template)); err != nil {
				t.Fatalf("migrate template %s: %v", template, err)
			}
			// Copying fails while anybody is connected to the source, so from now on nobody may.
			exec(ctx, t, conn, "ALTER DATABASE "+template+" IS_TEMPLATE true ALLOW_CONNECTIONS false")
		}
		exec(ctx, t, conn, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", template)
	}
	return newDatabase(t, template)
}

func newDatabase(t testing.TB, template string) string {
	t.Helper()
	name := "maska_test_" + strings.ToLower(rand.Text())
	ctx := t.Context()
	conn := connect(ctx, t)
	defer disconnect(ctx, t, conn)
	exec(ctx, t, conn, "CREATE DATABASE "+name+" TEMPLATE "+template)
	t.Cleanup(func() { dropDatabase(t, name) })
	return databaseURL(t, name)
}

func dropDatabase(t testing.TB, name string) {
	// The context of a test is already cancelled while its clean-up runs.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), dropTimeout)
	defer cancel()
	conn := connect(ctx, t)
	defer disconnect(ctx, t, conn)
	exec(ctx, t, conn, "DROP DATABASE "+name+" WITH (FORCE)")
}

func isTemplate(ctx context.Context, t testing.TB, conn *pgx.Conn, name string) bool {
	t.Helper()
	var is bool
	query := "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)"
	if err := conn.QueryRow(ctx, query, name).Scan(&is); err != nil {
		t.Fatalf("look for template %s: %v", name, err)
	}
	return is
}

func serverURL(t testing.TB) *url.URL {
	t.Helper()
	text := os.Getenv("TEST_POSTGRES_URL")
	if text == "" {
		t.Fatal("TEST_POSTGRES_URL is not set; run the tests with: go run ./internal/tools/withservices go test ./...")
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatalf("TEST_POSTGRES_URL: %v", err)
	}
	return u
}

func databaseURL(t testing.TB, name string) string {
	t.Helper()
	u := serverURL(t)
	u.Path = "/" + name
	return u.String()
}

func connect(ctx context.Context, t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, serverURL(t).String())
	if err != nil {
		t.Fatalf("connect to TEST_POSTGRES_URL: %v", err)
	}
	return conn
}

func disconnect(ctx context.Context, t testing.TB, conn *pgx.Conn) {
	t.Helper()
	if err := conn.Close(ctx); err != nil {
		t.Errorf("disconnect from TEST_POSTGRES_URL: %v", err)
	}
}

func exec(ctx context.Context, t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", sql, err))
	}
}
