package app_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"maska/internal/app"
	"maska/internal/config"
	"maska/internal/testkit"
)

// open makes an app that is not served yet.
func open(t *testing.T, environ ...string) (*app.App, error) {
	t.Helper()
	cfg, err := config.Load(append([]string{"PORT=0"}, environ...), filepath.Join(t.TempDir(), ".env"))
	if err != nil {
		t.Fatal(err)
	}
	return app.New(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
}

// refused wants a start to fail with one sentence that says a thing.
func refused(t *testing.T, saying string, environ ...string) {
	t.Helper()
	a, err := open(t, environ...)
	if err == nil {
		_ = a.Close()
		t.Fatalf("the start was not refused, want %q", saying)
	}
	if !strings.Contains(err.Error(), saying) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v, want %q", err, saying)
	}
}

// started makes an app and closes it.
func started(t *testing.T, environ ...string) (greeting string) {
	t.Helper()
	a, err := open(t, environ...)
	if err != nil {
		t.Fatal(err)
	}
	greeting = a.Greeting()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	return greeting
}

func TestTheFirstStartNeedsNothingAndTellsWhatItMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first := started(t, "DATA_DIR="+dir)
	for _, part := range []string{"SQLite in " + dir, "root.key", "/dev", "developer mode"} {
		if !strings.Contains(first, part) {
			t.Errorf("the greeting lacks %q:\n%s", part, first)
		}
	}
	second := started(t, "DATA_DIR="+dir)
	if strings.Contains(second, "root.key") {
		t.Error("the second start made a key")
	}
	for _, greeting := range []string{first, second} {
		if !strings.Contains(greeting, "becomes one, once: ") || !strings.Contains(greeting, "maska admin grant tg:<your Telegram id> admin") {
			t.Errorf("nobody is told how to become an admin:\n%s", greeting)
		}
	}
	for _, name := range []string{"root.key", "maska.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

func TestAnotherRootKeyOrNoneRefusesTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	started(t, "DATA_DIR="+dir)
	refused(t, "another root key", "DATA_DIR="+dir, "ROOT_KEY="+strings.Repeat("5a", 32))
	refused(t, "ROOT_KEY", "DATA_DIR="+dir, "ROOT_KEY=short")
	if err := os.Remove(filepath.Join(dir, "root.key")); err != nil {
		t.Fatal(err)
	}
	refused(t, "restore the key", "DATA_DIR="+dir)
	if _, err := os.Stat(filepath.Join(dir, "root.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a refused start made a key")
	}
}

func TestASecondProcessOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := open(t, "DATA_DIR="+dir)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "another maska runs", "DATA_DIR="+dir)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	started(t, "DATA_DIR="+dir)
}

func TestATakenPortIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	refused(t, "choose another PORT", "PORT="+port, "DATA_DIR="+t.TempDir())
}

func TestAServerStandsOnPostgreSQLAlone(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	dir := t.TempDir()
	s := testkit.Start(t, "DATABASE_URL="+url, "DATA_DIR="+dir)
	s.Enter(1)
	if answer := s.Do(http.MethodGet, "/readyz", ""); answer.Status != 200 || !strings.Contains(string(answer.Body), `"database":"ok"`) {
		t.Errorf("readyz: %d %s", answer.Status, answer.Body)
	}
	if _, err := os.Stat(filepath.Join(dir, "maska.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a SQLite file was made as well")
	}
}

func TestMigrateLeavesADatabaseThatServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg, err := config.Load([]string{"DATA_DIR=" + dir}, filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	if name, err := app.Migrate(t.Context(), cfg); name != "SQLite" || err != nil {
		t.Fatal(name, err)
	}
	started(t, "DATA_DIR="+dir)
}

func TestPeopleAndMasksOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := testkit.Start(t, "DATA_DIR="+dir)
	person := first.Enter(1)
	mask, access := person.Mask, person.Bearer()
	first.Stop()
	second := testkit.Start(t, "DATA_DIR="+dir)
	if answer := second.Do(http.MethodGet, "/api/me", "", access); answer.Status != 200 || !strings.Contains(string(answer.Body), strconv.FormatInt(mask, 10)) {
		t.Errorf("the token of before: %d %s", answer.Status, answer.Body)
	}
	if second.SignIn(person); person.Mask != mask {
		t.Error("the mask changed with the restart")
	}
}

func TestTidyPutsDownUnusedMasks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testkit.Start(t, "DATA_DIR="+dir)
	person := s.Enter(1)
	s.Stop()
	path := filepath.Join(dir, "maska.db")
	testkit.ExecSQLite(t, path, `UPDATE profiles SET used_day = used_day - 31`)
	a, err := open(t, "DATA_DIR="+dir, "TELEGRAM_BOT_TOKEN="+testkit.BotToken, "HOST=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	a.Tidy(context.WithoutCancel(t.Context()))
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again := testkit.Start(t, "DATA_DIR="+dir)
	old := person.Mask
	if again.SignIn(person); person.Mask == old {
		t.Error("the mask is still worn after 31 days without use")
	}
}
