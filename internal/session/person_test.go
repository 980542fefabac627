package session_test

import (
	"regexp"
	"strings"
	"testing"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/telegram"
)

func TestNamesOfOnesOwnWinOverTelegrams(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		enter := func() session.Tokens {
			tokens, err := w.SignInTelegram(t.Context(), w.initDataOf(telegram.User{ID: 1, FirstName: "Ann", LastName: "Lee", LanguageCode: "ru"}), true, client, "en")
			if err != nil {
				t.Fatal(err)
			}
			return tokens
		}
		actor := w.authenticate(enter().Access)
		first, lang := " Zo\u0308e ", "zh"
		changed, err := w.ChangePerson(t.Context(), actor, session.PersonChange{FirstName: &first, Language: &lang})
		if err != nil || changed.Language != "zh" {
			t.Fatalf("%+v, %v", changed, err)
		}
		again := enter() // Telegram tells its names once more
		if names := again.Identity.Names; names == nil || *names != (account.Names{First: "Zöe", Last: "Lee"}) || again.Account.Language != "zh" {
			t.Errorf("%+v, %s", names, again.Account.Language)
		}
		for field, c := range map[string]struct {
			change session.PersonChange
			code   errs.FieldCode
		}{
			"firstName": {session.PersonChange{FirstName: new(strings.Repeat("я", session.MaxName+1))}, errs.TooLong},
			"lastName":  {session.PersonChange{LastName: new("a\u202eb")}, errs.BadCharacter},
			"language":  {session.PersonChange{Language: new("tlh")}, errs.BadFormat},
		} {
			_, err := w.ChangePerson(t.Context(), actor, c.change)
			if e := errs.From(err); e.Code != errs.ValidationFailed || len(e.Fields) != 1 || e.Fields[0] != (errs.Field{Field: field, Code: c.code}) {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestADeletedAccountLeavesItsAuditOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		from := client
		from.DeviceID = "0123456789abcdef0123"
		tokens, err := w.enterFrom(1, from)
		if err != nil {
			t.Fatal(err)
		}
		second, other := w.enter(1), w.enter(2)
		if err := w.Delete(t.Context(), w.authenticate(tokens.Access), client); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(tokens.Session, second.Session)
		_, err = w.Authenticate(t.Context(), second.Access)
		w.wantCode(err, errs.UserNotFound)
		w.refreshFails(tokens.Refresh, errs.RefreshTokenInvalid)
		for _, table := range []string{"accounts", "sessions"} {
			if n := w.db.Count(t, `SELECT COUNT(*) FROM `+table); n != 1 {
				t.Errorf("%d %s", n, table)
			}
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM devices`); n != 0 {
			t.Errorf("%d devices", n)
		}
		if n := w.db.Count(t, `SELECT COUNT(*) FROM profiles WHERE owner_tag IS NOT NULL`); n != 1 {
			t.Errorf("%d masks are worn", n)
		}
		if w.audited("account_deleted") != 1 {
			t.Error("not in the audit")
		}
		w.authenticate(other.Access)
		if back := w.enter(1); !back.NewAccount || back.Account.ID == tokens.Account.ID || back.Profile.ID == tokens.Profile.ID {
			t.Errorf("who comes back is %+v", back)
		}
	})
}

func TestTheOwnAuditIsReadInPagesAndIsNobodyElses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.enter(2)
		actor := w.authenticate(w.enter(1).Access)
		const more = session.AuditPage
		for i := range more {
			w.db.Exec(t, `INSERT INTO audit (id, at, event, outcome, account_id, session_id, request_id, ip, country, agent, detail)
				VALUES ($1, $2, 'logout', 'ok', $3, 's', 'r', '', '', '', '')`, i+1, w.now().UnixMilli()-int64(i/7)*3_600_000, actor.Account.ID)
		}
		seen := map[int64]bool{}
		var last audit.Record
		place := session.AuditPlace{}
		for pages := 1; ; pages++ {
			page, next, err := w.OwnAudit(t.Context(), actor, place)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				if seen[r.ID] || r.Account != int64(actor.Account.ID) || !last.At.IsZero() && r.At.After(last.At) {
					t.Errorf("record %+v after %+v", r, last)
				}
				seen[r.ID], last = true, r
			}
			if place = next; next.ID == 0 {
				if pages != 2 {
					t.Errorf("%d pages", pages)
				}
				break
			}
		}
		if len(seen) != more+3 {
			t.Errorf("%d records", len(seen))
		}
	})
}

func TestAnExportHoldsWhatIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		from := client
		from.DeviceID = "0123456789abcdef0123"
		tokens, err := w.SignInTelegram(t.Context(), w.initData(1), true, from, "en")
		if err != nil {
			t.Fatal(err)
		}
		w.enter(2)
		data, err := w.Export(t.Context(), w.authenticate(tokens.Access))
		if err != nil {
			t.Fatal(err)
		}
		if data.Account.ID != tokens.Account.ID || data.Identity.Telegram.ID != 1 || len(data.Sessions) != 1 || len(data.Audit) != 4 || len(data.Kept.Devices) != 1 {
			t.Errorf("%+v", data)
		}
	})
}

// Auth contract, section 10: the audit stays when the account is gone, and holds no part of a proof.
func TestTheAuditHoldsNoPartOfAProof(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ann := telegram.User{ID: 1, FirstName: "Ann"}
		initData, widget := w.initDataOf(ann), []byte(w.widget(ann, w.now()))
		tokens, err := w.SignInTelegram(t.Context(), initData, true, client, "en")
		if err == nil {
			_, err = w.SignInWidget(t.Context(), widget, client, "en")
		}
		actor := w.authenticate(tokens.Access)
		if err == nil {
			_, err = w.ReauthInitData(t.Context(), actor, initData, client)
		}
		if err == nil {
			err = w.Delete(t.Context(), actor, client)
		}
		if err != nil {
			t.Fatal(err)
		}
		hash := regexp.MustCompile(`hash"?[=:]"?([0-9a-f]{8})`)
		for _, proof := range []string{initData, string(widget)} {
			found := hash.FindStringSubmatch(proof)
			if found == nil {
				t.Fatalf("no hash in %s", proof)
			}
			for _, detail := range w.db.Strings(t, `SELECT detail FROM audit`) {
				if strings.Contains(detail, found[1]) {
					t.Errorf("the audit holds %q of %s", detail, proof)
				}
			}
		}
	})
}
