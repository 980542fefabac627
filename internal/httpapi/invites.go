package httpapi

import (
	"maska/internal/room"
	"maska/internal/view"
)

// inviteLink is where an invite is opened: in Telegram if the bot is known, else on this server.
func (a *API) inviteLink(startParam string) string {
	if a.cfg.BotUsername != "" {
		return "https://t.me/" + a.cfg.BotUsername + "?startapp=" + startParam
	}
	return a.cfg.PublicURL + "/?tgWebAppStartParam=" + startParam
}

func (a *API) invite(c *call, in roomIn) (view.Invite, error) {
	self, err := a.self(c)
	if err != nil {
		return view.Invite{}, err
	}
	i, code, err := a.places.Invite(c.Context(), self, room.ID(in.ID))
	if err != nil {
		return view.Invite{}, err
	}
	return view.NewInvite(i, code, a.inviteLink), nil
}

type roomInviteIn struct {
	ID   int64  `path:"id"`
	Code string `path:"code"`
}

func (a *API) uninvite(c *call, in roomInviteIn) (finished, error) {
	self, err := a.self(c)
	if err == nil {
		err = a.places.Uninvite(c.Context(), self, room.ID(in.ID), in.Code)
	}
	return finished{OK: true}, err
}

type inviteIn struct {
	Code string `path:"code"`
}

func (a *API) previewInvite(c *call, in inviteIn) (view.Preview, error) {
	i, state, err := a.places.Preview(c.Context(), in.Code)
	if err != nil {
		return view.Preview{}, err
	}
	return view.NewPreview(i, state), nil
}

func (a *API) acceptInvite(c *call, in inviteIn) (view.Room, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return view.Room{}, err
	}
	return a.showRoom(a.places.Accept(c.Context(), actor, in.Code))
}
