package session_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

// boss signs somebody in who is an admin.
func (w *world) boss(id int64) session.Operator {
	w.t.Helper()
	a := w.enter(id).Account.ID
	w.db.Exec(w.t, `UPDATE accounts SET roles = 'user moderator admin' WHERE id = $1`, a)
	return session.Operator{Account: a, Client: client}
}

func TestWhoIsDisabledIsOutAndDoesNotComeBackByAnotherAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		here := w.enter(1)
		actor := w.authenticate(here.Access)
		w.enter(1)
		changed, err := w.Operate(t.Context(), w.boss(77), here.Account.ID, session.AccountChange{Active: new(false)})
		if err != nil || changed.Active {
			t.Fatalf("%+v, %v", changed, err)
		}
		w.mu.Lock()
		if len(w.ended) != 2 {
			t.Errorf("%d sessions ended, want 2", len(w.ended))
		}
		w.mu.Unlock()
		_, err = w.Authenticate(t.Context(), here.Access)
		w.wantCode(err, errs.AccountDisabled)
		w.refreshFails(here.Refresh, errs.AccountDisabled)
		_, err = w.enterFrom(1, client)
		w.wantCode(err, errs.AccountDisabled)
		w.wantCode(w.Delete(t.Context(), actor, client), errs.AccountDisabled)
		w.db.Exec(t, `DELETE FROM accounts WHERE id = $1`, here.Account.ID)
		_, err = w.enterFrom(1, client)
		w.wantCode(err, errs.AccountDisabled)
		if _, err := w.enterFrom(2, client); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

func TestWhoIsEnabledComesBackToHisAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		id := w.enter(1).Account.ID
		for _, active := range []bool{false, false, true, true} { // the second time of each is nothing new
			if _, err := w.Operate(t.Context(), session.Operator{}, id, session.AccountChange{Active: &active}); err != nil {
				t.Fatal(err)
			}
		}
		if again := w.enter(1); again.Account.ID != id {
			t.Error("another account")
		}
		if w.audited("account_disabled") != 1 || w.audited("account_enabled") != 1 || w.db.Count(t, `SELECT COUNT(*) FROM disabled_tags`) != 0 {
			t.Error("the audit or the list of identities is wrong")
		}
	})
}

func TestARoleHoldsFromTheNextRequestOnAndIncludesThoseBelow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(1)
		if w.authenticate(tokens.Access).Account.May(account.ManageAccounts) {
			t.Fatal("everybody manages accounts")
		}
		boss := w.boss(77)
		for _, c := range []struct {
			roles  []account.Role
			want   int
			manage bool
		}{
			{[]account.Role{account.RoleModerator}, 2, false},
			{[]account.Role{account.RoleAdmin}, 3, true},
			{[]account.Role{account.RoleUser, account.RoleAdmin}, 3, true},
			{[]account.Role{account.RoleUser}, 1, false},
		} {
			if _, err := w.Operate(t.Context(), boss, tokens.Account.ID, session.AccountChange{Roles: c.roles}); err != nil {
				t.Fatal(err)
			}
			a := w.authenticate(tokens.Access).Account
			if len(a.Roles) != c.want || a.May(account.ManageAccounts) != c.manage || a.May(account.ReadAudit) != c.manage {
				t.Errorf("%v became %v", c.roles, a.Roles)
			}
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM audit WHERE event = 'role_changed' AND actor_id = $1 AND account_id = $2`, boss.Account, tokens.Account.ID); n != 3 {
			t.Errorf("%d changes in the audit, want 3", n)
		}
	})
}

func TestNobodyOperatesOnHimself(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		id := w.enter(1).Account.ID
		for _, change := range []session.AccountChange{{Active: new(false)}, {Roles: []account.Role{account.RoleUser}}} {
			_, err := w.Operate(t.Context(), session.Operator{Account: id}, id, change)
			w.wantCode(err, errs.Forbidden)
		}
		_, err := w.Operate(t.Context(), session.Operator{}, 12345, session.AccountChange{Active: new(false)})
		w.wantCode(err, errs.NotFound)
		_, err = w.EndSessionsOf(t.Context(), session.Operator{}, 12345)
		w.wantCode(err, errs.NotFound)
	})
}

func TestAnOperatorEndsAllSessionsOfSomebody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		one, two, other := w.enter(1), w.enter(1), w.enter(2)
		n, err := w.EndSessionsOf(t.Context(), w.boss(77), one.Account.ID)
		if err != nil || n != 2 {
			t.Fatalf("%d, %v", n, err)
		}
		w.wantEnded(one.Session, two.Session)
		w.refreshFails(two.Refresh, errs.SessionRevoked)
		w.renew(other.Refresh)
		w.enter(1)
	})
}

func TestWhoLostHisRightsUsesThemNoMore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		root, demoted, friend := w.boss(77), w.boss(78), w.enter(79).Account.ID
		var told []account.ID
		w.WhenChanged(func(id account.ID) { told = append(told, id) })
		if _, err := w.Operate(t.Context(), root, demoted.Account, session.AccountChange{Roles: []account.Role{account.RoleModerator}}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told, []account.ID{demoted.Account}) {
			t.Errorf("the other nodes were told of %v", told)
		}
		refused := func(by session.Operator) {
			t.Helper()
			_, err := w.Operate(t.Context(), by, friend, session.AccountChange{Roles: []account.Role{account.RoleAdmin}})
			w.wantCode(err, errs.Forbidden)
			_, err = w.Operate(t.Context(), by, root.Account, session.AccountChange{Active: new(false)})
			w.wantCode(err, errs.Forbidden)
			_, err = w.EndSessionsOf(t.Context(), by, root.Account)
			w.wantCode(err, errs.Forbidden)
			_, err = w.EndSessionsOf(t.Context(), by, 12345) // he learns nothing either
			w.wantCode(err, errs.Forbidden)
		}
		refused(demoted)
		disabled := w.boss(80)
		if _, err := w.Operate(t.Context(), root, disabled.Account, session.AccountChange{Active: new(false)}); err != nil {
			t.Fatal(err)
		}
		refused(disabled)
		refused(session.Operator{Account: 54321, Client: client}) // deleted
	})
}

func TestOfAdminsWhoDemoteOneAnotherOneStays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for round := range int64(8) {
			w.db.Exec(t, `UPDATE accounts SET roles = 'user'`)
			pair := []session.Operator{w.boss(100 + 2*round), w.boss(101 + 2*round)}
			var won atomic.Int64
			var both sync.WaitGroup
			for i, by := range pair {
				both.Go(func() {
					_, err := w.Operate(t.Context(), by, pair[1-i].Account, session.AccountChange{Roles: []account.Role{account.RoleUser}})
					switch errs.CodeOf(err) {
					case "":
						won.Add(1)
					case errs.Forbidden:
					default:
						t.Error(err)
					}
				})
			}
			both.Wait()
			if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE roles LIKE '%admin'`); n != 1 || won.Load() != 1 {
				t.Fatalf("%d admins are left, %d changes were made", n, won.Load())
			}
		}
	})
}

func TestAnAccountIsFoundExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := telegram.User{ID: 7_400_000_001, FirstName: "Ann", Username: "Ann_Bell"}
		tokens, err := w.SignInTelegram(t.Context(), w.initDataOf(user), true, client, "en")
		if err != nil {
			t.Fatal(err)
		}
		a := tokens.Account
		tag := w.vault.EmailTag("ann@example.org")
		w.db.Exec(t, `UPDATE accounts SET email_tag = $1 WHERE id = $2`, tag[:], a.ID)
		for _, named := range []string{strconv.FormatInt(int64(a.ID), 10), a.ShortID, "tg:7400000001", "7400000001", "@ann_bell", "@Ann_Bell", "ann@example.org", "ANN@Example.org", " " + a.ShortID} {
			if found, err := w.Find(t.Context(), named); err != nil || found.ID != a.ID {
				t.Errorf("%q: %v, %v", named, found.ID, err)
			}
		}
		for _, named := range []string{"", "0", "-1", "1", "tg:", "tg:x", "tg:7400000002", "@", "@ann", "ann_bell", "ann@example.com", a.ShortID[:10], "%", "7400000001 OR 1=1"} {
			_, err := w.Find(t.Context(), named)
			if errs.CodeOf(err) != errs.NotFound {
				t.Errorf("%q: %v", named, err)
			}
		}
	})
}

func TestTheFirstAdminCodeStandsUntilItIsUsedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		code, err := w.OfferFirstAdmin(t.Context())
		if err != nil || len(code) != 24 {
			t.Fatalf("%q, %v", code, err)
		}
		if again, err := w.OfferFirstAdmin(t.Context()); err != nil || again != code {
			t.Errorf("the next start tells %q, %v", again, err)
		}
		for _, wrong := range []string{"", "x", code + "x"} {
			_, err := w.BecomeFirstAdmin(t.Context(), w.authenticate(w.enter(50).Access), wrong, client)
			w.wantCode(err, errs.MFAInvalid)
		}
		const n = 8
		actors := make([]session.Actor, n)
		for i := range actors {
			actors[i] = w.authenticate(w.enter(int64(i) + 1).Access)
		}
		var won atomic.Int64
		var all sync.WaitGroup
		for _, actor := range actors {
			all.Go(func() {
				switch a, err := w.BecomeFirstAdmin(t.Context(), actor, code, client); errs.CodeOf(err) {
				case "":
					won.Add(1)
					if !a.Has(account.RoleAdmin) {
						t.Error("no admin")
					}
				case errs.MFAInvalid:
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE roles = 'user moderator admin'`) != 1 {
			t.Errorf("%d became the first admin", won.Load())
		}
		if again, err := w.OfferFirstAdmin(t.Context()); err != nil || again != "" {
			t.Errorf("a used code is told: %q, %v", again, err)
		}
		w.advance(time.Minute)
	})
}

func TestAnAdminWhoIsGrantedVoidsTheFirstAdminCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{})
	code, err := w.OfferFirstAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	boss, other := w.enter(1), w.enter(2)
	if _, err := w.Operate(t.Context(), session.Operator{}, boss.Account.ID, session.AccountChange{Roles: []account.Role{account.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	_, err = w.BecomeFirstAdmin(t.Context(), w.authenticate(other.Access), code, client)
	w.wantCode(err, errs.MFAInvalid)
}

func TestAShortIDThatCannotBeIsNotLookedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, named := range []string{"\x00", "aaaaaaaaaa\x00", "\xff", "aaaaaaaaaa\xff"} {
			_, err := w.Find(t.Context(), named)
			w.wantCode(err, errs.NotFound)
			_, err = w.SignInPassword(t.Context(), session.PasswordLogin{Username: "user_" + named, Password: "x"}, client, "en")
			w.wantCode(err, errs.CredentialsInvalid)
		}
	})
}
