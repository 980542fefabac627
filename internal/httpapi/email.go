package httpapi

import (
	"net/http"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
)

type bindEmailBody struct {
	Email           string `json:"email"`
	Password        string `json:"password"`
	ConfirmPassword string `json:"confirmPassword"`
}

type emailLinked struct {
	linked
	warned
}

func (a *API) bindEmail(c *call, in bindEmailBody) (emailLinked, error) {
	bound, warning, err := a.sessions.BindEmail(c.Context(), c.actor, session.NewCredentials{Email: in.Email, Password: in.Password, Confirm: in.ConfirmPassword}, c.client)
	answer, err := a.linked(bound, emailBound(c.lang), err)
	return emailLinked{linked: answer, warned: warnings(warning)}, err
}

func (a *API) sendVerification(c *call, _ struct{}) (done, error) {
	if err := a.sessions.SendVerification(c.Context(), c.actor, c.client); err != nil {
		return done{}, err
	}
	return done{Success: true, Message: linkSent(c.lang)}, nil
}

type verifyBody struct {
	Token           string `json:"token" description:"of the link in the mail"`
	Ask             bool   `json:"ask,omitempty" description:"answer reauth_required rather than believe the link alone; for pages that strangers may open"`
	Password        string `json:"password,omitempty" description:"of the account that asked for the letter, where its owner is not signed in; with confirmPassword, of a new account"`
	ConfirmPassword string `json:"confirmPassword,omitempty" description:"makes an account for whoever reads the letter; the one that named the address loses it"`
}

// verifyEmail looks at the bearer's token, if there is one: it may spare him the password.
func (a *API) verifyEmail(c *call, in verifyBody) (passwordSet, error) {
	proof := session.EmailProof{Token: in.Token, Password: in.Password, Confirm: in.ConfirmPassword, LinkAlone: !in.Ask}
	if token, err := bearerToken(c.Request); err == nil {
		actor, err := a.sessions.Authenticate(c.Context(), token)
		if err != nil && errs.CodeOf(err).Status() >= http.StatusInternalServerError {
			return passwordSet{}, err
		}
		proof.Opener = actor.Account.ID // 0 when the token is worth nothing
	}
	warning, err := a.sessions.VerifyEmail(c.Context(), proof, c.client, c.lang)
	return passwordSet{success: success{Success: true}, warned: warnings(warning)}, err
}

// emailBound is the text of the second founding document.
func emailBound(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Почта привязана: теперь можно входить по почте или через Telegram"
	case locale.English:
		return "E-mail linked: you can now log in by e-mail or Telegram"
	case locale.Chinese:
	}
	return "邮箱绑定成功，现在可以使用邮箱或Telegram登录"
}

func linkSent(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Ссылка отправлена"
	case locale.English:
		return "The link is on its way"
	case locale.Chinese:
	}
	return "链接已发送"
}
