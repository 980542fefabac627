package httpapi

import (
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	viewaccount "maska/internal/view/account"
)

type logoutAllBody struct {
	KeepCurrent bool `json:"keepCurrent,omitempty" description:"leave this session alone"`
}

type loggedOutAll struct {
	done
	Revoked int `json:"revoked" description:"how many sessions were ended"`
}

func (a *API) logoutAll(c *call, in logoutAllBody) (loggedOutAll, error) {
	n, err := a.sessions.LogoutAll(c.Context(), c.actor, in.KeepCurrent, c.client)
	if err != nil {
		return loggedOutAll{}, err
	}
	return loggedOutAll{done: done{Success: true, Message: loggedOutEverywhere(c.lang)}, Revoked: n}, nil
}

type sessionList struct {
	Sessions []viewaccount.Session `json:"sessions"`
}

func (a *API) ownSessions(c *call, _ struct{}) (sessionList, error) {
	all, err := a.sessions.Sessions(c.Context(), c.actor)
	if err != nil {
		return sessionList{}, err
	}
	return sessionList{Sessions: viewaccount.SessionsOf(all, c.actor.Session)}, nil
}

type sessionPath struct {
	ID string `path:"id"`
}

type success struct {
	Success bool `json:"success"`
}

func (a *API) endSession(c *call, in sessionPath) (success, error) {
	return success{Success: true}, a.sessions.EndSession(c.Context(), c.actor, in.ID, c.client)
}

type reauthBody struct {
	Password *string `json:"password,omitempty"`
	InitData *string `json:"initData,omitempty"`
	Code     *string `json:"code,omitempty" description:"of an authenticator app, or a recovery code"`
}

type reauthed struct {
	Success    bool      `json:"success"`
	FreshUntil time.Time `json:"fresh_until"`
}

// reauth serves POST /api/auth/reauth: one of three proofs that the actor still is who he is.
func (a *API) reauth(c *call, in reauthBody) (out reauthed, err error) {
	switch {
	case in.InitData != nil && in.Password == nil && in.Code == nil:
		out.FreshUntil, err = a.sessions.ReauthInitData(c.Context(), c.actor, *in.InitData, c.client)
	case in.Code != nil && in.InitData == nil && in.Password == nil:
		out.FreshUntil, err = a.sessions.ReauthCode(c.Context(), c.actor, *in.Code, c.client)
	case in.Password != nil && in.InitData == nil && in.Code == nil:
		out.FreshUntil, err = a.sessions.ReauthPassword(c.Context(), c.actor, *in.Password, c.client)
	default:
		err = errs.New(errs.ValidationFailed)
	}
	out.Success = err == nil
	return out, err
}

func loggedOutEverywhere(lang locale.Lang) string {
	switch lang {
	case locale.Russian:
		return "Все сеансы завершены"
	case locale.English:
		return "Logged out everywhere"
	case locale.Chinese:
	}
	return "已退出所有设备"
}
