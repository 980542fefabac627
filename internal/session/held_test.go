package session_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

// during runs act while a transaction that did before is open, lets the transaction do after and commit as
// soon as act waits for it, and returns how act ended. PostgreSQL only: SQLite has one transaction at a time.
func (w *world) during(before func(session.Tx) error, act func() error, after func(session.Tx) error) error {
	w.t.Helper()
	ended := make(chan error, 1)
	err := w.db.Transaction(w.t.Context(), func(tx session.Tx) error {
		if err := before(tx); err != nil {
			return err
		}
		go func() { ended <- act() }()
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for w.db.Count(w.t, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
			<-look.C
		}
		return after(tx)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return <-ended
}

func TestASignInThatWaitedForAFactorAsksForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	actor := w.authenticate(w.enter(guarded).Access)
	w.enrolApp(actor)
	w.db.Exec(t, `UPDATE accounts SET mfa_for = 'all'`)
	var factors []session.Factor
	err := w.during(func(tx session.Tx) (err error) {
		if _, err = tx.AccountForUpdate(t.Context(), actor.Account.ID); err == nil {
			factors, err = tx.FactorsOf(t.Context(), actor.Account.ID)
		}
		return err
	}, func() error {
		_, err := w.enterFrom(guarded, client)
		return err
	}, func(tx session.Tx) error {
		factors[0].Active = true
		return tx.UpdateFactor(t.Context(), factors[0])
	})
	w.wantCode(err, errs.MFARequired)
	if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestARefreshThatWaitedForALogoutEverywhereElseGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	here := w.enter(1)
	logout := func(token string) error {
		return w.during(func(tx session.Tx) error {
			_, err := tx.EndSessions(t.Context(), here.Account.ID, here.Session, w.now(), "logout_all")
			return err
		}, func() error {
			_, err := w.Refresh(t.Context(), token, client, locale.English)
			return err
		}, func(tx session.Tx) error { return tx.RaiseTokenEpoch(t.Context(), here.Account.ID, here.Session) })
	}
	if err := logout(here.Refresh); err != nil {
		t.Errorf("the session that was kept: %v", err)
	}
	w.wantCode(logout(w.enter(1).Refresh), errs.SessionRevoked)
}

func TestManyWhoExchangeUsernamesAllSignIn(t *testing.T) {
	t.Parallel()
	w := newScaledWorld(t, testkit.Postgres(t), session.Config{}, 0)
	const people, times = 8, 25
	names := func(id, with int64) string { return fmt.Sprintf("name_%d", min(id, with)/2) }
	var all sync.WaitGroup
	for id := range int64(people) {
		all.Go(func() {
			for range times {
				user := telegram.User{ID: id + 1, FirstName: "Ann", Username: names(id, rand.Int64N(people))} //nolint:gosec // no secret: any order will do
				if _, err := w.SignInTelegram(t.Context(), w.initDataOf(user), true, client, locale.English); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts`); n != people {
		t.Errorf("%d accounts", n)
	}
}

func TestTwoWhoSwapUsernamesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newScaledWorld(t, testkit.Postgres(t), session.Config{}, 0)
	names := []string{"first", "second"}
	for turn := range 20 {
		var both sync.WaitGroup
		for id := range 2 {
			both.Go(func() {
				user := telegram.User{ID: int64(id + 1), FirstName: "Ann", Username: names[(id+turn)%2]}
				if _, err := w.SignInTelegram(t.Context(), w.initDataOf(user), true, client, locale.English); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE name_tag IS NOT NULL`); n != 2 {
			t.Fatalf("%d have a username", n)
		}
	}
}
