package session_test

import (
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
