package httpapi

import (
	"maska/internal/account"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

type me struct {
	Profile  view.Profile     `json:"profile"`
	Account  viewaccount.User `json:"account"`
	Limits   limits           `json:"limits"`
	Settings settings         `json:"settings"`
}

// limits are what the app checks before it asks.
type limits struct {
	ContentLength    int     `json:"contentLength" description:"code points of a message"`
	Lines            int     `json:"lines"`
	MessageBurst     int     `json:"messageBurst"`
	MessagePerSecond float64 `json:"messagePerSecond"`
	NewMasksPerDay   int     `json:"newMasksPerDay"`
}

// settings are what the server promises to keep, and for how long.
type settings struct {
	MessageDays     int `json:"messageDays" description:"in the global room"`
	RoomMessageDays int `json:"roomMessageDays" description:"in small rooms"`
	MaskDays        int `json:"maskDays" description:"days without use until a mask is put down"`
	MaskLinkDays    int `json:"maskLinkDays" description:"days after which nobody can tell who wore a mask that was put down"`
}

func (a *API) me(c *call, _ struct{}) (me, error) {
	mask, err := a.sessions.Mask(c.Context(), c.actor, c.lang)
	if err != nil {
		return me{}, err
	}
	identity, err := account.Unseal(a.vault, c.actor.Account)
	if err != nil {
		return me{}, err
	}
	return me{
		Profile: view.NewProfile(mask), Account: viewaccount.UserOf(c.actor.Account, identity),
		Limits: limits{
			ContentLength: message.MaxContent, Lines: message.MaxLines,
			MessageBurst: limit.Message.Burst, MessagePerSecond: float64(limit.Message.Max) / limit.Message.Per.Seconds(), NewMasksPerDay: session.NewMasksPerDay,
		},
		Settings: settings(a.cfg.Settings),
	}, nil
}

type newMask struct {
	Profile view.Profile `json:"profile"`
}

// takeNewMask puts the present mask down. All devices of the account get the new one.
func (a *API) takeNewMask(c *call, _ struct{}) (newMask, error) {
	mask, err := a.sessions.NewMask(c.Context(), c.actor, c.lang)
	if err != nil {
		return newMask{}, err
	}
	a.sockets.MaskChanged(c.actor.Account.ID)
	return newMask{Profile: view.NewProfile(mask)}, nil
}

func loggedOut(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Сеанс завершён"
	case locale.English:
		return "Logged out"
	case locale.Chinese:
	}
	return "已退出登录"
}
