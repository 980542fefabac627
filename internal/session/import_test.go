package session_test

import (
	"testing"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
)

func TestAnImportedAdminVoidsTheFirstAdminCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		code, err := w.OfferFirstAdmin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		boss := session.ImportedUser{TelegramID: 7_400_000_001, Roles: []account.Role{account.RoleAdmin}}
		if _, err := w.Import(t.Context(), boss, true); err != nil {
			t.Fatal(err)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM meta WHERE name = 'first_admin' AND length(value) > 0`); n != 1 {
			t.Error("a rehearsal voided the code")
		}
		if got, err := w.Import(t.Context(), boss, false); err != nil || got != session.ImportMade {
			t.Fatalf("%s, %v", got, err)
		}
		_, err = w.BecomeFirstAdmin(t.Context(), w.authenticate(w.enter(2).Access), code, client)
		w.wantCode(err, errs.MFAInvalid)
	})
}
