package faultlab_test

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"maska/internal/faultlab"
)

// echo answers what it is sent, over a link.
func echo(t *testing.T) *faultlab.Link {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				_, _ = io.Copy(conn, conn) // until it is cut
				_ = conn.Close()
			})
		}
	})
	link, err := faultlab.NewLink(t.Context(), "echo", listener.Addr().String(), rand.New(rand.NewPCG(1, 2))) //nolint:gosec // dice of a test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(link.Close(), listener.Close()); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return link
}

func dial(t *testing.T, link *faultlab.Link) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", link.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may have been closed
	return conn
}

// roundTrip says something and waits for the answer.
func roundTrip(t *testing.T, conn net.Conn, patience time.Duration) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	if err := conn.SetDeadline(began.Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("hello\n")); err != nil {
		return 0, err
	}
	_, err := bufio.NewReader(conn).ReadString('\n')
	return time.Since(began), err
}

func TestALinkIsSlowSilentAndCutAsItIsTold(t *testing.T) {
	t.Parallel()
	link := echo(t)
	conn := dial(t, link)
	if _, err := roundTrip(t, conn, time.Minute); err != nil {
		t.Fatal(err)
	}
	link.Delay(100*time.Millisecond, 150*time.Millisecond)
	if took, err := roundTrip(t, conn, time.Minute); err != nil || took < 200*time.Millisecond {
		t.Errorf("a slow round trip took %s, %v", took, err)
	}
	link.Heal()
	link.Silence()
	if _, err := roundTrip(t, conn, 100*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("through a silent link came %v", err)
	}
	link.Heal() // what was said before comes now
	if _, err := roundTrip(t, conn, time.Minute); err != nil {
		t.Errorf("after the silence: %v", err)
	}
	link.Cut(true)
	if _, err := roundTrip(t, conn, time.Minute); err == nil {
		t.Error("a cut link goes on")
	}
	if _, err := roundTrip(t, dial(t, link), time.Minute); err == nil {
		t.Error("a cut link lets somebody in")
	}
	link.Heal()
	again := dial(t, link)
	if _, err := roundTrip(t, again, time.Minute); err != nil {
		t.Errorf("a healed link: %v", err)
	}
	link.Drop()
	if _, err := again.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a drop is %v, not a reset", err)
	}
}
