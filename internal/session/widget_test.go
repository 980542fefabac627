package session_test

import (
	"strings"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/telegram"
)

func (w *world) widget(user telegram.User, at time.Time) string {
	return string(telegram.SignWidget(botToken, telegram.SignParams{User: user, AuthDate: at}))
}

func (w *world) enterByWidget(body string) (session.Tokens, error) {
	return w.SignInWidget(w.t.Context(), []byte(body), client, locale.English)
}

func TestTheWidgetLeadsToTheSameAccountAsInitData(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(31)
		byWidget, err := w.enterByWidget(w.widget(telegram.User{ID: 31, FirstName: "Ann", Username: "ann"}, w.now()))
		if err != nil {
			t.Fatal(err)
		}
		if byWidget.Account.ID != first.Account.ID || byWidget.Profile.ID != first.Profile.ID || byWidget.NewAccount {
			t.Errorf("another account or mask: %+v", byWidget.Account)
		}
		if byWidget.Identity.Telegram == nil || byWidget.Identity.Telegram.Username != "ann" {
			t.Errorf("the identity was not linked: %+v", byWidget.Identity)
		}
		if made, err := w.enterByWidget(w.widget(telegram.User{ID: 32, FirstName: "Bob"}, w.now())); err != nil || !made.NewAccount {
			t.Errorf("a new person by the widget: %+v, %v", made, err)
		}
	})
}

func TestRefusedWidgetDataHasTheContractsCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := telegram.User{ID: 41, FirstName: "Ann"}
		good := w.widget(user, w.now())
		for name, c := range map[string]struct {
			body   string
			want   errs.Code
			reason string
		}{
			"forged":          {strings.Replace(good, "Ann", "Bob", 1), errs.TelegramDataInvalid, ""},
			"stale":           {w.widget(user, w.now().Add(-25*time.Hour)), errs.TelegramDataInvalid, "expired"},
			"future":          {w.widget(user, w.now().Add(5*time.Minute)), errs.TelegramDataInvalid, "expired"},
			"no hash":         {`{"id":41,"first_name":"Ann","auth_date":1}`, errs.ValidationFailed, ""},
			"no id":           {`{"first_name":"Ann","auth_date":1,"hash":"` + strings.Repeat("0", 64) + `"}`, errs.ValidationFailed, ""},
			"id of a float":   {strings.Replace(good, `41`, `41.0`, 1), errs.ValidationFailed, ""},
			"no auth_date":    {`{"id":41,"first_name":"Ann","hash":"` + strings.Repeat("0", 64) + `"}`, errs.ValidationFailed, ""},
			"signed initData": {`{"initData":"` + w.initData(41) + `"}`, errs.ValidationFailed, ""},
		} {
			_, err := w.enterByWidget(c.body)
			if errs.CodeOf(err) != c.want || err != nil && errs.From(err).Reason != c.reason {
				t.Errorf("%s: %v, want %s %s", name, err, c.want, c.reason)
			}
		}
		if w.audited("user_created") != 0 || w.audited("login_fail") != 8 {
			t.Errorf("%d accounts were made, %d failures audited", w.audited("user_created"), w.audited("login_fail"))
		}
	})
}
