package httpapi

import (
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

// warned is the part of an answer that says what is unwise about a password that was taken.
type warned struct {
	Warnings []string `json:"warnings,omitempty" description:"password_common: one of those that are tried first"`
}

func warnings(warning string) warned {
	if warning == "" {
		return warned{}
	}
	return warned{Warnings: []string{warning}}
}

type registerBody struct {
	Email           string `json:"email"`
	Password        string `json:"password"`
	ConfirmPassword string `json:"confirmPassword"`
	DeviceInfo      string `json:"deviceInfo,omitempty" description:"cut to 256 characters; only a class of device is kept"`
}

type registered struct {
	viewaccount.TokenSet
	warned
}

func (a *API) register(c *call, in registerBody) (registered, error) {
	c.client.Device = cut(in.DeviceInfo)
	tokens, warning, err := a.sessions.Register(c.Context(), session.NewCredentials{Email: in.Email, Password: in.Password, Confirm: in.ConfirmPassword}, c.client, c.lang)
	if err != nil {
		return registered{}, err
	}
	return registered{TokenSet: viewaccount.TokenSetOf(tokens, view.AvatarURL), warned: warnings(warning)}, nil
}

type passwordBody struct {
	Email      string `json:"email,omitempty" description:"or username"`
	Username   string `json:"username,omitempty" description:"or email"`
	Password   string `json:"password"`
	DeviceInfo string `json:"deviceInfo,omitempty" description:"cut to 256 characters; only a class of device is kept"`
}

func (a *API) signInPassword(c *call, in passwordBody) (viewaccount.TokenSet, error) {
	c.client.Device = cut(in.DeviceInfo)
	tokens, err := a.sessions.SignInPassword(c.Context(), session.PasswordLogin{Email: in.Email, Username: in.Username, Password: in.Password}, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

type forgotBody struct {
	Email string `json:"email"`
}

// forgotPassword answers the same whether or not the address belongs to somebody.
func (a *API) forgotPassword(c *call, in forgotBody) (done, error) {
	if err := a.sessions.ForgotPassword(c.Context(), in.Email, c.client); err != nil {
		return done{}, err
	}
	return done{Success: true, Message: linkIfKnown(c.lang)}, nil
}

type resetBody struct {
	Token           string `json:"token" description:"of the link in the mail"`
	Password        string `json:"password"`
	ConfirmPassword string `json:"confirmPassword"`
}

type passwordSet struct {
	success
	warned
}

func (a *API) resetPassword(c *call, in resetBody) (passwordSet, error) {
	warning, err := a.sessions.ResetPassword(c.Context(), session.PasswordReset{Token: in.Token, Password: in.Password, Confirm: in.ConfirmPassword}, c.client)
	return passwordSet{success: success{Success: true}, warned: warnings(warning)}, err
}

type changePasswordBody struct {
	CurrentPassword string `json:"currentPassword" description:"not looked at while there is none; a fresh proof is needed then"`
	Password        string `json:"password"`
	ConfirmPassword string `json:"confirmPassword"`
}

type passwordChanged struct {
	success
	Revoked int `json:"revoked" description:"other sessions that were ended"`
	warned
}

func (a *API) changePassword(c *call, in changePasswordBody) (passwordChanged, error) {
	revoked, warning, err := a.sessions.ChangePassword(c.Context(), c.actor, session.PasswordChange{Current: in.CurrentPassword, Password: in.Password, Confirm: in.ConfirmPassword}, c.client)
	return passwordChanged{success: success{Success: true}, Revoked: revoked, warned: warnings(warning)}, err
}

func linkIfKnown(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Если этот адрес подтверждён в каком-либо аккаунте, на него отправлена ссылка"
	case locale.English:
		return "If this address is confirmed on an account, a link is on its way to it"
	case locale.Chinese:
	}
	return "如果该邮箱已在某个账号中验证，链接将发送至该邮箱"
}
