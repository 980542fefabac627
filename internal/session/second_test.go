package session_test

import (
	"fmt"
	"testing"

	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/session"
)

func TestStrangersWhoEnterCodesDoNotKeepOutAKnownDevice(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		own := client
		own.DeviceID = "own-0123456789abcdef"
		if _, err := w.enterFrom(guarded, own); err != nil {
			t.Fatal(err)
		}
		_, a, _ := w.guard()
		var err error
		for entries := 0; errs.CodeOf(err) != errs.RateLimited; entries++ {
			if entries == 2*limit.CodeAccount.Max {
				t.Fatal("strangers are not limited")
			}
			if _, err = w.prove(w.challenged(client).Token, session.FactorTOTP, "000000"); errs.CodeOf(err) == errs.AccountLocked {
				w.advance(errs.From(err).RetryAfter)
			}
		}
		waiting := w.challenged(client)
		w.proveFails(waiting.Token, session.FactorTOTP, w.code(a), errs.RateLimited)
		proof := session.FactorProof{Token: waiting.Token, Factor: session.FactorTOTP, Code: w.code(a)}
		if _, err := w.ProveFactor(t.Context(), proof, own, locale.English); err != nil {
			t.Errorf("the owner on his own device: %v", err)
		}
	})
}

func TestManyAccountsSendNoMoreTextsThanOne(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, _ *phone) {
		sent := 0
		enrol := func(person int64, number string, from session.Client) errs.Code {
			t.Helper()
			_, err := w.EnrolSMS(t.Context(), w.authenticate(w.enter(person).Access), number, from)
			if err == nil {
				sent++
			}
			return errs.CodeOf(err)
		}
		for i := range 5 {
			from := client
			from.IP = fmt.Sprintf("203.0.%d.1", i)
			if code := enrol(int64(i+1), "+4915112345678", from); code != "" {
				t.Fatalf("text %d: %s", i, code)
			}
		}
		if code := enrol(6, "+4915112345678", session.Client{IP: "203.0.99.1"}); code != errs.RateLimited {
			t.Errorf("one number, another account and address: %q", code)
		}
		for i := range 10 {
			enrol(int64(10+i), fmt.Sprintf("+491512345%03d", i), client)
		}
		if code := enrol(30, "+491512345999", client); code != errs.RateLimited || sent != 15 {
			t.Errorf("one address, another account and number: %q after %d", code, sent)
		}
	})
}
