package session_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/mail"
	"maska/internal/password"
	"maska/internal/random"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/testkit"
)

// mailWorld is a world in which mail arrives. Hashes cost little: what they cost in the product is
// tested in package password.
type mailWorld struct {
	*world
	letters *testkit.MailServer
}

const goodPassword = "vzr9kqpw"

// eachMail runs a test on both databases.
func eachMail(t *testing.T, cfg session.Config, test func(t *testing.T, w *mailWorld)) {
	t.Helper()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) { test(t, newMailWorld(t, db, cfg)) })
}

func newMailWorld(t *testing.T, db *testkit.Database, cfg session.Config) *mailWorld {
	t.Helper()
	server := testkit.StartMail(t, nil)
	sender, err := mail.NewSMTP(mail.SMTPConfig{Host: server.Host, Port: server.Port, Secure: mail.Plain, From: netmail.Address{Address: "noreply@example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	outbox, err := mail.NewOutbox(sender, "https://maska.example.org", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outbox.Close(time.Minute) })
	cfg.Mailer = outbox
	cfg.Passwords = password.NewHasher(password.Params{Memory: 64, Passes: 1, Lanes: 1}, 2, random.New(rand.Reader))
	return &mailWorld{world: newWorld(t, db, cfg), letters: server}
}

func (w *mailWorld) register(address string) session.Tokens {
	w.t.Helper()
	tokens, _, err := w.Register(w.t.Context(), session.NewCredentials{Email: address, Password: goodPassword, Confirm: goodPassword}, client, locale.English)
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

// token waits for a letter and takes its link.
func (w *mailWorld) token(kind string) string {
	w.t.Helper()
	letter := w.letters.Next(w.t)
	page, token := letter.Link(w.t)
	if page != "https://maska.example.org/"+kind {
		w.t.Fatalf("a letter that leads to %s: %s", page, letter.Text)
	}
	return token
}

// registerProved makes an account whose address is proved.
func (w *mailWorld) registerProved(address string) session.Tokens {
	w.t.Helper()
	tokens := w.register(address)
	if err := w.open(w.token("verify-email"), goodPassword); err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

// open opens the link of a letter, signed in nowhere, with the password that its reader knows.
func (w *mailWorld) open(token, secret string) error {
	_, err := w.VerifyEmail(w.t.Context(), session.EmailProof{Token: token, Password: secret}, client, locale.English)
	return err
}

// openAnew opens it as somebody who knows no account of his with that address, and wants one.
func (w *mailWorld) openAnew(token, chosen string) error {
	_, err := w.VerifyEmail(w.t.Context(), session.EmailProof{Token: token, Password: chosen, Confirm: chosen}, client, locale.Russian)
	return err
}

func (w *mailWorld) login(address, secret string, from session.Client) (session.Tokens, error) {
	return w.SignInPassword(w.t.Context(), session.PasswordLogin{Email: address, Password: secret}, from, locale.English)
}

func (w *mailWorld) loginFails(address, secret string, want errs.Code) {
	w.t.Helper()
	_, err := w.login(address, secret, client)
	w.wantCode(err, want)
}

func TestAnAddressAndAPasswordLeadToOneAccountAndMask(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		first := w.register(" Ann.Smith@Почта.РФ ")
		if !first.NewAccount || first.Identity.Email != "Ann.Smith@Почта.РФ" || first.Account.EmailVerified || first.Account.Language != locale.English || first.Profile.ID == 0 {
			t.Fatalf("%+v %+v", first.Account, first.Identity)
		}
		for _, typed := range []string{"ann.smith@почта.рф", "ANN.SMITH@XN--80A1ACNY.XN--P1AI"} {
			again, err := w.login(typed, goodPassword, client)
			if err != nil || again.NewAccount || again.Account.ID != first.Account.ID || again.Profile.ID != first.Profile.ID {
				t.Errorf("%s: %+v, %v", typed, again.Account, err)
			}
		}
		w.loginFails("ann.smith@почта.рф", goodPassword+" ", errs.CredentialsInvalid)
		w.loginFails("nobody@example.com", goodPassword, errs.CredentialsInvalid)
		if w.audited("user_created") != 1 || w.audited("login_success") != 3 || w.audited("login_fail") != 2 {
			t.Errorf("audit: %d %d %d", w.audited("user_created"), w.audited("login_success"), w.audited("login_fail"))
		}
		dump := w.db.Dump(t)
		for _, secret := range []string{goodPassword, "Ann.Smith", "ann.smith", "почта", "xn--80a1acny"} {
			if bytes.Contains(dump, []byte(secret)) {
				t.Errorf("the database holds %q", secret)
			}
		}
	})
}

func TestAUsernameAndAPasswordSignInToo(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		actor := w.authenticate(tokens.Access)
		if _, err := w.BindTelegramInitData(t.Context(), actor, w.initDataOf(telegram.User{ID: 7, FirstName: "Ann", Username: "Ann_Smith"}), client); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"ann_smith", "@ANN_SMITH", "user_" + tokens.Account.ShortID} {
			again, err := w.SignInPassword(t.Context(), session.PasswordLogin{Username: name, Password: goodPassword}, client, locale.English)
			if err != nil || again.Account.ID != tokens.Account.ID {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, in := range []session.PasswordLogin{{Username: "nobody", Password: goodPassword}, {Username: "user_" + strings.Repeat("x", 11), Password: goodPassword}, {Username: "ann_smith", Password: "x"}} {
			_, err := w.SignInPassword(t.Context(), in, client, locale.English)
			w.wantCode(err, errs.CredentialsInvalid)
		}
		for _, in := range []session.PasswordLogin{
			{}, {Password: "x"}, {Email: "ann@example.com"}, {Email: "ann@example.com", Username: "ann_smith", Password: "x"}, {Email: "ann", Password: "x"}, {Email: "ann@example.com", Password: strings.Repeat("x", 513)},
		} {
			_, err := w.SignInPassword(t.Context(), in, client, locale.English)
			w.wantCode(err, errs.ValidationFailed)
		}
	})
}

func TestFailuresLockForLongerAndLongerAndNeverForGood(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		for _, address := range []string{"ann@example.com", "nobody@example.com"} { // nobody can tell them apart
			from := client
			for _, minutes := range []time.Duration{1, 2, 4, 8, 15, 15} {
				from.IP = "203.0.113." + minutes.String()[:1] // the limit of one address is another matter
				for range 5 {
					_, err := w.login(address, "wrong9", from)
					w.wantCode(err, errs.CredentialsInvalid)
				}
				_, err := w.login(address, goodPassword, from)
				w.wantCode(err, errs.AccountLocked)
				if wait := errs.From(err).RetryAfter; wait != minutes*time.Minute {
					t.Errorf("%s: locked for %v, want %d minutes", address, wait, minutes)
				}
				w.advance(minutes * time.Minute)
			}
		}
		if tokens, err := w.login("ann@example.com", goodPassword, client); err != nil || tokens.NewAccount {
			t.Errorf("after the lock: %v", err)
		}
		if n := w.audited("login_locked"); n != 12 {
			t.Errorf("%d locks in the audit", n)
		}
		// A right password forgets the failures.
		for range 2 {
			for range 4 {
				w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
			}
			if _, err := w.login("ann@example.com", goodPassword, client); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSlowFailuresDoNotLock(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(_ *testing.T, w *mailWorld) {
		w.register("ann@example.com")
		for range 12 {
			w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
			w.advance(4 * time.Minute)
		}
	})
}

func TestStrangersCannotLockSomebodyOutOfHisOwnDevice(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		own, stranger := client, client
		own.DeviceID, stranger.DeviceID = "own-device-0123456789abcdef", "other-device-0123456789abcdef"
		w.register("ann@example.com")
		if _, err := w.login("ann@example.com", goodPassword, own); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, err := w.login("ann@example.com", "wrong9", stranger)
			w.wantCode(err, errs.CredentialsInvalid)
		}
		_, err := w.login("ann@example.com", goodPassword, stranger)
		w.wantCode(err, errs.AccountLocked)
		_, err = w.login("ann@example.com", goodPassword, client)
		w.wantCode(err, errs.AccountLocked)
		if _, err := w.login("ann@example.com", goodPassword, own); err != nil {
			t.Errorf("his own device: %v", err)
		}
		if _, err := w.SignInTelegram(t.Context(), w.initData(1), false, client, locale.English); err != nil {
			t.Errorf("Telegram: %v", err)
		}
	})
}

func TestGuessesAtOnceAreNoMoreThanGuessesInARow(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	w.register("ann@example.com")
	for _, address := range []string{"ann@example.com", "nobody@example.com"} {
		outcomes := make(chan errs.Code, 40)
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				_, err := w.login(address, "wrong9", client)
				outcomes <- errs.CodeOf(err)
			})
		}
		all.Wait()
		close(outcomes)
		count := map[errs.Code]int{}
		for code := range outcomes {
			count[code]++
		}
		if count[errs.CredentialsInvalid] != 5 || count[errs.AccountLocked] != 35 {
			t.Errorf("%s: %v", address, count)
		}
	}
}

func TestOneAddressCannotTryManyAccounts(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{})
	var err error
	for i := range 51 {
		_, err = w.login("a"+strings.Repeat("b", i)+"@example.com", "wrong9", client)
	}
	w.wantCode(err, errs.RateLimited)
	other := client
	other.IP = "203.0.113.5"
	_, err = w.login("a@example.org", "wrong9", other)
	w.wantCode(err, errs.CredentialsInvalid)
}

func TestAHashOfAnotherSystemIsReplacedAtTheFirstSignIn(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		w.db.Exec(t, `UPDATE accounts SET password_hash = '$2b$05$Wu.Ug1WJegG.a2ZBXDSrhuyX3fSI74LoDFjWgQDO59W51fBKBGKEG' WHERE id = $1`, tokens.Account.ID)
		w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
		for range 2 {
			if _, err := w.login("ann@example.com", "Tr0ub4dor&3", client); err != nil {
				t.Fatal(err)
			}
			if n := w.db.Count(t, `SELECT COUNT(*) FROM accounts WHERE password_hash LIKE '$argon2id$%'`); n != 1 {
				t.Error("the hash was not replaced")
			}
		}
	})
}

func TestADisabledAccountIsToldSoOnlyWithItsPassword(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		w.db.Exec(t, `UPDATE accounts SET active = $1 WHERE id = $2`, false, tokens.Account.ID)
		w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
		w.loginFails("ann@example.com", goodPassword, errs.AccountDisabled)
	})
}

func TestARequiredProofOfTheAddressHoldsUpThePasswordOnly(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{VerifyFirst: true}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		w.token("verify-email")
		w.loginFails("ann@example.com", "wrong9", errs.CredentialsInvalid)
		w.loginFails("ann@example.com", goodPassword, errs.EmailNotVerified)
		link := w.token("verify-email") // comes with the refusal: without a session nobody could ask for it
		w.renew(tokens.Refresh)
		if err := w.open(link, goodPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := w.login("ann@example.com", goodPassword, client); err != nil {
			t.Errorf("after the proof: %v", err)
		}
		for range 4 { // the letters are limited, the answer is the same
			other := w.register("bob" + strings.Repeat("b", w.audited("user_created")) + "@example.com")
			for range 4 {
				w.loginFails(other.Identity.Email, goodPassword, errs.EmailNotVerified)
			}
		}
	})
}

func TestOfManyRegistrationsOfOneAddressOneSucceeds(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.Postgres(t), session.Config{})
	outcomes := make(chan errs.Code, 10)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			from := client
			from.IP = "203.0.113." + strconv.Itoa(i)
			address := []string{"ann@example.com", "ANN@Example.COM"}[i%2]
			_, _, err := w.Register(t.Context(), session.NewCredentials{Email: address, Password: goodPassword, Confirm: goodPassword}, from, locale.English)
			outcomes <- errs.CodeOf(err)
		})
	}
	all.Wait()
	close(outcomes)
	count := map[errs.Code]int{}
	for code := range outcomes {
		count[code]++
	}
	if count[""] != 1 || count[errs.EmailTaken] != 9 || w.db.Count(t, `SELECT COUNT(*) FROM accounts`) != 1 || w.audited("user_created") != 1 {
		t.Errorf("%v", count)
	}
}

func TestNewCredentialsAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{})
	bound := w.registerProved("taken@example.com")
	actor := w.authenticate(w.enter(1).Access)
	for _, c := range []struct {
		in    session.NewCredentials
		want  errs.Code
		field string
	}{
		{session.NewCredentials{Email: "ann", Password: "x", Confirm: "y"}, errs.EmailInvalid, "email"},
		{session.NewCredentials{Email: "ann@example.com", Password: goodPassword, Confirm: goodPassword + "x"}, errs.PasswordMismatch, "confirmPassword"},
		{session.NewCredentials{Email: "ann@example.com", Password: "ab12x", Confirm: "ab12x"}, errs.PasswordWeak, "password"},
		{session.NewCredentials{Email: "taken@example.com", Password: "letters", Confirm: "letters"}, errs.PasswordWeak, "password"}, // 400 before 409
		{session.NewCredentials{Email: "taken@example.com", Password: goodPassword, Confirm: goodPassword}, errs.EmailTaken, ""},
	} {
		_, _, registering := w.Register(t.Context(), c.in, client, locale.English)
		_, _, binding := w.BindEmail(t.Context(), actor, c.in, client)
		for _, err := range []error{registering, binding} {
			w.wantCode(err, c.want)
			if fields := errs.From(err).Fields; c.field != "" && (len(fields) != 1 || fields[0].Field != c.field) {
				t.Errorf("%+v: %+v", c.in, fields)
			}
		}
	}
	_, _, err := w.BindEmail(t.Context(), w.authenticate(bound.Access), session.NewCredentials{Email: "other@example.com", Password: goodPassword, Confirm: goodPassword}, client)
	w.wantCode(err, errs.EmailAlreadyBound)
	for range 5 {
		_, _, err = w.Register(t.Context(), session.NewCredentials{Email: "ann@example.com", Password: goodPassword, Confirm: goodPassword}, client, locale.English)
	}
	w.wantCode(err, errs.RateLimited)
	_, warning, err := w.BindEmail(t.Context(), actor, session.NewCredentials{Email: "ann2@example.com", Password: "P@ssw0rd", Confirm: "P@ssw0rd"}, client)
	if err != nil || warning != "password_common" {
		t.Errorf("the sample password of the founding document: %q, %v", warning, err)
	}
}

func TestTheStrictPolicyHoldsWhereverAPasswordIsChosen(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{Policy: password.Strict})
	const long = "vzrqkxpwmtbnlcd"
	strict := func(text string) session.NewCredentials {
		return session.NewCredentials{Email: "ann@example.com", Password: text, Confirm: text}
	}
	for _, text := range []string{goodPassword, "password12345678"} {
		_, _, err := w.Register(t.Context(), strict(text), client, locale.English)
		w.wantCode(err, errs.PasswordWeak)
	}
	tokens, _, err := w.Register(t.Context(), strict(long), client, locale.English)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.ChangePassword(t.Context(), w.authenticate(tokens.Access), session.PasswordChange{Current: long, Password: goodPassword, Confirm: goodPassword}, client)
	w.wantCode(err, errs.PasswordWeak)
	_, err = w.ResetPassword(t.Context(), session.PasswordReset{Token: "x", Password: "short1", Confirm: "short1"}, client)
	w.wantCode(err, errs.PasswordWeak)
}

func TestNobodyRegistersWhereSignUpIsClosed(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, testkit.SQLite(t), session.Config{SignupClosed: true})
	_, _, err := w.Register(t.Context(), session.NewCredentials{}, client, locale.English)
	w.wantCode(err, errs.SignupDisabled)
	actor := w.authenticate(w.enter(1).Access) // Telegram is not closed, and may link an address
	if _, _, err := w.BindEmail(t.Context(), actor, session.NewCredentials{Email: "ann@example.com", Password: goodPassword, Confirm: goodPassword}, client); err != nil {
		t.Error(err)
	}
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		own := w.registerProved("ann@example.com")
		other, err := w.login("ann@example.com", goodPassword, client)
		if err != nil {
			t.Fatal(err)
		}
		actor := w.authenticate(own.Access)
		change := func(current, chosen, confirm string) (int, error) {
			revoked, _, err := w.ChangePassword(t.Context(), actor, session.PasswordChange{Current: current, Password: chosen, Confirm: confirm}, client)
			return revoked, err
		}
		_, err = change(goodPassword, "new0pass", "other0pass")
		w.wantCode(err, errs.PasswordMismatch)
		_, err = change("wrong9", "weak", "weak") // 400 before 401
		w.wantCode(err, errs.PasswordWeak)
		_, err = change("wrong9", "new0pass", "new0pass")
		w.wantCode(err, errs.CredentialsInvalid)
		w.wantEnded()
		if revoked, err := change(goodPassword, "new0pass", "new0pass"); err != nil || revoked != 1 {
			t.Fatalf("%d revoked, %v", revoked, err)
		}
		w.wantEnded(other.Session)
		w.refreshFails(other.Refresh, errs.SessionRevoked)
		w.authenticate(own.Access)
		w.loginFails("ann@example.com", goodPassword, errs.CredentialsInvalid)
		if _, err := w.login("ann@example.com", "new0pass", client); err != nil {
			t.Error(err)
		}
		if letter := w.letters.Next(t); letter.Subject != "Your Maska password was changed" || letter.To != "ann@example.com" {
			t.Errorf("%+v", letter)
		}
		if w.audited("password_changed") != 1 {
			t.Error("not in the audit")
		}
	})
}

func TestAFirstPasswordNeedsAFreshProof(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: 1, FirstName: "Ann", Username: "ann_smith"}), true, client, locale.English)
		if err != nil {
			t.Fatal(err)
		}
		set := session.PasswordChange{Password: goodPassword, Confirm: goodPassword}
		w.advance(11 * time.Minute)
		_, _, err = w.ChangePassword(t.Context(), w.authenticate(tokens.Access), set, client)
		w.wantCode(err, errs.ReauthRequired)
		if _, err := w.ReauthInitData(t.Context(), w.authenticate(tokens.Access), w.initData(1), client); err != nil {
			t.Fatal(err)
		}
		if _, _, err = w.ChangePassword(t.Context(), w.authenticate(tokens.Access), set, client); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignInPassword(t.Context(), session.PasswordLogin{Username: "ann_smith", Password: goodPassword}, client, locale.English); err != nil {
			t.Error(err)
		}
		// The password cannot be replaced by linking an address, either.
		w.advance(time.Hour)
		again := w.renew(tokens.Refresh)
		_, _, err = w.BindEmail(t.Context(), w.authenticate(again.Access), session.NewCredentials{Email: "ann@example.com", Password: "other0pass", Confirm: "other0pass"}, client)
		w.wantCode(err, errs.ReauthRequired)
	})
}

func TestThePasswordProvesOnceMoreWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		tokens := w.register("ann@example.com")
		w.advance(11 * time.Minute)
		actor := w.authenticate(tokens.Access)
		w.wantCode(w.RequireFresh(t.Context(), actor), errs.ReauthRequired)
		for range 5 {
			_, err := w.ReauthPassword(t.Context(), actor, "wrong9", client)
			w.wantCode(err, errs.CredentialsInvalid)
		}
		_, err := w.ReauthPassword(t.Context(), actor, goodPassword, client)
		w.wantCode(err, errs.AccountLocked)
		w.advance(time.Minute)
		until, err := w.ReauthPassword(t.Context(), actor, goodPassword, client)
		if err != nil || until.Before(w.now().Add(10*time.Minute)) || until.After(w.now().Add(15*time.Minute)) {
			t.Errorf("fresh until %v, %v", until, err)
		}
		if err := w.RequireFresh(t.Context(), actor); err != nil {
			t.Error(err)
		}
	})
}
