package httpapi

import (
	"maska/internal/account"
	"maska/internal/locale"
	viewaccount "maska/internal/view/account"
)

// bindTelegramBody is what the login widget signs, or initData.
type bindTelegramBody struct {
	InitData  string `json:"initData,omitempty"`
	ID        any    `json:"id,omitempty" description:"integer, or the same in decimal"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
	PhotoURL  string `json:"photo_url,omitempty"`
	AuthDate  any    `json:"auth_date,omitempty" description:"UNIX seconds, integer or the same in decimal"`
	Hash      string `json:"hash,omitempty"`
	rawBody   `json:"-"`
}

// linked answers every change of what leads to an account.
type linked struct {
	done
	User viewaccount.User `json:"user"`
}

func (a *API) bindTelegram(c *call, in bindTelegramBody) (linked, error) {
	var bound account.Account
	var err error
	if in.InitData != "" {
		bound, err = a.sessions.BindTelegramInitData(c.Context(), c.actor, in.InitData, c.client)
	} else {
		bound, err = a.sessions.BindTelegramWidget(c.Context(), c.actor, in.raw, c.client)
	}
	return a.linked(bound, telegramBound(c.lang), err)
}

func (a *API) unbindTelegram(c *call, _ struct{}) (linked, error) {
	left, err := a.sessions.UnbindTelegram(c.Context(), c.actor, c.client)
	return a.linked(left, unbound(c.lang), err)
}

func (a *API) unbindEmail(c *call, _ struct{}) (linked, error) {
	left, err := a.sessions.UnbindEmail(c.Context(), c.actor, c.client)
	return a.linked(left, unbound(c.lang), err)
}

func (a *API) linked(changed account.Account, message string, err error) (linked, error) {
	if err != nil {
		return linked{}, err
	}
	user, err := a.userOf(changed)
	return linked{done: done{Success: true, Message: message}, User: user}, err
}

// userOf shows an account to its owner.
func (a *API) userOf(own account.Account) (viewaccount.User, error) {
	identity, err := account.Unseal(a.vault, own)
	if err != nil {
		return viewaccount.User{}, err
	}
	return viewaccount.UserOf(own, identity), nil
}

// telegramBound is the text of the second founding document.
func telegramBound(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Telegram привязан: теперь можно входить по почте или через Telegram"
	case locale.English:
		return "Telegram linked: you can now log in by e-mail or Telegram"
	case locale.Chinese:
	}
	return "Telegram账号绑定成功，现在可以使用邮箱或Telegram登录"
}

func unbound(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Отвязано"
	case locale.English:
		return "Unlinked"
	case locale.Chinese:
	}
	return "已解除绑定"
}
