package session_test

import (
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/session"
)

// ADR 6: a time of an account beside the exact ones of messages would tell whose they are.
func TestNoTimeOfAnAccountIsExact(t *testing.T) {
	t.Parallel()
	eachGuarded(t, func(t *testing.T, w *world, p *phone) {
		w.advance(7*time.Minute + 13*time.Second + 77*time.Millisecond)
		left, reused := w.enter(2), w.enter(2)
		if err := w.Logout(t.Context(), left.Access, "", client); err != nil {
			t.Fatal(err)
		}
		w.authenticate(w.renew(reused.Refresh).Access)
		w.advance(time.Minute)
		w.refreshFails(reused.Refresh, errs.RefreshTokenReused)

		actor := w.authenticate(w.enter(guarded).Access)
		e, err := w.EnrolSMS(t.Context(), actor, "+4915112345678", client)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.ActivateFactor(t.Context(), actor, session.FactorSMS, e.ID, p.code(t), client); err != nil {
			t.Fatal(err)
		}
		w.db.Exec(t, `UPDATE accounts SET mfa_for = 'all'`)
		if _, err := w.AskFactor(t.Context(), w.challenged(client).Token, session.FactorSMS, ""); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Register(t.Context(), session.NewCredentials{Email: "ann@example.org", Password: "P@ssw0rd", Confirm: "P@ssw0rd"}, client, "en"); err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{
			`SELECT COUNT(*) FROM mail_tokens WHERE expires_at % 300000 = 0`,
			`SELECT COUNT(*) FROM sessions WHERE revoked_at IS NOT NULL AND revoked_at % 3600000 = 0`,
			`SELECT COUNT(*) FROM challenges WHERE expires_at % 300000 = 0 AND code_expires_at % 300000 = 0`,
		} {
			if w.db.Count(t, query) == 0 {
				t.Errorf("nothing was kept: %s", query)
			}
		}
		for _, query := range []string{
			`SELECT COUNT(*) FROM sessions WHERE revoked_at % 3600000 <> 0 OR created_at % 3600000 <> 0 OR expires_at % 3600000 <> 0`,
			`SELECT COUNT(*) FROM mail_tokens WHERE expires_at % 300000 <> 0`,
			`SELECT COUNT(*) FROM challenges WHERE expires_at % 300000 <> 0 OR code_expires_at % 300000 <> 0`,
			`SELECT COUNT(*) FROM factors WHERE created_at % 3600000 <> 0`,
		} {
			if n := w.db.Count(t, query); n != 0 {
				t.Errorf("%d rows are dated: %s", n, query)
			}
		}
	})
}
