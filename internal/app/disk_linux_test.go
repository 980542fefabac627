package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"maska/internal/testkit"
	"maska/internal/testkit/services"
)

// smallDisk mounts a file system of so many MiB, if this user may. The store's own test fills a database
// without one.
func smallDisk(t *testing.T, path string, mebibytes int) bool {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("maska-test", path, "tmpfs", 0, fmt.Sprintf("size=%dm", mebibytes))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("this user may not mount a small disk")
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return true
}

// fill takes all room that is left, until free.
func fill(t *testing.T, path string) (free func()) {
	t.Helper()
	name := filepath.Join(path, "filler")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err = file.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk, err = chunk[:len(chunk)/2], nil
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskRefusesWritesServesReadsAndIsForgotten(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		disk := filepath.Join(t.TempDir(), "disk")
		if !smallDisk(t, disk, 8) {
			return
		}
		s := testkit.Start(t, "DATA_DIR="+disk, "RATE_LIMITS=off")
		fillUp(t, s, disk)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
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
		disk := filepath.Join(dir.Path(), "disk")
		if !smallDisk(t, disk, 24) {
			return
		}
		db, err := services.StartPostgres(t.Context(), dir.Path())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Kill(); err != nil {
				t.Error(err)
			}
		})
		s := testkit.Start(t, "DATABASE_URL="+databaseOn(t, db, disk), "RATE_LIMITS=off")
		fillUp(t, s, disk)
	})
}

// databaseOn makes a database whose tables lie in a folder.
func databaseOn(t *testing.T, db *services.Server, folder string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.URL())
	if err != nil {
		t.Fatal(err)
	}
	var data string
	if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&data); err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(data) {
		data = filepath.Join(filepath.Dir(folder), "postgres")
	}
	var stat syscall.Stat_t
	if err := errors.Join(syscall.Stat(data, &stat), os.Chown(folder, int(stat.Uid), int(stat.Gid))); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLESPACE small LOCATION '" + folder + "'", "CREATE DATABASE small TABLESPACE small"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	return strings.Replace(db.URL(), "/postgres?", "/small?", 1)
}

// fillUp fills the disk under a talking person, and empties it again.
func fillUp(t *testing.T, s *testkit.Server, disk string) {
	t.Helper()
	person := s.Enter(1)
	ws := dial(t, s, person.Access)
	sends, said, acked := 0, 0, map[string]bool{}
	pending, cid := "", ""
	// A refused message goes again under its cid, as a client sends it: it may have been stored all the same.
	send := func() (answer string) {
		if pending == "" {
			said++
			pending, cid = fmt.Sprintf("%d %s", said, strings.Repeat("x", 3000)), uuid.NewString()
		}
		sends++
		answer, took := answerTo(t, ws, sends, "message", fmt.Sprintf(`{"content":%q,"cid":%q}`, pending, cid))
		if strings.Contains(answer, `"seq":`) {
			acked[pending] = true
			pending = ""
		}
		if took > refusalLimit+slowMachine {
			t.Errorf("answered after %v", took)
		}
		return answer
	}
	for range 5 {
		send()
	}
	free := fill(t, disk)
	refusal := send()
	for n := 0; strings.Contains(refusal, `"seq":`); n++ { // files have some room inside
		if n == 1000 {
			t.Fatal("a full disk takes a thousand messages")
		}
		refusal = send()
	}
	if !strings.Contains(refusal, `"code":"unavailable"`) || !strings.Contains(refusal, `"retryAfter":`) {
		t.Error(refusal)
	}
	within(t, unreadyLimit, "not ready", func() bool { return s.Do(http.MethodGet, "/readyz", "").Status == http.StatusServiceUnavailable })
	byREST := strings.Repeat("y", 3000)
	if answer := s.Do(http.MethodPost, "/api/rooms/1/messages", fmt.Sprintf(`{"content":%q}`, byREST), person.Bearer()); answer.Code() != "unavailable" {
		t.Errorf("by REST: %d %s", answer.Status, answer.Body)
	}
	read(t, s, person, acked, pending, byREST) // reading goes on
	listener := dial(t, s, person.Access)
	if err := listener.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	free()
	within(t, recoveryLimit, "acknowledged again", func() bool { return strings.Contains(send(), `"seq":`) })
	within(t, unreadyLimit, "ready", func() bool { return s.Do(http.MethodGet, "/readyz", "").Status == http.StatusOK })
	read(t, s, person, acked, byREST)
}
