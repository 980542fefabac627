package session_test

import (
	"strconv"
	"sync"
	"testing"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

func TestRightPasswordsAtOnceDoNotLock(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		outcomes := make(chan error, 12)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				_, err := w.login("ann@example.com", goodPassword, client)
				outcomes <- err
			})
		}
		all.Wait()
		close(outcomes)
		for err := range outcomes {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTriesThatWereNotLookedAtDoNotLock(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		w.db.Exec(t, `UPDATE accounts SET password_hash = 'nonsense'`) // stands for whatever keeps it from being checked
		for range 12 {
			if _, err := w.login("ann@example.com", goodPassword, client); err == nil || errs.CodeOf(err) == errs.AccountLocked {
				t.Fatal(err)
			}
		}
	})
}

func TestOneAddressCannotFillTheQueueOfTheHasher(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	w.register("ann@example.com")
	flood := client
	flood.IP = "203.0.113.9"
	var all sync.WaitGroup
	codes := make(chan errs.Code, 200)
	for i := range 200 {
		all.Go(func() {
			_, err := w.login("a"+strconv.Itoa(i)+"@example.com", "wrong9", flood)
			codes <- errs.CodeOf(err)
		})
	}
	if _, err := w.login("ann@example.com", goodPassword, client); err != nil {
		t.Errorf("from another address: %v", err)
	}
	all.Wait()
	close(codes)
	count := map[errs.Code]int{}
	for code := range codes {
		count[code]++
	}
	// 50 failures in a row, and few more at once.
	if failed := count[errs.CredentialsInvalid]; failed < 50 || failed > 53 || failed+count[errs.RateLimited] != 200 {
		t.Errorf("%v", count)
	}
}

func TestALockDoesNotTellWhichNamesLeadToOneAccount(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		if _, err := w.BindTelegramInitData(t.Context(), w.authenticate(tokens.Access), w.initDataOf(telegram.User{ID: 7, FirstName: "Ann", Username: "ann_tg"}), client); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
		}
		w.loginFails("ann@example.com", goodPassword, errs.AccountLocked)
		for _, name := range []string{"ann_tg", "user_" + tokens.Account.ShortID, "nobody"} {
			_, err := w.SignInPassword(t.Context(), session.PasswordLogin{Username: name, Password: "wrong9"}, client, locale.English)
			w.wantCode(err, errs.CredentialsInvalid)
		}
	})
}
