package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"maska/internal/store"
	"maska/internal/testkit"
	"maska/internal/testkit/testdb"
)

func TestBothFoldersOfMigrationsMakeTheSameTables(t *testing.T) {
	t.Parallel()
	names := func(dialect string) []string {
		files, err := filepath.Glob("migrations/" + dialect + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(dialect, err)
		}
		for i, file := range files {
			files[i] = filepath.Base(file)
		}
		return files
	}
	if lite, pg := names("sqlite"), names("postgres"); !slices.Equal(lite, pg) {
		t.Errorf("sqlite has %v, postgres has %v", lite, pg)
	}
	lite := testkit.SQLite(t).Strings(t, `
		SELECT m.name || '.' || c.name || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`)
	pg := testkit.Postgres(t).Strings(t, `
		SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'`)
	slices.Sort(lite)
	slices.Sort(pg)
	if !slices.Equal(lite, pg) {
		t.Errorf("sqlite:\n%s\npostgres:\n%s", strings.Join(lite, "\n"), strings.Join(pg, "\n"))
	}
}

// Some SQLite drivers number $N by first appearance; texts that keep that order mean the same everywhere.
func TestParametersAreNumberedInOrderOfFirstAppearance(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`\$([0-9]+)`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING || !strings.Contains(literal.Value, "$1") {
				return true
			}
			seen++
			last := 0
			for _, found := range number.FindAllStringSubmatch(literal.Value, -1) {
				n, err := strconv.Atoi(found[1])
				if err != nil || n > last+1 {
					t.Errorf("%s: $%s before $%d in %s", file, found[1], last+1, literal.Value)
				}
				last = max(last, n)
			}
			return true
		})
	}
	if seen < 10 {
		t.Errorf("only %d statements were looked at", seen)
	}
}

func TestMigratingTwiceAndAtOnceIsHarmless(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	const nodes = 3
	ended := make(chan error, nodes)
	for range nodes {
		go func() {
			s, err := store.OpenPostgres(t.Context(), url)
			if err == nil {
				err = s.Migrate(t.Context())
			}
			if err == nil {
				err = s.Migrate(t.Context())
			}
			if err == nil {
				err = s.Close()
			}
			ended <- err
		}()
	}
	for range nodes {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestAnUnreachablePostgresIsRefusedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:hunter2@127.0.0.1:1/db", "postgres://u:hunter2@127.0.0.1:port/db"} {
		_, err := store.OpenPostgres(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestOldMessagesAreDroppedInChunksFromTheOldestOn(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		db.Exec(t, `INSERT INTO rooms (id, head, rev, first_seq, epoch, kind, title, visibility, capacity, created_at) VALUES (7, 5, 0, 1, 'e', 'group', '', 'public', 0, 0)`)
		for seq := 1; seq <= 5; seq++ {
			db.Exec(t, `INSERT INTO messages (room_id, seq, rev, profile_id, cid, draft_hash, content, created_at) VALUES (7, $1, $1, 1, $2, $3, 'x', $4)`,
				seq, "00000000-0000-4000-8000-00000000000"+strconv.Itoa(seq), []byte{1}, start.Add(time.Duration(seq)*24*time.Hour).UnixMilli())
		}
		cut := start.Add(3*24*time.Hour + time.Hour)
		for _, want := range []int64{2, 1, 0} {
			if n, err := db.DropMessages(t.Context(), true, cut, 2); n != want || err != nil {
				t.Fatalf("dropped %d, %v; want %d", n, err, want)
			}
		}
		if first := db.Count(t, `SELECT first_seq FROM rooms WHERE id = 7`); first != 4 {
			t.Errorf("the oldest kept seq is %d, want 4", first)
		}
		if n, err := db.DropMessages(t.Context(), true, start.Add(99*24*time.Hour), 10); n != 2 || err != nil {
			t.Errorf("dropped %d, %v", n, err)
		}
		if first := db.Count(t, `SELECT first_seq FROM rooms WHERE id = 7`); first != 6 {
			t.Errorf("the oldest kept seq of an empty room is %d, want head + 1", first)
		}
	})
}

func TestOneNodeTidiesAtATime(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		inner := true
		outer, err := db.Alone(t.Context(), func() {
			var err error
			if inner, err = db.Alone(t.Context(), func() {}); err != nil {
				t.Error(err)
			}
		})
		if err != nil || !outer {
			t.Fatal(outer, err)
		}
		if postgres := db.Name() == "PostgreSQL"; inner == postgres {
			t.Errorf("while one ran, another one ran: %v", inner)
		}
		if again, err := db.Alone(t.Context(), func() {}); !again || err != nil {
			t.Error("the lock was kept", err)
		}
	})
}

func TestAccountsLieInTheOrderOfTheirIDs(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		for _, id := range []int{5, 3, 9, 1, 7} {
			db.Exec(t, `INSERT INTO accounts (id, short_id, email_verified, language, roles, active, token_epoch, generation, created_at)
				VALUES ($1, $2, false, 'en', 'user', true, 1, 1, 0)`, id, strconv.Itoa(id))
		}
		if err := db.LayInKeyOrder(t.Context()); err != nil {
			t.Fatal(err)
		}
		if order := strings.Join(db.Strings(t, `SELECT short_id FROM accounts`), ""); order != "13579" {
			t.Errorf("rows lie as %s", order)
		}
	})
}
