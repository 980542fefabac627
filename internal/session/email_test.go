package session_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

func credentialsOf(address string) session.NewCredentials {
	return session.NewCredentials{Email: address, Password: goodPassword, Confirm: goodPassword}
}

func (w *mailWorld) bind(actor session.Actor, address string) error {
	_, _, err := w.BindEmail(w.t.Context(), actor, credentialsOf(address), client)
	return err
}

func TestALinkedAddressLeadsToTheSameAccountAndMask(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		anonymous := w.enter(1)
		bound, warning, err := w.BindEmail(t.Context(), w.authenticate(anonymous.Access), credentialsOf("Ann@example.com"), client)
		if err != nil || warning != "" || bound.ID != anonymous.Account.ID || bound.EmailVerified {
			t.Fatalf("%+v, %q, %v", bound, warning, err)
		}
		byMail, err := w.login("ann@EXAMPLE.com", goodPassword, client)
		if err != nil || byMail.Account.ID != anonymous.Account.ID || byMail.Profile.ID != anonymous.Profile.ID || byMail.Identity.Email != "Ann@example.com" {
			t.Errorf("%+v, %v", byMail.Identity, err)
		}
		w.wantCode(w.bind(w.authenticate(anonymous.Access), "other@example.com"), errs.EmailAlreadyBound)
		if letter := w.letters.Next(t); letter.To != "Ann@example.com" || letter.Subject != "Confirm your e-mail address" {
			t.Errorf("%+v", letter)
		}
		if w.audited("email_bound") != 1 {
			t.Error("not in the audit")
		}
	})
}

func TestLettersSpeakTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{})
	tokens, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: 1, FirstName: "Аня", LanguageCode: "ru"}), true, client, locale.English)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.bind(w.authenticate(tokens.Access), "ann@example.com"); err != nil {
		t.Fatal(err)
	}
	if letter := w.letters.Next(t); letter.Subject != "Подтвердите адрес почты" {
		t.Error(letter.Subject)
	}
	if _, _, err := w.Register(t.Context(), credentialsOf("li@example.com"), client, locale.Chinese); err != nil {
		t.Fatal(err)
	}
	if letter := w.letters.Next(t); letter.Subject != "请验证您的邮箱" {
		t.Error(letter.Subject)
	}
}

func TestTheLinkProvesTheAddressOnceAndForADay(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		verify := func(token string) errs.Code { return errs.CodeOf(w.open(token, goodPassword)) }
		tokens := w.register("ann@example.com")
		actor := w.authenticate(tokens.Access)
		first := w.token("verify-email")
		if err := w.SendVerification(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		second := w.token("verify-email")
		if first == second || verify(first) != errs.VerificationTokenInvalid {
			t.Error("an older link still works")
		}
		w.advance(24 * time.Hour)
		if verify(second) != errs.VerificationTokenInvalid {
			t.Error("a link of yesterday works")
		}
		if err := w.SendVerification(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		third := w.token("verify-email")
		w.advance(24*time.Hour - time.Second)
		for _, token := range []string{"", "x", third[1:], third + "A", strings.ToUpper(third)} {
			if verify(token) != errs.VerificationTokenInvalid {
				t.Errorf("%q works", token)
			}
		}
		if _, err := w.ResetPassword(t.Context(), session.PasswordReset{Token: third, Password: goodPassword, Confirm: goodPassword}, client); errs.CodeOf(err) != errs.ResetTokenInvalid {
			t.Errorf("the link resets the password: %v", err)
		}
		if code := verify(third); code != "" || w.audited("email_verified") != 1 {
			t.Errorf("%s", code)
		}
		if verify(third) != errs.VerificationTokenInvalid {
			t.Error("the link works twice")
		}
		if bytes.Contains(w.db.Dump(t), []byte(third)) {
			t.Error("the database holds the token")
		}
		again := w.renew(tokens.Refresh)
		if !again.Account.EmailVerified {
			t.Error("the address is not proved")
		}
		w.wantCode(w.SendVerification(t.Context(), w.authenticate(again.Access), client), errs.EmailVerified)
		w.wantCode(w.SendVerification(t.Context(), w.authenticate(w.enter(1).Access), client), errs.NotBound)
	})
}

func TestALinkDoesNotProveAnotherAddress(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		actor := w.authenticate(w.enter(1).Access)
		if err := w.bind(actor, "first@example.com"); err != nil {
			t.Fatal(err)
		}
		link := w.token("verify-email")
		if _, err := w.UnbindEmail(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if err := w.bind(w.authenticate(w.enter(1).Access), "second@example.com"); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.open(link, goodPassword), errs.VerificationTokenInvalid)
	})
}

func TestLettersToOneAddressAreFew(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{})
	actor := w.authenticate(w.register("ann@example.com").Access)
	for range 2 { // the letter of the registration counts
		if err := w.SendVerification(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCode(w.SendVerification(t.Context(), actor, client), errs.RateLimited)
	w.wantCode(w.ForgotPassword(t.Context(), "ANN@example.com", client), errs.RateLimited) // they count together
	for range 3 {
		if err := w.ForgotPassword(t.Context(), "nobody@example.com", client); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCode(w.ForgotPassword(t.Context(), "nobody@example.com", client), errs.RateLimited) // and nobody is no exception
	var err error
	for i := range 20 {
		err = w.ForgotPassword(t.Context(), "n"+strings.Repeat("o", i)+"body@example.com", client)
	}
	w.wantCode(err, errs.RateLimited)
}

func TestLinkingAndUnlinkingFloodsNobodysMailbox(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		for id := range int64(6) {
			actor := w.authenticate(w.enter(id + 1).Access)
			if err := w.bind(actor, "stranger@example.com"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.UnbindEmail(t.Context(), actor, client); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if letter := w.letters.Next(t); letter.To != "stranger@example.com" {
				t.Errorf("%+v", letter)
			}
		}
		if err := w.bind(w.authenticate(w.enter(99).Access), "other@example.com"); err != nil {
			t.Fatal(err)
		}
		if letter := w.letters.Next(t); letter.To != "other@example.com" { // letters come in the order in which they were written
			t.Errorf("a fourth letter: %+v", letter)
		}
	})
}

func TestOfManyAccountsThatLinkOneAddressAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	const doors = 8
	outcomes := make(chan errs.Code, 2*doors)
	var all sync.WaitGroup
	for i := range doors {
		actor := w.authenticate(w.enter(int64(i + 1)).Access)
		for range 2 {
			all.Go(func() { outcomes <- errs.CodeOf(w.bind(actor, "ann@example.com")) })
		}
	}
	all.Wait()
	close(outcomes)
	count := map[errs.Code]int{}
	for code := range outcomes {
		count[code]++
	}
	tag := w.vault.EmailTag("ann@example.com")
	held := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE email_tag = $1`, tag[:])
	if count[""] != 1 || count[""]+count[errs.EmailTaken]+count[errs.EmailAlreadyBound] != 2*doors || held != 1 || w.audited("email_bound") != 1 {
		t.Errorf("%v, %d accounts hold it", count, held)
	}
}

// Decision 46.
func TestAnAddressGoesToWhoeverProvesIt(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		squatter := w.register("ann@example.com")
		w.token("verify-email") // goes to Ann, who ignores it
		ann := w.enter(1)
		w.wantCode(w.bind(w.authenticate(ann.Access), "Ann@Example.com"), errs.EmailTaken)
		letter := w.letters.Next(t)
		page, link := letter.Link(t)
		if letter.To != "Ann@example.com" || letter.Subject != "Is this your e-mail address?" || page != "https://maska.example.org/verify-email" {
			t.Fatalf("%+v", letter)
		}
		if err := w.open(link, goodPassword); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.open(link, goodPassword), errs.VerificationTokenInvalid)
		byMail, err := w.login("ann@example.com", goodPassword, client)
		if err != nil || byMail.Account.ID != ann.Account.ID || byMail.Profile.ID != ann.Profile.ID || !byMail.Account.EmailVerified || byMail.Identity.Email != "Ann@Example.com" {
			t.Errorf("%+v, %v", byMail.Identity, err)
		}
		if left := w.authenticate(squatter.Access).Account; left.EmailTag != nil || left.PasswordHash != "" {
			t.Errorf("the other account keeps %+v", left)
		}
		if w.audited("email_bound") != 1 || w.audited("email_unbound") != 1 || w.audited("email_verified") != 1 {
			t.Error("not in the audit")
		}
		// Who has proved an address keeps it, and is not bothered.
		w.advance(time.Hour) // letters to one address are few
		w.wantCode(w.bind(w.authenticate(w.enter(2).Access), "ann@example.com"), errs.EmailTaken)
		if err := w.ForgotPassword(t.Context(), "ann@example.com", client); err != nil {
			t.Fatal(err)
		}
		if letter := w.letters.Next(t); letter.Subject != "A new password for Maska" {
			t.Errorf("%+v", letter)
		}
	})
}

func TestWhoWantedToRegisterWithAnAddressChoosesThePasswordWhereHeReadsItsMail(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		squatter := w.register("ann@example.com")
		w.token("verify-email")
		register := func(secret string) string {
			t.Helper()
			_, _, err := w.Register(t.Context(), session.NewCredentials{Email: "ann@example.com", Password: secret, Confirm: secret}, client, locale.Russian)
			w.wantCode(err, errs.EmailTaken)
			letter := w.letters.Next(t)
			if letter.Subject != "Это ваш адрес почты?" {
				t.Error(letter.Subject)
			}
			_, link := letter.Link(t)
			return link
		}
		const own, other = "own0pass", "other0pass"
		first, second := register(own), register(other) // somebody else asks too: Ann's own letter works all the same
		for _, secret := range []string{"", own, other, goodPassword} {
			err := w.open(first, secret)
			w.wantCode(err, errs.ReauthRequired)
			if errs.From(err).Reason != "new_password" {
				t.Error(err)
			}
		}
		w.wantCode(w.openAnew(first, "weak"), errs.PasswordWeak)
		if err := w.openAnew(first, own); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.openAnew(first, other), errs.VerificationTokenInvalid)
		w.wantCode(w.openAnew(second, other), errs.VerificationTokenInvalid)
		ann, err := w.login("ann@example.com", own, client)
		if err != nil || ann.Account.ID == squatter.Account.ID || !ann.Account.EmailVerified || ann.Account.Language != locale.Russian {
			t.Errorf("%+v, %v", ann.Account, err)
		}
		w.loginFails("ann@example.com", other, errs.CredentialsInvalid)
		w.loginFails("ann@example.com", goodPassword, errs.CredentialsInvalid)
	})
}

func TestALinkProvesTheAddressOfItsReaderAndNothingOfAStrangersAccount(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		// Somebody names Ann's address in an account that he has another door to.
		squatter := w.register("ann@example.com")
		if _, err := w.BindTelegramInitData(t.Context(), w.authenticate(squatter.Access), w.initData(666), client); err != nil {
			t.Fatal(err)
		}
		link := w.token("verify-email")
		err := w.open(link, "") // the link alone
		w.wantCode(err, errs.ReauthRequired)
		if errs.From(err).Reason != "password" {
			t.Error(err)
		}
		w.wantCode(w.open(link, "ann0guess"), errs.CredentialsInvalid)
		_, err = w.VerifyEmail(t.Context(), session.EmailProof{Token: link, Opener: w.enter(1).Account.ID}, client, locale.English) // a session of another account
		w.wantCode(err, errs.ReauthRequired)
		if w.authenticate(squatter.Access).Account.EmailVerified {
			t.Fatal("the address is proved in a stranger's account")
		}
		if err := w.openAnew(link, "ann0pass"); err != nil {
			t.Fatal(err)
		}
		ann, err := w.login("ann@example.com", "ann0pass", client)
		if err != nil || ann.Account.ID == squatter.Account.ID || !ann.Account.EmailVerified {
			t.Fatalf("%+v, %v", ann.Account, err)
		}
		if left := w.enter(666); left.Account.ID != squatter.Account.ID || left.Identity.Email != "" || left.Account.PasswordHash != "" {
			t.Errorf("the stranger's account keeps %+v", left.Identity)
		}
		if err := w.ForgotPassword(t.Context(), "ann@example.com", client); err != nil {
			t.Fatal(err)
		}
		chosen := session.PasswordReset{Token: w.token("reset-password"), Password: "new0pass", Confirm: "new0pass"}
		if _, err := w.ResetPassword(t.Context(), chosen, client); err != nil {
			t.Fatal(err)
		}
		if again, err := w.login("ann@example.com", "new0pass", client); err != nil || again.Account.ID != ann.Account.ID {
			t.Error(err)
		}
	})
}

func TestTheOwnSessionNeedsNoPasswordForALink(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		own := w.register("ann@example.com")
		if _, err := w.VerifyEmail(t.Context(), session.EmailProof{Token: w.token("verify-email"), Opener: own.Account.ID}, client, locale.English); err != nil {
			t.Fatal(err)
		}
		if !w.authenticate(w.renew(own.Refresh).Access).Account.EmailVerified {
			t.Error("the address is not proved")
		}
	})
}

func TestAClaimGoesToNobodyWhoDoesNotHoldTheAccountThatMadeIt(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		w.token("verify-email")
		stranger := w.enter(666)
		w.wantCode(w.bind(w.authenticate(stranger.Access), "ann@example.com"), errs.EmailTaken)
		link := w.token("verify-email")
		w.wantCode(w.open(link, ""), errs.ReauthRequired)
		w.wantCode(w.open(link, "ann0guess"), errs.CredentialsInvalid)
		if err := w.openAnew(link, "ann0pass"); err != nil {
			t.Fatal(err)
		}
		if ann, err := w.login("ann@example.com", "ann0pass", client); err != nil || ann.Account.ID == stranger.Account.ID {
			t.Errorf("%+v, %v", ann.Account, err)
		}
		w.loginFails("ann@example.com", goodPassword, errs.CredentialsInvalid)
	})
}

func TestNobodyGetsAnAccountByALinkWhereSignUpIsClosed(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{SignupClosed: true})
	if err := w.bind(w.authenticate(w.enter(1).Access), "ann@example.com"); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.openAnew(w.token("verify-email"), "ann0pass"), errs.SignupDisabled)
}

func TestWhatAnErasedAccountClaimedGoesWithIt(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		w.token("verify-email")
		actor := w.authenticate(w.enter(1).Access)
		w.wantCode(w.bind(actor, "ann@example.com"), errs.EmailTaken)
		link := w.token("verify-email")
		if n := w.db.Count(t, `SELECT COUNT(*) FROM mail_tokens WHERE kind = 'claim'`); n != 1 {
			t.Fatalf("%d claims", n)
		}
		if err := w.Delete(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM mail_tokens WHERE kind = 'claim' OR sealed IS NOT NULL`); n != 0 {
			t.Errorf("%d claims are kept", n)
		}
		w.wantCode(w.open(link, goodPassword), errs.VerificationTokenInvalid)
	})
}

func TestADisabledHolderIsNotRidOfHisAddress(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		holder := w.register("ann@example.com")
		w.token("verify-email")
		w.wantCode(w.bind(w.authenticate(w.enter(1).Access), "ann@example.com"), errs.EmailTaken)
		link := w.token("verify-email")
		w.db.Exec(t, `UPDATE accounts SET active = $1 WHERE id = $2`, false, holder.Account.ID)
		w.wantCode(w.open(link, goodPassword), errs.VerificationTokenInvalid)
	})
}

func TestAClaimIsVoidOnceTheHolderProvesTheAddress(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		own := w.token("verify-email")
		w.wantCode(w.bind(w.authenticate(w.enter(1).Access), "ann@example.com"), errs.EmailTaken)
		claim := w.token("verify-email")
		if err := w.open(own, goodPassword); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.open(claim, goodPassword), errs.VerificationTokenInvalid)
	})
}

func TestOfOneClaimOpenedManyTimesAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	w.register("ann@example.com")
	own := w.token("verify-email")
	w.wantCode(w.bind(w.authenticate(w.enter(1).Access), "ann@example.com"), errs.EmailTaken)
	claim := w.token("verify-email")
	outcomes := make(chan errs.Code, 12)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() { outcomes <- errs.CodeOf(w.open([]string{claim, own}[i%2], goodPassword)) })
	}
	all.Wait()
	close(outcomes)
	count := map[errs.Code]int{}
	for code := range outcomes {
		count[code]++
	}
	if count[""] != 1 || count[errs.VerificationTokenInvalid] != 11 || w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE email_tag IS NOT NULL AND email_verified`) != 1 {
		t.Errorf("%v", count)
	}
}

func TestAForgottenPasswordIsResetByMail(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		reset := func(token, chosen string) error {
			_, err := w.ResetPassword(t.Context(), session.PasswordReset{Token: token, Password: chosen, Confirm: chosen}, client)
			return err
		}
		forgot := func() string {
			t.Helper()
			if err := w.ForgotPassword(t.Context(), " ANN@example.com ", client); err != nil {
				t.Fatal(err)
			}
			return w.token("reset-password")
		}
		tokens := w.registerProved("ann@example.com")
		second, err := w.login("ann@example.com", goodPassword, client)
		if err != nil {
			t.Fatal(err)
		}
		first := forgot()
		w.advance(30 * time.Minute)
		w.wantCode(reset(first, "new0pass"), errs.ResetTokenInvalid)
		forgot()
		w.advance(time.Hour)
		older := forgot()
		link := forgot()
		w.wantCode(reset(older, "new0pass"), errs.ResetTokenInvalid)
		w.wantCode(reset("nonsense", "weak"), errs.PasswordWeak) // 400 of the fields before 400 of the token
		w.wantCode(reset(link, "weak"), errs.PasswordWeak)
		w.wantCode(w.open(link, goodPassword), errs.VerificationTokenInvalid)
		for range 5 {
			w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
		}
		if err := reset(link, "new0pass"); err != nil {
			t.Fatal(err)
		}
		w.wantCode(reset(link, "other0pass"), errs.ResetTokenInvalid)
		w.wantEnded(tokens.Session, second.Session)
		w.refreshFails(tokens.Refresh, errs.SessionRevoked)
		if again, err := w.login("ann@example.com", "new0pass", client); err != nil || again.Account.ID != tokens.Account.ID { // and the lock is gone
			t.Errorf("%v", err)
		}
		if letter := w.letters.Next(t); letter.Subject != "Your Maska password was changed" {
			t.Errorf("%+v", letter)
		}
		if w.audited("password_reset") != 1 || w.audited("password_reset_requested") != 4 {
			t.Errorf("audit: %d resets, %d requests", w.audited("password_reset"), w.audited("password_reset_requested"))
		}
		if bytes.Contains(w.db.Dump(t), []byte(link)) {
			t.Error("the database holds the token")
		}
	})
}

func TestNobodyIsWrittenToWhoCannotReset(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("unproved@example.com")
		w.token("verify-email")
		disabled := w.registerProved("disabled@example.com")
		w.db.Exec(t, `UPDATE accounts SET active = $1 WHERE id = $2`, false, disabled.Account.ID)
		for _, address := range []string{"unproved@example.com", "disabled@example.com", "nobody@example.com"} {
			if err := w.ForgotPassword(t.Context(), address, client); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
		w.wantCode(w.ForgotPassword(t.Context(), "nonsense", client), errs.EmailInvalid)
		w.registerProved("ann@example.com")
		if err := w.ForgotPassword(t.Context(), "ann@example.com", client); err != nil {
			t.Fatal(err)
		}
		if letter := w.letters.Next(t); letter.To != "ann@example.com" { // the first letter since
			t.Errorf("%+v", letter)
		}
		if n := w.audited("password_reset_requested"); n != 1 {
			t.Errorf("%d requests in the audit", n)
		}
	})
}

func TestOfOneResetLinkUsedManyTimesAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	w.registerProved("ann@example.com")
	if err := w.ForgotPassword(t.Context(), "ann@example.com", client); err != nil {
		t.Fatal(err)
	}
	link := w.token("reset-password")
	outcomes := make(chan errs.Code, 8)
	var winner string
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		chosen := "new0pass" + string(rune('a'+i))
		all.Go(func() {
			_, err := w.ResetPassword(t.Context(), session.PasswordReset{Token: link, Password: chosen, Confirm: chosen}, client)
			if err == nil {
				mu.Lock()
				winner = chosen
				mu.Unlock()
			}
			outcomes <- errs.CodeOf(err)
		})
	}
	all.Wait()
	close(outcomes)
	count := map[errs.Code]int{}
	for code := range outcomes {
		count[code]++
	}
	if count[""] != 1 || count[errs.ResetTokenInvalid] != 7 || w.audited("password_reset") != 1 {
		t.Errorf("%v", count)
	}
	if _, err := w.login("ann@example.com", winner, client); err != nil {
		t.Error(err)
	}
}

func TestADisabledAddressCannotBeLinkedAgain(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tag := w.vault.EmailTag("ann@example.com")
		w.db.Exec(t, `INSERT INTO disabled_tags (tag) VALUES ($1)`, tag[:])
		w.wantCode(w.bind(w.authenticate(w.enter(1).Access), "ann@example.com"), errs.AccountDisabled)
		_, _, err := w.Register(t.Context(), credentialsOf("ann@example.com"), client, locale.English)
		w.wantCode(err, errs.AccountDisabled)
		w.loginFails("ann@example.com", goodPassword, errs.AccountDisabled)
	})
}

func TestNoticesReachAProvedAddressOnly(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{})
	unproved := w.register("unproved@example.com")
	w.token("verify-email")
	proved := w.registerProved("ann@example.com")
	notice := session.Notice{Kind: session.NoticeNewDevice, Device: session.Device{Name: "iPhone"}, Country: "PT"}
	w.MailNotice(t.Context(), unproved.Account, notice)
	w.MailNotice(t.Context(), w.enter(1).Account, notice)
	w.MailNotice(t.Context(), w.renew(proved.Refresh).Account, notice)
	if letter := w.letters.Next(t); letter.To != "ann@example.com" || !strings.Contains(letter.Text, "iPhone (PT)") {
		t.Errorf("%+v", letter)
	}
}
