package session_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/testkit"
)

func (w *world) enterFrom(id int64, from session.Client) (session.Tokens, error) {
	return w.SignInTelegram(w.t.Context(), w.initData(id), false, from, locale.English)
}

func TestADisabledAccountEntersByNoDoor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(5)
		w.db.Exec(t, `UPDATE accounts SET active = false WHERE id = $1`, first.Account.ID)
		_, err := w.enterFrom(5, client)
		w.wantCode(err, errs.AccountDisabled)
		if n := w.db.Count(t, `SELECT COUNT(*) FROM audit WHERE event = 'login_fail' AND account_id = $1`, first.Account.ID); n != 1 {
			t.Errorf("%d refused attempts in the audit", n)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions`); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// Decision 8.
func TestADisabledIdentityStaysDisabledWhenItsAccountIsMadeAnew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tag := w.vault.TelegramTag(5)
		w.db.Exec(t, `INSERT INTO disabled_tags (tag) VALUES ($1)`, tag[:])
		for range 2 {
			_, err := w.enterFrom(5, client)
			w.wantCode(err, errs.AccountDisabled)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions`); n != 0 {
			t.Errorf("%d sessions", n)
		}
		if _, err := w.enterFrom(6, client); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

func TestANewDeviceIsToldOfAndAKnownOneIsNot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		phone, desk := client, session.Client{IP: "203.0.113.9", Agent: "Windows Firefox", RequestID: "test"}
		phone.DeviceID, desk.DeviceID = "phone-0123456789abcdef", "desk-0123456789abcdef"
		for _, step := range []struct {
			name    string
			from    session.Client
			notices int
			audited int
		}{
			{"the device that made the account", phone, 0, 1},
			{"the same again", phone, 0, 1},
			{"another one", desk, 1, 2},
			{"that one again", desk, 1, 2},
			{"one that does not tell", client, 1, 2},
		} {
			if _, err := w.enterFrom(8, step.from); err != nil {
				t.Fatal(err)
			}
			if n := len(w.noticed()); n != step.notices || w.audited("device_new") != step.audited {
				t.Errorf("%s: %d notices, %d in the audit", step.name, n, w.audited("device_new"))
			}
		}
		if told := w.noticed()[0]; told.Kind != session.NoticeNewDevice || told.Device.OS != "Windows" {
			t.Errorf("told of %+v", told)
		}
		if _, err := w.enterFrom(9, desk); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(DISTINCT tag) FROM devices`); n != 3 {
			t.Errorf("%d tags: two accounts on one device can be linked", n)
		}
	})
}

func TestSessionsNeverExceedTheirNumberHoweverManyBeginAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	w.enter(1)
	const doors = 3 * session.MaxLive
	var all sync.WaitGroup
	for range doors {
		all.Go(func() {
			from := client
			if _, err := w.enterFrom(1, from); err != nil && errs.CodeOf(err) != errs.RateLimited {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.advance(time.Hour)
	for range 18 { // within the limit of sign-ins of one person
		w.enter(1)
	}
	if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL`); n != session.MaxLive {
		t.Errorf("%d live sessions", n)
	}
	if begun, evicted := w.audited("session_created"), w.audited("session_evicted"); begun-evicted != session.MaxLive {
		t.Errorf("%d began, %d were evicted", begun, evicted)
	}
}

func TestASignInIsAFreshProofForTenMinutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(1)
		if err := w.RequireFresh(t.Context(), w.authenticate(tokens.Access)); err != nil {
			t.Errorf("right after the sign-in: %v", err)
		}
		renewed := w.renew(tokens.Refresh)
		w.wantCode(w.RequireFresh(t.Context(), w.authenticate(renewed.Access)), errs.ReauthRequired)
		w.advance(session.FreshLife)
		w.wantCode(w.RequireFresh(t.Context(), w.authenticate(tokens.Access)), errs.ReauthRequired)
		if n := w.db.Count(t, `SELECT COUNT(*) FROM sessions WHERE fresh_until IS NOT NULL`); n != 0 {
			t.Error("the database dates the sign-in")
		}
	})
}

func TestAnAccountHasFewDevicesHoweverManyItNames(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		w := newScaledWorld(t, db, session.Config{}, 0)
		from := client
		enter := func(device string) {
			t.Helper()
			from.DeviceID = device
			if _, err := w.enterFrom(1, from); err != nil {
				t.Fatal(err)
			}
		}
		enter("trusted-0123456789abcdef")
		w.db.Exec(t, `UPDATE devices SET trusted_until = $1`, w.now().Add(time.Hour).UnixMilli())
		const most = 2 * session.MaxLive
		for i := range most + 3 {
			w.advance(time.Hour)
			enter(fmt.Sprintf("device-%016d", i))
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM devices`); n != most {
			t.Errorf("%d devices are kept", n)
		}
		told := w.audited("device_new")
		enter("trusted-0123456789abcdef")
		enter(fmt.Sprintf("device-%016d", most+2))
		if n := w.audited("device_new"); n != told {
			t.Error("the trusted device, or the one that was new last, was forgotten")
		}
		enter(fmt.Sprintf("device-%016d", 0))
		if n := w.audited("device_new"); n != told+1 {
			t.Error("the one that was seen first was kept")
		}
	})
}
