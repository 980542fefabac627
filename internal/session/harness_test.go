package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/account"
	"maska/internal/cluster"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/profile"
	"maska/internal/profile/nickname"
	"maska/internal/random"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
	"maska/internal/vault"
)

const botToken = "700000001:test"

// world is a service on a real store, with a clock that the test moves.
type world struct {
	*session.Service
	t        testing.TB
	db       *testkit.Database
	profiles *profile.Service
	vault    *vault.Vault
	offset   atomic.Int64
	mu       sync.Mutex
	ended    []string
	notices  []session.Notice
	start    time.Time
}

var client = session.Client{IP: "198.51.100.77", Agent: "Telegram-Android/12", RequestID: "test"}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) { test(t, newWorld(t, db, session.Config{})) })
}

func newWorld(t testing.TB, db *testkit.Database, cfg session.Config) *world {
	t.Helper()
	return newScaledWorld(t, db, cfg, 1)
}

// newScaledWorld multiplies all limits, 0 for none.
func newScaledWorld(t testing.TB, db *testkit.Database, cfg session.Config, limits float64) *world {
	t.Helper()
	w := &world{t: t, db: db, start: time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)}
	var err error
	if w.vault, err = vault.New(bytes.Repeat([]byte{7}, vault.KeySize)); err != nil {
		t.Fatal(err)
	}
	source := random.New(rand.Reader)
	w.profiles = profile.NewService(db.Profiles(), nickname.New(rand.Reader), w.vault, source, w.now)
	verifier, err := telegram.NewVerifier([]string{botToken}, telegram.Limits{MaxAge: telegram.DefaultMaxAge, MaxSkew: telegram.DefaultMaxSkew})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.AccessKey == nil {
		cfg.AccessKey = accessKey
	}
	cfg.AccessLife, cfg.Language = time.Hour, locale.English
	w.Service, err = session.New(cfg, db, w.profiles, verifier, w.vault, limit.Scaled(cluster.NewMemoryLimiter(w.now, 1000), limits), source, w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.WhenEnded(func(sessions []string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = append(w.ended, sessions...)
	})
	w.WhenNoticed(func(_ context.Context, _ account.Account, notice session.Notice) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notices = append(w.notices, notice)
	})
	return w
}

// noticed is what owners of accounts were told so far.
func (w *world) noticed() []session.Notice {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notices)
}

// wantEnded checks which sessions were told to have ended since it was asked last.
func (w *world) wantEnded(want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(want)
	slices.Sort(w.ended)
	if !slices.Equal(w.ended, want) {
		w.t.Errorf("told of the end of %v, want %v", w.ended, want)
	}
	w.ended = nil
}

var accessKey = bytes.Repeat([]byte{9}, 32)

func (w *world) now() time.Time          { return w.start.Add(time.Duration(w.offset.Load())) }
func (w *world) advance(d time.Duration) { w.offset.Add(int64(d)) }
func (w *world) initData(id int64) string {
	return w.initDataOf(telegram.User{ID: id, FirstName: "Ann"})
}

func (w *world) initDataOf(user telegram.User) string {
	return telegram.SignInitData(botToken, telegram.SignParams{User: user, AuthDate: w.now()})
}

// enter signs somebody in by POST /auth's door.
func (w *world) enter(id int64) session.Tokens {
	w.t.Helper()
	tokens, err := w.SignInTelegram(w.t.Context(), w.initData(id), false, client, locale.English)
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

func (w *world) renew(token string) session.Tokens {
	w.t.Helper()
	tokens, err := w.Refresh(w.t.Context(), token, client, locale.English)
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

func (w *world) authenticate(token string) session.Actor {
	w.t.Helper()
	actor, err := w.Authenticate(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

func (w *world) wantCode(err error, want errs.Code) {
	w.t.Helper()
	if got := errs.CodeOf(err); got != want {
		w.t.Errorf("error %v, want %s", err, want)
	}
}

func (w *world) refreshFails(token string, want errs.Code) {
	w.t.Helper()
	_, err := w.Refresh(w.t.Context(), token, client, locale.English)
	w.wantCode(err, want)
}

// audited counts the records of an event.
func (w *world) audited(event string) int {
	w.t.Helper()
	return w.db.Count(w.t, "SELECT COUNT(*) FROM audit WHERE event = $1", event)
}
