package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/audit"
	"maska/internal/session"
	"maska/internal/testkit"
	"maska/internal/webhook"
)

// receiver is a system that is told.
type receiver struct {
	mu     sync.Mutex
	status int
	heard  []string // bodies
	ids    []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	h := request.Header
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.Get("Webhook-Signature") != webhook.Sign(key, h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), body) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	r.heard, r.ids = append(r.heard, string(body)), append(r.ids, h.Get("Webhook-Id"))
	w.WriteHeader(r.status)
}

var key = bytes.Repeat([]byte{7}, 32)

// The vector that the reference libraries of Standard Webhooks share.
func TestASignatureIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

func TestWhatHappensToAccountsIsToldUntilItIsHeard(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		db.Announce()
		told := &receiver{status: http.StatusInternalServerError}
		server := httptest.NewServer(told)
		t.Cleanup(server.Close)
		now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
		var log bytes.Buffer
		tellers := make([]*webhook.Teller, 2)
		for i := range tellers {
			tellers[i] = webhook.New(webhook.Config{URL: server.URL, Key: key, Store: db, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil))})
		}
		record := func(id int64, event audit.Event) {
			t.Helper()
			err := db.Transaction(t.Context(), func(tx session.Tx) error {
				return tx.Audit(t.Context(), audit.Record{ID: id, At: now, Event: event, Outcome: audit.OK, Account: 42})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		tell := func(teller *webhook.Teller) {
			t.Helper()
			if err := teller.Tell(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		record(1, audit.UserCreated)
		record(2, audit.LoginSuccess) // nobody's business
		tell(tellers[0])
		tell(tellers[1]) // too early
		if len(told.heard) != 1 || told.heard[0] != `{"type":"user.created","data":{"id":"42"}}` {
			t.Errorf("heard %v", told.heard)
		}
		if n := db.Count(t, `SELECT COUNT(*) FROM announcements WHERE next_at % 300000 = 0`); n != 1 {
			t.Error("the time of the next attempt dates what happened")
		}
		told.status = http.StatusNoContent
		record(9, audit.AccountDisabled) // ids are no order
		record(3, audit.AccountEnabled)
		record(4, audit.AccountDeleted)
		tell(tellers[1]) // what is to be told first must wait, and so does the rest
		now = now.Add(10 * time.Minute)
		for range 2 {
			tell(tellers[1])
			tell(tellers[0])
		}
		now = now.Add(time.Hour)
		tell(tellers[0])
		if !slices.Equal(told.ids, []string{"msg_1", "msg_1", "msg_9", "msg_3", "msg_4"}) {
			t.Errorf("heard %v %v", told.ids, told.heard)
		}
		if n := db.Count(t, `SELECT COUNT(*) FROM announcements`); n != 0 {
			t.Errorf("%d are kept", n)
		}
		if strings.Contains(log.String(), server.URL) {
			t.Errorf("the log names the receiver: %s", log.String())
		}
	})
}

func TestTwoNodesNeverTellTheSameAtOnce(t *testing.T) {
	t.Parallel()
	db := testkit.Postgres(t)
	db.Announce()
	const n = 30
	err := db.Transaction(t.Context(), func(tx session.Tx) error {
		for i := range int64(n) {
			if err := tx.Audit(context.WithoutCancel(t.Context()), audit.Record{ID: i + 1, At: time.Now(), Event: audit.UserCreated, Outcome: audit.OK, Account: i + 1}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	told := &receiver{status: http.StatusOK}
	server := httptest.NewServer(told)
	t.Cleanup(server.Close)
	teller := webhook.New(webhook.Config{URL: server.URL, Key: key, Store: db, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			for range 3 {
				if err := teller.Tell(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	nodes.Wait()
	slices.Sort(told.ids)
	if len(told.ids) != n || len(slices.Compact(told.ids)) != n {
		t.Errorf("%d were told, want %d once each", len(told.ids), n)
	}
}

func TestNothingIsKeptForNobody(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	err := db.Transaction(t.Context(), func(tx session.Tx) error {
		return tx.Audit(t.Context(), audit.Record{ID: 1, At: time.Now(), Event: audit.UserCreated, Outcome: audit.OK, Account: 1})
	})
	if n := db.Count(t, `SELECT COUNT(*) FROM announcements`); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}
