package realtime_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"maska/internal/message"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// slowLedger answers what has changed when it is told to.
type slowLedger struct {
	*ledger
	asked, answer chan struct{}
}

func (l *slowLedger) Changed(ctx context.Context, id room.ID, after, upTo int64, limit int) ([]message.Message, error) {
	l.asked <- struct{}{}
	<-l.answer
	return l.ledger.Changed(ctx, id, after, upTo, limit)
}

func TestARepairRepeatsNothingThatCameWhileItWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := socketio.New(socketio.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store := &slowLedger{&ledger{}, make(chan struct{}), make(chan struct{})}
		audience := &hall{Namespace: server.Namespace("/")}
		feed := realtime.NewFeed(realtime.FeedConfig{
			Audience: audience, History: message.NewHistory(store), Bus: realtime.NoBus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		l := &listener{hall: audience, feed: feed}
		var failed report
		l.enter(&failed, false)

		one := store.add(1)
		store.add(1) // another node's, and its bus has lost it
		three := store.add(1)
		feed.Committed(room.Global, three) // a hole is seen, and read
		<-store.asked
		feed.Committed(room.Global, one) // and closes in part meanwhile
		feed.Unsure(room.Global)
		close(store.answer)
		go func() {
			for range store.asked { // whatever is asked further
			}
		}()
		synctest.Wait()
		feed.Close()
		close(store.asked)
		if err := server.Shutdown(t.Context(), 0); err != nil {
			t.Error(err)
		}

		if got := strings.Join(heardBy(t, audience, l), " "); got != "1 2 3" || failed.text != "" {
			t.Errorf("heard %s, want each once; %s", got, failed.text)
		}
	})
}

func TestNobodyWaitsForTheStoreLongerThanHeMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := socketio.New(socketio.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store := &slowLedger{&ledger{}, make(chan struct{}, 4), make(chan struct{})}
		feed := realtime.NewFeed(realtime.FeedConfig{
			Audience: server.Namespace("/"), History: message.NewHistory(store), Bus: realtime.NoBus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		for range 3 {
			if _, err := feed.Since(ctx, room.Global, realtime.Place{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want the deadline", err)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("three reads that hang took %s of one second", took)
		}
		close(store.answer)
		synctest.Wait()
		feed.Close()
		if err := server.Shutdown(t.Context(), 0); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoIsStillCatchingUpSeesTheHoleBeforeARepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := socketio.New(socketio.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store := &ledger{}
		audience := &hall{Namespace: server.Namespace("/")}
		feed := realtime.NewFeed(realtime.FeedConfig{
			Audience: audience, History: message.NewHistory(store), Bus: realtime.NoBus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		store.add(300)
		l := &listener{hall: audience, feed: feed}
		var failed report
		l.enter(&failed, true) // it gets the first two hundred, and would have to ask for the rest
		store.add(1)           // another node's, and its bus has lost it
		feed.Unsure(room.Global)
		<-time.After(time.Second)
		synctest.Wait()
		feed.Close()
		if err := server.Shutdown(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if len(l.inbox) != 2 || failed.text != "" {
			t.Fatalf("%d events came; %s", len(l.inbox), failed.text)
		}
		first, repair := syncOf(t, l.inbox[0]), syncOf(t, l.inbox[1])
		if known := first.Items[len(first.Items)-1].Rev; !first.More || known != 200 || repair.After != 300 || repair.Head != 301 {
			t.Errorf("who knows everything up to %d is told of %d to %d", known, repair.After, repair.Head)
		}
	})
}

func syncOf(t *testing.T, text string) (s view.Sync) {
	t.Helper()
	inside, ok := strings.CutPrefix(text, `42["sync",`)
	if !ok {
		t.Fatalf("not a sync: %s", text)
	}
	if err := json.Unmarshal([]byte(strings.TrimSuffix(inside, "]")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// heardBy lists the contents that came to a listener, live and by sync.
func heardBy(t *testing.T, audience *hall, l *listener) (contents []string) {
	t.Helper()
	audience.mu.Lock()
	defer audience.mu.Unlock()
	for _, text := range l.inbox {
		var args []json.RawMessage
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &args); err != nil {
			t.Fatal(err)
		}
		var s view.Sync
		if string(args[0]) == `"message"` {
			args[1] = json.RawMessage(`{"items":[` + string(args[1]) + `]}`)
		}
		if err := json.Unmarshal(args[1], &s); err != nil {
			t.Fatal(err)
		}
		for _, m := range s.Items {
			contents = append(contents, m.Content)
		}
	}
	return contents
}

// countingLedger counts how often it is asked what has changed.
type countingLedger struct {
	*ledger
	asked atomic.Int64
}

func (l *countingLedger) State(ctx context.Context, id room.ID) (room.State, error) {
	l.asked.Add(1)
	return l.ledger.State(ctx, id)
}

func TestABatchOfChangesThatDoNotExistIsDisbelievedAfterOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := socketio.New(socketio.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store := &countingLedger{ledger: &ledger{}}
		audience := &hall{Namespace: server.Namespace("/")}
		feed := realtime.NewFeed(realtime.FeedConfig{
			Audience: audience, History: message.NewHistory(store), Bus: realtime.NoBus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		l := &listener{hall: audience, feed: feed}
		var failed report
		l.enter(&failed, false)
		feed.Committed(room.Global, store.add(1))
		before := store.asked.Load()

		text := `42["message",{"content":"forged"}]`
		forged := []byte{1} // the version
		for _, n := range []uint64{uint64(room.Global), 3, uint64(len(text))} {
			forged = binary.AppendUvarint(forged, n)
		}
		if err := feed.Receive(append(forged, text...)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) //nolint:forbidigo // of the bubble's clock: a loop would spin in it
		synctest.Wait()
		if asked := store.asked.Load() - before; asked != 1 {
			t.Errorf("the store was asked %d times", asked)
		}
		feed.Committed(room.Global, store.add(2)) // closes the hole before the place of what was forged
		synctest.Wait()
		feed.Close()
		if err := server.Shutdown(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if got := strings.Join(heardBy(t, audience, l), " "); got != "1 2 3" || failed.text != "" {
			t.Errorf("heard %s; %s", got, failed.text)
		}
	})
}
