package services_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"maska/internal/testkit/services"
)

func TestWhatIsCommittedIsThereAfterAKillOfPostgresAndAllItsChildren(t *testing.T) {
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
	server, err := services.StartPostgres(t.Context(), dir.Path(), "wal_writer_delay=10s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := server.URL()
	execute(t, url, "CREATE TABLE said (n int)")
	for range 3 {
		execute(t, url, "INSERT INTO said VALUES (1)")
		// A child that is not killed with its parent keeps the server from starting again.
		busy, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := busy.Ping(t.Context()); err == nil {
			t.Error("a child has outlived the kill")
		}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if server.URL() != url {
		t.Errorf("%s has become %s", url, server.URL())
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	var delay string
	if err := conn.QueryRow(t.Context(), "SELECT count(*), current_setting('wal_writer_delay') FROM said").Scan(&n, &delay); err != nil || n != 3 || delay != "10s" {
		t.Errorf("%d rows of 3, wal_writer_delay %s, %v", n, delay, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAServerThatEndsWhileStartingSaysWhy(t *testing.T) {
	t.Parallel()
	if _, err := services.StartRedis(t.Context(), t.TempDir(), "--no-such-setting", "1"); err == nil {
		t.Fatal("it has started")
	} else if text := err.Error(); len(text) < 40 {
		t.Errorf("no log: %s", text)
	}
}

func TestAnAddressIsFreeAndNotOneOfOutgoingConnections(t *testing.T) {
	t.Parallel()
	for range 20 {
		address, err := services.FreeAddress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := strconv.Atoi(port); err != nil || n >= 32768 {
			t.Errorf("%s: %v", address, err)
		}
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", address); err == nil {
			t.Errorf("somebody listens on %s: %v", address, conn.Close())
		}
	}
}
