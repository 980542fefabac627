package session_test

import (
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/testkit"
)

func TestLogoutEverywhereEndsEverySessionOfTheAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		here, there, other := w.enter(1), w.enter(1), w.enter(2)
		n, err := w.LogoutAll(t.Context(), w.authenticate(here.Access), false, client)
		if err != nil || n != 2 {
			t.Fatalf("%d, %v", n, err)
		}
		w.wantEnded(here.Session, there.Session)
		for _, gone := range []session.Tokens{here, there} {
			_, err := w.Authenticate(t.Context(), gone.Access)
			w.wantCode(err, errs.SessionRevoked)
			w.refreshFails(gone.Refresh, errs.SessionRevoked)
		}
		w.authenticate(other.Access)
		w.authenticate(w.enter(1).Access)
		if w.audited("logout_all") != 1 {
			t.Error("not in the audit")
		}
	})
}

func TestLogoutEverywhereElseKeepsThePresentSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		here, there := w.enter(1), w.enter(1)
		n, err := w.LogoutAll(t.Context(), w.authenticate(here.Access), true, client)
		if err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		w.wantEnded(there.Session)
		w.advance(time.Minute) // beyond what is remembered of sessions
		w.authenticate(here.Access)
		w.authenticate(w.renew(here.Refresh).Access)
		_, err = w.Authenticate(t.Context(), there.Access)
		w.wantCode(err, errs.SessionRevoked)
	})
}

func TestOwnSessionsAreListedAndNobodyElses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(1)
		w.advance(2 * time.Hour)
		second := w.enter(1)
		w.enter(2)
		actor := w.authenticate(second.Access)
		list, err := w.Sessions(t.Context(), actor)
		if err != nil || len(list) != 2 || list[0].ID != second.Session || list[1].ID != first.Session {
			t.Fatalf("%+v, %v", list, err)
		}
		if got := list[0]; got.IP != "198.51.100.0/24" || got.Device.Client != "Telegram" || got.Methods[0] != "tg" || !got.IdleUntil().After(w.now()) {
			t.Errorf("%+v", got)
		}
		w.advance(31 * 24 * time.Hour)
		if list, err = w.Sessions(t.Context(), actor); err != nil || len(list) != 0 {
			t.Errorf("after a month without use: %+v, %v", list, err)
		}
	})
}

func TestOnlyTheOwnerEndsASession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		mine, lost, others := w.enter(1), w.enter(1), w.enter(2)
		actor := w.authenticate(mine.Access)
		for name, id := range map[string]string{"of somebody else": others.Session, "unknown": "nothing", "empty": ""} {
			if err := w.EndSession(t.Context(), actor, id, client); errs.CodeOf(err) != errs.SessionNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.wantEnded()
		if err := w.EndSession(t.Context(), actor, lost.Session, client); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(lost.Session)
		w.wantCode(w.EndSession(t.Context(), actor, lost.Session, client), errs.SessionNotFound)
		_, err := w.Authenticate(t.Context(), lost.Access)
		w.wantCode(err, errs.SessionRevoked)
		w.authenticate(mine.Access)
		w.authenticate(others.Access)
		if w.audited("token_revoked") != 1 {
			t.Error("not in the audit")
		}
	})
}

// Whatever runs at once, nobody waits for ever and what was logged out stays out.
func TestLogoutsRefreshesAndSignInsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	tokens := make([]session.Tokens, 6)
	for i := range tokens {
		tokens[i] = w.enter(1)
	}
	actor := w.authenticate(tokens[0].Access)
	allowed := func(err error) {
		if code := errs.CodeOf(err); err != nil && code != errs.SessionRevoked {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for i, each := range tokens {
		all.Go(func() {
			_, err := w.LogoutAll(t.Context(), actor, i%2 == 0, client)
			allowed(err)
		})
		all.Go(func() { allowed(w.Logout(t.Context(), each.Access, tokens[0].Refresh, client)) })
		all.Go(func() {
			_, err := w.Refresh(t.Context(), each.Refresh, client, "en")
			allowed(err)
		})
		all.Go(func() {
			_, err := w.enterFrom(1, client)
			allowed(err)
		})
	}
	all.Wait()
	if _, err := w.LogoutAll(t.Context(), actor, false, client); err != nil {
		t.Fatal(err)
	}
	if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL`); n != 0 {
		t.Errorf("%d sessions live on", n)
	}
	for _, each := range tokens {
		w.refreshFails(each.Refresh, errs.SessionRevoked)
	}
}

func TestAProofWithinTheSessionMakesItFresh(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(1)
		w.advance(session.FreshLife)
		actor := w.authenticate(tokens.Access)
		for name, c := range map[string]struct {
			initData string
			want     errs.Code
		}{
			"of somebody else": {w.initData(2), errs.InitDataInvalid},
			"forged":           {w.initData(1) + "0", errs.InitDataInvalid},
			"empty":            {"", errs.InitDataRequired},
		} {
			if _, err := w.ReauthInitData(t.Context(), actor, c.initData, client); errs.CodeOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.wantCode(w.RequireFresh(t.Context(), actor), errs.ReauthRequired)
		until, err := w.ReauthInitData(t.Context(), actor, w.initData(1), client)
		if life := until.Sub(w.now()); err != nil || life < session.FreshLife || life > session.FreshLife+5*time.Minute {
			t.Fatalf("until %v, %v", until, err)
		}
		if err := w.RequireFresh(t.Context(), actor); err != nil {
			t.Errorf("what another node remembers: %v", err)
		}
		if err := w.RequireFresh(t.Context(), w.authenticate(tokens.Access)); err != nil {
			t.Error(err)
		}
		w.advance(until.Sub(w.now()))
		w.wantCode(w.RequireFresh(t.Context(), w.authenticate(tokens.Access)), errs.ReauthRequired)
		if err := w.db.CutSteps(t.Context(), w.now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions WHERE fresh_until IS NOT NULL`); n != 0 {
			t.Error("a proof that is over is still dated")
		}
	})
}

func TestGuessingAProofAgainIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{})
	actor := w.authenticate(w.enter(1).Access)
	for range 5 {
		_, err := w.ReauthInitData(t.Context(), actor, "nonsense", client)
		w.wantCode(err, errs.InitDataInvalid)
	}
	_, err := w.ReauthInitData(t.Context(), actor, w.initData(1), client)
	w.wantCode(err, errs.RateLimited)
}
