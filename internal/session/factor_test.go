package session_test

import (
	"bytes"
	"encoding/base32"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/mfa"
	"maska/internal/session"
	"maska/internal/sms"
	"maska/internal/testkit"
)

// phone receives what is sent to it.
type phone struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *phone) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is the last code that arrived.
func (p *phone) code(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := sixDigits.FindAllString(p.text.String(), -1)
	if len(all) == 0 {
		t.Fatal("no code arrived")
	}
	return all[len(all)-1]
}

// eachGuarded runs a test on both databases, with a phone.
func eachGuarded(t *testing.T, test func(t *testing.T, w *world, p *phone)) {
	t.Helper()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		p := new(phone)
		test(t, newWorld(t, db, session.Config{Texts: sms.NewTerminal(p)}), p)
	})
}

// app is somebody's authenticator app.
type app struct {
	secret mfa.Secret
	id     string
}

func (w *world) code(a app) string { return a.secret.At(mfa.StepOf(w.now())) }

// nextCode waits until the app shows another code.
func (w *world) nextCode(a app) string {
	w.advance(30 * time.Second)
	return w.code(a)
}

func (w *world) enrolApp(actor session.Actor) app {
	w.t.Helper()
	e, err := w.EnrolTOTP(w.t.Context(), actor)
	if err != nil {
		w.t.Fatal(err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return app{secret: secret, id: e.ID}
}

// guarded is the Telegram user of most tests here.
const guarded = 1

// guard gives him an authenticator app, and asks for it at every sign-in on an unknown device.
func (w *world) guard() (session.Actor, app, []string) {
	w.t.Helper()
	actor := w.authenticate(w.enter(guarded).Access)
	a := w.enrolApp(actor)
	codes, err := w.ActivateFactor(w.t.Context(), actor, session.FactorTOTP, a.id, w.code(a), client)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db.Exec(w.t, "UPDATE accounts SET mfa_for = 'all' WHERE id = $1", int64(actor.Account.ID))
	return actor, a, codes
}

// challenged signs him in up to where a second factor is asked for.
func (w *world) challenged(from session.Client) *errs.Challenge {
	w.t.Helper()
	_, err := w.SignInTelegram(w.t.Context(), w.initData(guarded), false, from, locale.English)
	w.wantCode(err, errs.MFARequired)
	if errs.From(err).Challenge == nil {
		w.t.Fatal("no challenge")
	}
	return errs.From(err).Challenge
}

func (w *world) prove(token string, factor session.FactorKind, code string) (session.Tokens, error) {
	return w.ProveFactor(w.t.Context(), session.FactorProof{Token: token, Factor: factor, Code: code}, client, locale.English)
}

func (w *world) proveFails(token string, factor session.FactorKind, code string, want errs.Code) {
	w.t.Helper()
	_, err := w.prove(token, factor, code)
	w.wantCode(err, want)
}

func TestAnAppIsEnrolledByItsCodeAndThenAskedFor(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		here := w.enter(1)
		actor, other := w.authenticate(here.Access), w.enter(1)
		if actor.Account.SecondFactor {
			t.Error("a factor before there is one")
		}
		unfinished := w.enrolApp(actor)
		a := w.enrolApp(actor)
		_, err := w.ActivateFactor(t.Context(), actor, session.FactorTOTP, unfinished.id, w.code(unfinished), client)
		w.wantCode(err, errs.NotFound)
		_, err = w.ActivateFactor(t.Context(), actor, session.FactorTOTP, a.id, "000000", client)
		w.wantCode(err, errs.MFAInvalid)
		_, err = w.ActivateFactor(t.Context(), actor, session.FactorSMS, a.id, w.code(a), client)
		w.wantCode(err, errs.NotFound)
		w.db.Exec(t, "UPDATE accounts SET mfa_for = 'all'")
		if again := w.enter(1); again.Session == "" {
			t.Error("an app that was never shown is asked for")
		}
		codes, err := w.ActivateFactor(t.Context(), actor, session.FactorTOTP, a.id, w.code(a), client)
		if err != nil || len(codes) != mfa.RecoveryCodes {
			t.Fatalf("%v, %v", codes, err)
		}
		_, err = w.ActivateFactor(t.Context(), actor, session.FactorTOTP, a.id, w.nextCode(a), client)
		w.wantCode(err, errs.FactorExists)
		_, err = w.EnrolTOTP(t.Context(), actor)
		w.wantCode(err, errs.FactorExists)
		_, err = w.Authenticate(t.Context(), other.Access)
		w.wantCode(err, errs.SessionRevoked) // a new factor ends other sessions
		if !w.authenticate(here.Access).Account.SecondFactor {
			t.Error("the account does not say that it has a factor")
		}

		challenge := w.challenged(client)
		if got := strings.Join(challenge.Factors, " "); got != "totp recovery" {
			t.Errorf("factors %q", got)
		}
		w.proveFails(challenge.Token, session.FactorTOTP, "000000", errs.MFAInvalid)
		w.proveFails(challenge.Token, session.FactorSMS, "000000", errs.MFAInvalid)
		w.proveFails(challenge.Token+"x", session.FactorTOTP, w.nextCode(a), errs.MFAExpired)
		tokens, err := w.prove(challenge.Token, session.FactorTOTP, w.code(a))
		if err != nil || tokens.NewAccount || tokens.Account.ID != actor.Account.ID {
			t.Fatal(err)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM sessions WHERE id = $1 AND methods = 'tg totp'", tokens.Session); n != 1 {
			t.Error("the session does not say how it began")
		}
		w.proveFails(challenge.Token, session.FactorTOTP, w.nextCode(a), errs.MFAExpired)
		for event, want := range map[string]int{"mfa_enrolled": 1, "mfa_failed": 3, "login_success": 4} {
			if n := w.audited(event); n != want {
				t.Errorf("%d records of %s, want %d", n, event, want)
			}
		}
	})
}

func TestACodeOfAnAppIsGoodForOneSignIn(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		_, a, _ := w.guard()
		w.proveFails(w.challenged(client).Token, session.FactorTOTP, w.code(a), errs.MFAInvalid) // it enrolled the app
		code := w.nextCode(a)
		const n = 4 // more at once would lock
		challenges := make([]*errs.Challenge, n)
		for i := range challenges {
			challenges[i] = w.challenged(client)
		}
		won := w.race(n, func(i int) error {
			_, err := w.prove(challenges[i].Token, session.FactorTOTP, code)
			return err
		}, errs.MFAInvalid)
		if won != 1 {
			t.Errorf("one code signed in %d times", won)
		}
	})
}

// race runs n attempts at once, all of which must succeed or fail with a code, and counts the successes.
func (w *world) race(n int, attempt func(i int) error, loser errs.Code) (won int) {
	w.t.Helper()
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failures[i] = attempt(i) })
	}
	all.Wait()
	for _, err := range failures {
		if err == nil {
			won++
		} else {
			w.wantCode(err, loser)
		}
	}
	return won
}

func TestARecoveryCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, _, codes := w.guard()
		const n = 4 // more at once would lock
		challenges := make([]*errs.Challenge, n)
		for i := range challenges {
			challenges[i] = w.challenged(client)
		}
		won := w.race(n, func(i int) error {
			_, err := w.prove(challenges[i].Token, session.FactorRecovery, strings.ToUpper(codes[0]))
			return err
		}, errs.MFAInvalid)
		if won != 1 || w.audited("mfa_recovery_used") != 1 {
			t.Errorf("one recovery code signed in %d times, audited %d times", won, w.audited("mfa_recovery_used"))
		}
		w.advance(time.Hour) // the entries are forgotten
		if found, err := w.Factors(t.Context(), actor); err != nil || found.RecoveryCodes != 9 || len(found.Active) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
		fresh, err := w.RenewRecoveryCodes(t.Context(), actor, client)
		if err != nil || len(fresh) != 10 {
			t.Fatal(err)
		}
		challenge := w.challenged(client)
		w.proveFails(challenge.Token, session.FactorRecovery, codes[1], errs.MFAInvalid)
		if _, err := w.prove(challenge.Token, session.FactorRecovery, fresh[3]); err != nil {
			t.Error(err)
		}
	})
}

func TestOneChallengeIsCompletedOnce(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		_, _, codes := w.guard()
		challenge := w.challenged(client)
		won := w.race(4, func(i int) error {
			_, err := w.prove(challenge.Token, session.FactorRecovery, codes[i])
			return err
		}, errs.MFAExpired)
		if won != 1 {
			t.Errorf("one challenge was completed %d times", won)
		}
		if left := w.db.Count(t, "SELECT COUNT(*) FROM recovery_codes WHERE NOT used"); left != 9 {
			t.Errorf("%d recovery codes are left, want 9", left)
		}
	})
}

func TestAChallengeEnds(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, a, codes := w.guard()
		late := w.challenged(client)
		w.advance(session.ChallengeLife)
		w.proveFails(late.Token, session.FactorTOTP, w.code(a), errs.MFAExpired)

		tried := w.challenged(client)
		for range limit.CodeToken.Max {
			w.proveFails(tried.Token, session.FactorTOTP, "000000", errs.MFAInvalid)
		}
		w.proveFails(tried.Token, session.FactorTOTP, w.nextCode(a), errs.RateLimited)

		void := w.challenged(client)
		w.db.Exec(t, "UPDATE accounts SET token_epoch = token_epoch + 1 WHERE id = $1", int64(actor.Account.ID))
		w.advance(time.Minute)
		w.proveFails(void.Token, session.FactorRecovery, codes[0], errs.MFAExpired)

		disabled := w.challenged(client)
		w.db.Exec(t, "UPDATE accounts SET active = false WHERE id = $1", int64(actor.Account.ID))
		w.proveFails(disabled.Token, session.FactorRecovery, codes[1], errs.AccountDisabled)
	})
}

func TestAnAccountMayEnterFewCodes(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		_, a, _ := w.guard() // one entry
		fail := func(n int) {
			t.Helper()
			challenge := w.challenged(client)
			for range n {
				w.proveFails(challenge.Token, session.FactorTOTP, "000000", errs.MFAInvalid)
			}
		}
		fail(3)
		fail(2)
		_, err := w.prove(w.challenged(client).Token, session.FactorTOTP, w.code(a))
		w.wantCode(err, errs.AccountLocked)
		if wait := errs.From(err).RetryAfter; wait != time.Minute || w.audited("login_locked") != 1 {
			t.Errorf("locked for %v, %d times", wait, w.audited("login_locked"))
		}
		w.advance(time.Minute)
		fail(3)
		w.proveFails(w.challenged(client).Token, session.FactorTOTP, w.code(a), errs.RateLimited) // the eleventh entry in a quarter of an hour
		w.advance(15 * time.Minute)
		if _, err := w.prove(w.challenged(client).Token, session.FactorTOTP, w.code(a)); err != nil {
			t.Error(err)
		}
		fail(4) // a right code forgets the wrong ones before it
		if _, err := w.prove(w.challenged(client).Token, session.FactorTOTP, w.nextCode(a)); err != nil {
			t.Error(err)
		}
	})
}

func TestCodesAreSentToAPhone(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, p *phone) {
		actor := w.authenticate(w.enter(1).Access)
		for _, number := range []string{"", "123", "+0123456789", "+49 151x", "+1234567890123456", "+49151123456;+49"} {
			_, err := w.EnrolSMS(t.Context(), actor, number, client)
			w.wantCode(err, errs.ValidationFailed)
		}
		e, err := w.EnrolSMS(t.Context(), actor, "+49 (151) 234-5678", client)
		if err != nil || !strings.Contains(p.text.String(), "to +491512345678:") {
			t.Fatalf("%v: %s", err, p.text.String())
		}
		code := p.code(t)
		w.advance(5 * time.Minute)
		_, err = w.ActivateFactor(t.Context(), actor, session.FactorSMS, e.ID, code, client)
		w.wantCode(err, errs.MFAInvalid) // too late
		if e, err = w.EnrolSMS(t.Context(), actor, "+491512345678", client); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ActivateFactor(t.Context(), actor, session.FactorSMS, e.ID, p.code(t), client); err != nil {
			t.Fatal(err)
		}
		w.db.Exec(t, "UPDATE accounts SET mfa_for = 'all'")

		challenge, another := w.challenged(client), w.challenged(client)
		w.proveFails(challenge.Token, session.FactorSMS, p.code(t), errs.MFAInvalid) // that of the enrolment
		ask := func(c *errs.Challenge) string {
			t.Helper()
			if _, err := w.AskFactor(t.Context(), c.Token, session.FactorSMS, ""); err != nil {
				t.Fatal(err)
			}
			return p.code(t)
		}
		first := ask(challenge)
		second := ask(challenge)
		w.proveFails(another.Token, session.FactorSMS, second, errs.MFAInvalid)
		if first != second { // one in a million
			w.proveFails(challenge.Token, session.FactorSMS, first, errs.MFAInvalid)
		}
		if _, err := w.prove(challenge.Token, session.FactorSMS, second); err != nil {
			t.Error(err)
		}
		w.proveFails(challenge.Token, session.FactorSMS, second, errs.MFAExpired)
		_, err = w.AskFactor(t.Context(), another.Token, session.FactorEmail, "")
		w.wantCode(err, errs.MFAInvalid)
		ask(another)
		ask(another)
		_, err = w.AskFactor(t.Context(), another.Token, session.FactorSMS, "")
		w.wantCode(err, errs.RateLimited) // the sixth text message in 15 minutes
		if bytes.Contains(w.db.Dump(t), []byte("491512345678")) {
			t.Error("the number lies in the database in the clear")
		}
	})
}

func TestATrustedDeviceIsNotAskedForAMonth(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, a, codes := w.guard()
		mine := client
		mine.DeviceID = "0123456789abcdef0123456789abcdef"
		for range 2 { // an attempt that is not completed does not make a device known
			w.challenged(mine)
		}
		challenge := w.challenged(mine)
		if _, err := w.ProveFactor(t.Context(), session.FactorProof{Token: challenge.Token, Factor: session.FactorTOTP, Code: w.nextCode(a), Trust: true}, mine, locale.English); err != nil {
			t.Fatal(err)
		}
		if w.audited("device_new") != 1 {
			t.Error("the device was not told to be new")
		}
		if _, err := w.SignInTelegram(t.Context(), w.initData(1), false, mine, locale.English); err != nil {
			t.Errorf("a known device is asked: %v", err)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM devices WHERE trusted_until IS NOT NULL AND trusted_until % 3600000 = 0"); n != 1 {
			t.Errorf("%d trusted devices", n)
		}
		other := client
		other.DeviceID = "fedcba9876543210fedcba9876543210"
		w.challenged(other)
		if _, err := w.RenewRecoveryCodes(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM devices WHERE trusted_until IS NOT NULL"); n != 0 {
			t.Error("a device is trusted after the factors changed")
		}
		_ = codes
	})
}

func TestFactorsAreRemovedByTheirOwner(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, a, _ := w.guard()
		stranger := w.authenticate(w.enter(2).Access)
		w.wantCode(w.RemoveFactor(t.Context(), stranger, a.id, client), errs.NotFound)
		w.wantCode(w.RemoveFactor(t.Context(), actor, a.id, client, session.FactorPasskey), errs.NotFound)
		_, err := w.RenewRecoveryCodes(t.Context(), stranger, client)
		w.wantCode(err, errs.NotFound)
		if err := w.RemoveFactor(t.Context(), actor, a.id, client); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.RemoveFactor(t.Context(), actor, a.id, client), errs.NotFound)
		if tokens := w.enter(1); tokens.Account.SecondFactor {
			t.Error("the account still says that it has a factor")
		}
		if w.audited("mfa_removed") != 1 {
			t.Error("not audited")
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM recovery_codes"); n != 0 {
			t.Errorf("%d recovery codes outlived the last factor", n)
		}
	})
}

// What protects accounts must not be readable by whoever steals the database, and must not date acts.
func TestTheDatabaseHoldsNothingThatProves(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		w.advance(17*time.Minute + 13*time.Second)
		_, a, codes := w.guard()
		challenge := w.challenged(client)
		if _, err := w.prove(challenge.Token, session.FactorTOTP, w.nextCode(a)); err != nil {
			t.Fatal(err)
		}
		open := w.challenged(client)
		dump := w.db.Dump(t)
		for what, secret := range map[string]string{"secret": string(a.secret), "secret as text": a.secret.Text(), "recovery code": codes[0], "token": open.Token} {
			if bytes.Contains(dump, []byte(secret)) {
				t.Errorf("the database holds the %s", what)
			}
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM factors WHERE created_at % 3600000 <> 0"); n != 0 {
			t.Error("the time of an enrolment is exact")
		}
		if n := w.db.Count(t, "SELECT COUNT(*) FROM challenges"); n != 1 {
			t.Errorf("%d challenges are kept, want the open one", n)
		}
	})
}

func TestCodesAreMailedToAProvedAddress(t *testing.T) {
	t.Parallel()
	eachMail(t, session.Config{}, func(t *testing.T, w *mailWorld) {
		fresh := w.authenticate(w.register("ann@example.com").Access)
		_, err := w.EnrolEmail(t.Context(), fresh)
		w.wantCode(err, errs.EmailNotVerified)
		if err := w.open(w.token("verify-email"), goodPassword); err != nil {
			t.Fatal(err)
		}
		tokens, err := w.login("ann@example.com", goodPassword, client)
		if err != nil {
			t.Fatal(err)
		}
		actor := w.authenticate(tokens.Access)
		e, err := w.EnrolEmail(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		mailed := func() string {
			t.Helper()
			letter := w.letters.Next(t)
			code := sixDigits.FindString(letter.Text)
			if letter.To != "ann@example.com" || code == "" {
				t.Fatalf("%+v", letter)
			}
			return code
		}
		if _, err := w.ActivateFactor(t.Context(), actor, session.FactorEmail, e.ID, mailed(), client); err != nil {
			t.Fatal(err)
		}
		_, err = w.login("ann@example.com", goodPassword, client)
		w.wantCode(err, errs.MFARequired)
		challenge := errs.From(err).Challenge
		if strings.Join(challenge.Factors, " ") != "email recovery" {
			t.Errorf("factors %v", challenge.Factors)
		}
		if _, err := w.AskFactor(t.Context(), challenge.Token, session.FactorEmail, ""); err != nil {
			t.Fatal(err)
		}
		code := mailed()
		w.advance(4*time.Minute + 59*time.Second)
		if _, err := w.prove(challenge.Token, session.FactorEmail, code); err != nil {
			t.Error(err)
		}
		if bytes.Contains(w.db.Dump(t), []byte(code)) {
			t.Error("the code lies in the database")
		}

		// A Telegram identity does not ask unless the account says so.
		if _, err := w.BindTelegramInitData(t.Context(), actor, w.initData(5), client); err != nil {
			t.Fatal(err)
		}
		if tokens := w.enter(5); tokens.Account.ID != actor.Account.ID || !tokens.Account.SecondFactor {
			t.Errorf("%+v", tokens.Account)
		}
		if _, err := w.UnbindEmail(t.Context(), actor, client); err != nil {
			t.Fatal(err)
		}
		if tokens := w.enter(5); tokens.Account.SecondFactor {
			t.Error("codes are still mailed to an address that was taken away")
		}
	})
}

func TestWhoHasAFactorProvesHimselfByItsCode(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, a, codes := w.guard()
		w.advance(session.FreshLife + time.Hour)
		w.wantCode(w.RequireFresh(t.Context(), actor), errs.ReauthRequired)
		for _, code := range []string{"", "000000", "abcde-fghjk"} {
			_, err := w.ReauthCode(t.Context(), actor, code, client)
			w.wantCode(err, errs.MFAInvalid)
		}
		w.wantCode(w.RequireFresh(t.Context(), actor), errs.ReauthRequired)
		code := w.code(a)
		for _, good := range []string{code, codes[0]} {
			until, err := w.ReauthCode(t.Context(), actor, good, client)
			if err != nil || until.Before(w.now().Add(session.FreshLife)) {
				t.Errorf("%v, %v", until, err)
			}
			if err := w.RequireFresh(t.Context(), actor); err != nil {
				t.Error(err)
			}
			_, err = w.ReauthCode(t.Context(), actor, good, client)
			w.wantCode(err, errs.MFAInvalid)
			w.advance(time.Hour)
		}
		if w.audited("mfa_recovery_used") != 1 {
			t.Error("the recovery code was not audited")
		}
	})
}

func TestWhatWasNeverFinishedIsForgotten(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		actor, a, _ := w.guard()
		stranger := w.authenticate(w.enter(2).Access)
		w.enrolApp(stranger)
		late := w.challenged(client)
		tidy := func() (challenges, factors int64) {
			t.Helper()
			challenges, err := w.db.DropExpiredChallenges(t.Context(), w.now(), 100)
			if err != nil {
				t.Fatal(err)
			}
			if factors, err = w.db.DropUnfinishedFactors(t.Context(), w.now().Add(-session.EnrolmentLife), 100); err != nil {
				t.Fatal(err)
			}
			return challenges, factors
		}
		if c, f := tidy(); c != 0 || f != 0 {
			t.Errorf("%d challenges and %d factors were dropped at once", c, f)
		}
		w.advance(session.EnrolmentLife + time.Hour)
		if c, f := tidy(); c != 1 || f != 1 {
			t.Errorf("%d challenges and %d factors were dropped, want 1 and 1", c, f)
		}
		w.proveFails(late.Token, session.FactorTOTP, w.code(a), errs.MFAExpired)
		if found, err := w.Factors(t.Context(), actor); err != nil || len(found.Active) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
