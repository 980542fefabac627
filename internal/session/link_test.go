package session_test

import (
	"sync"
	"testing"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

// enterByEmail gives an account that is known by an address and a password alone.
func (w *world) enterByEmail(address string) session.Actor {
	w.t.Helper()
	tokens := w.enter(int64(len(address)) << 32) // somebody, whose Telegram identity is taken away again
	tag := w.vault.EmailTag(address)
	w.db.Exec(w.t, `UPDATE accounts SET telegram_tag = NULL, email_tag = $1, sealed_email = $2, password_hash = 'x' WHERE id = $3`,
		tag[:], account.SealEmail(w.vault, tokens.Account.ID, address), tokens.Account.ID)
	w.DropAccount(tokens.Account.ID)
	return w.authenticate(tokens.Access)
}

func TestBindingKeepsTheAccountAndTheMask(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		actor := w.enterByEmail("ann@example.org")
		mask, err := w.Mask(t.Context(), actor, "en")
		if err != nil {
			t.Fatal(err)
		}
		ann := telegram.User{ID: 51, FirstName: "Ann", Username: "ann", LanguageCode: "ru"}
		bound, err := w.BindTelegramWidget(t.Context(), actor, []byte(w.widget(ann, w.now())), client)
		if err != nil || bound.TelegramTag == nil || bound.SealedTelegram == nil {
			t.Fatalf("%+v, %v", bound, err)
		}
		if bound.Language != "en" {
			t.Errorf("binding changed the language to %s", bound.Language)
		}
		if again := w.enter(51); again.Account.ID != actor.Account.ID || again.Profile.ID != mask.ID || again.Identity.Email != "ann@example.org" || again.Identity.Telegram == nil {
			t.Errorf("Telegram leads to %+v with the mask %d", again.Identity, again.Profile.ID)
		}
		if w.audited("telegram_bound") != 1 {
			t.Error("not in the audit")
		}
	})
}

// Decision 9.
func TestWhoCameByAuthSealsHisIdentityByBindingIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(1)
		actor := w.authenticate(tokens.Access)
		_, err := w.BindTelegramInitData(t.Context(), actor, w.initData(2), client)
		w.wantCode(err, errs.TelegramAlreadyBound)
		bound, err := w.BindTelegramInitData(t.Context(), actor, w.initDataOf(telegram.User{ID: 1, FirstName: "Ann", LanguageCode: "ru"}), client)
		if err != nil || bound.SealedTelegram == nil || bound.Language != "ru" {
			t.Fatalf("%+v, %v", bound, err)
		}
		_, err = w.BindTelegramInitData(t.Context(), actor, w.initData(1), client)
		w.wantCode(err, errs.TelegramAlreadyBound)
	})
}

func TestRefusedBindingsHaveTheContractsCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.enter(1) // takes the identity
		disabled := w.vault.TelegramTag(66)
		w.db.Exec(t, `INSERT INTO disabled_tags (tag) VALUES ($1)`, disabled[:])
		actor := w.enterByEmail("ann@example.org")
		bind := func(body string) error {
			_, err := w.BindTelegramWidget(t.Context(), actor, []byte(body), client)
			return err
		}
		user := telegram.User{ID: 1, FirstName: "Ann"}
		w.wantCode(bind(`{}`), errs.ValidationFailed)
		w.wantCode(bind(w.widget(user, w.now())+" "), errs.TelegramTaken)
		w.wantCode(bind(w.widget(user, w.now().Add(-session.IdleLife))), errs.TelegramDataInvalid)
		w.wantCode(bind(w.widget(telegram.User{ID: 66, FirstName: "Bad"}, w.now())), errs.AccountDisabled)
		_, err := w.BindTelegramInitData(t.Context(), actor, "nonsense", client)
		w.wantCode(err, errs.TelegramDataInvalid)
		w.db.Exec(t, `DELETE FROM accounts WHERE id = $1`, actor.Account.ID)
		w.wantCode(bind(w.widget(telegram.User{ID: 3, FirstName: "Ann"}, w.now())), errs.UserNotFound)
		for range 4 {
			w.wantCode(bind(`{}`), errs.ValidationFailed)
		}
		w.wantCode(bind(`{}`), errs.RateLimited)
		if w.audited("telegram_bound") != 0 {
			t.Error("a refused binding is in the audit")
		}
	})
}

func TestOfManyAccountsThatBindOneIdentityAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	const doors = 8
	actors := make([]session.Actor, doors)
	for i := range actors {
		actors[i] = w.enterByEmail("someone@example.org"[i:])
	}
	outcomes := make(chan error, 2*doors)
	var all sync.WaitGroup
	for i := range 2 * doors { // each account twice
		all.Go(func() {
			_, err := w.BindTelegramInitData(t.Context(), actors[i/2], w.initData(9), client)
			outcomes <- err
		})
	}
	all.Wait()
	close(outcomes)
	bound := 0
	for err := range outcomes {
		switch code := errs.CodeOf(err); code {
		case "":
			bound++
		case errs.TelegramTaken, errs.TelegramAlreadyBound:
		default:
			t.Error(err)
		}
	}
	tag := w.vault.TelegramTag(9)
	if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE telegram_tag = $1`, tag[:]); n != 1 || bound != 1 || w.audited("telegram_bound") != 1 {
		t.Errorf("%d succeeded, %d accounts have it, %d in the audit", bound, n, w.audited("telegram_bound"))
	}
}

func TestTheLastWayInCannotBeUnlinked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		byTelegram := w.authenticate(w.enter(1).Access)
		_, err := w.UnbindTelegram(t.Context(), byTelegram, client)
		w.wantCode(err, errs.LastLoginMethod)
		_, err = w.UnbindEmail(t.Context(), byTelegram, client)
		w.wantCode(err, errs.NotBound)

		byMail := w.enterByEmail("ann@example.org")
		_, err = w.UnbindEmail(t.Context(), byMail, client)
		w.wantCode(err, errs.LastLoginMethod)
		_, err = w.UnbindTelegram(t.Context(), byMail, client)
		w.wantCode(err, errs.NotBound)

		w.db.Exec(t, `INSERT INTO external_identities (tag, account_id, issuer) VALUES ($1, $2, 'x')`, []byte("tag"), byTelegram.Account.ID)
		if left, err := w.UnbindTelegram(t.Context(), byTelegram, client); err != nil || left.TelegramTag != nil {
			t.Errorf("with another issuer's identity: %+v, %v", left, err)
		}
	})
}

func TestUnlinkingLeavesNothingOfTheIdentity(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		actor := w.enterByEmail("ann@example.org")
		bind := func() {
			t.Helper()
			if _, err := w.BindTelegramInitData(t.Context(), actor, w.initDataOf(telegram.User{ID: 9, FirstName: "Ann", Username: "ann"}), client); err != nil {
				t.Fatal(err)
			}
		}
		bind()
		if _, err := w.UnbindTelegram(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE sealed_telegram IS NOT NULL OR name_tag IS NOT NULL OR telegram_tag IS NOT NULL`); n != 0 {
			t.Error("something of Telegram is left")
		}
		if stranger := w.enter(9); stranger.Account.ID == actor.Account.ID || !stranger.NewAccount {
			t.Error("the unlinked identity still leads to the account")
		}
		w.db.Exec(t, `DELETE FROM accounts WHERE telegram_tag IS NOT NULL`)
		bind()
		if _, err := w.UnbindEmail(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE sealed_email IS NOT NULL OR email_tag IS NOT NULL OR password_hash IS NOT NULL OR email_verified`); n != 0 {
			t.Error("something of the address is left")
		}
		if w.audited("telegram_unbound") != 1 || w.audited("email_unbound") != 1 {
			t.Error("not in the audit")
		}
	})
}

func TestOfTwoUnlinkingsAtOnceOneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), session.Config{})
	actor := w.enterByEmail("ann@example.org")
	if _, err := w.BindTelegramInitData(t.Context(), actor, w.initData(9), client); err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan error, 2)
	go func() {
		_, err := w.UnbindTelegram(t.Context(), actor, client)
		outcomes <- err
	}()
	go func() {
		_, err := w.UnbindEmail(t.Context(), actor, client)
		outcomes <- err
	}()
	first, second := errs.CodeOf(<-outcomes), errs.CodeOf(<-outcomes)
	if first+second != errs.LastLoginMethod {
		t.Errorf("%q and %q", first, second)
	}
}

// again is the actor with his account as it is now.
func (w *world) again(actor session.Actor) session.Actor {
	w.t.Helper()
	var err error
	if actor.Account, err = w.db.AccountOf(w.t.Context(), actor.Account.ID); err != nil {
		w.t.Fatal(err)
	}
	return actor
}

func TestUnlinkingEndsWhatBeganWithTheIdentity(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		actor := w.enterByEmail("ann@example.org")
		if _, err := w.BindTelegramInitData(t.Context(), actor, w.initData(guarded), client); err != nil {
			t.Fatal(err)
		}
		other := w.enter(guarded)
		w.db.Exec(t, `INSERT INTO factors (id, account_id, kind, name, sealed, active, created_at) VALUES ('f', $1, 'totp', '', $2, true, 0)`, actor.Account.ID, []byte{})
		w.db.Exec(t, `UPDATE accounts SET mfa_for = 'all'`)
		waiting := w.challenged(client)
		if _, err := w.UnbindTelegram(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(other.Session)
		_, err := w.Authenticate(t.Context(), other.Access)
		w.wantCode(err, errs.SessionRevoked)
		w.refreshFails(other.Refresh, errs.SessionRevoked)
		w.db.Exec(t, `DELETE FROM factors`)
		w.proveFails(waiting.Token, session.FactorTOTP, "000000", errs.MFAExpired)
		if list, err := w.Sessions(t.Context(), w.again(actor)); err != nil || len(list) != 1 || list[0].ID != actor.Session {
			t.Errorf("who unlinked has %+v, %v", list, err)
		}
	})
}

// Decision 8.
func TestWhoUnlinksAnIdentityAndIsDisabledDoesNotComeBackWithIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(guarded)
		actor := w.authenticate(tokens.Access)
		address := w.vault.EmailTag("not-his@example.org")
		w.db.Exec(t, `INSERT INTO external_identities (tag, account_id, issuer) VALUES ($1, $2, 'x')`, []byte("tag"), actor.Account.ID)
		w.db.Exec(t, `UPDATE accounts SET email_tag = $1, sealed_email = $2, password_hash = 'x' WHERE id = $3`,
			address[:], account.SealEmail(w.vault, actor.Account.ID, "not-his@example.org"), actor.Account.ID)
		if _, err := w.UnbindEmail(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if _, err := w.UnbindTelegram(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		operate := func(active bool) {
			t.Helper()
			if _, err := w.Operate(t.Context(), session.Operator{}, actor.Account.ID, session.AccountChange{Active: &active}); err != nil {
				t.Fatal(err)
			}
		}
		operate(false)
		_, err := w.enterFrom(guarded, client)
		w.wantCode(err, errs.AccountDisabled)
		if n := w.db.Count(t, `SELECT COUNT(*) FROM disabled_tags WHERE tag = $1`, address[:]); n != 0 {
			t.Error("an address that he never proved is disabled")
		}
		w.db.Exec(t, `DELETE FROM accounts WHERE telegram_tag IS NOT NULL`)
		operate(true)
		w.enter(guarded)
		w.db.Exec(t, `DELETE FROM accounts WHERE telegram_tag IS NOT NULL`)

		for _, step := range []struct {
			after time.Duration
			gone  int64
		}{{session.UnboundLife - time.Hour, 0}, {time.Hour, 1}, {0, 0}} {
			w.advance(step.after)
			if n, err := w.db.DropUnbound(t.Context(), w.now(), 10); n != step.gone || err != nil {
				t.Errorf("forgot %d, want %d; %v", n, step.gone, err)
			}
		}
		operate(false)
		w.enter(guarded)
	})
}
