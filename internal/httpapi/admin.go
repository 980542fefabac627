package httpapi

import (
	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
	viewaccount "maska/internal/view/account"
)

// only lets a route be called by who may do something; roles are read with the session, not with the
// token, so that a change works at once, and within 5 s on a node that did not hear of it. What changes an
// account looks once more.
func only[In, Out any](p account.Permission, do func(*API, *call, In) (Out, error)) func(*API, *call, In) (Out, error) {
	return func(a *API, c *call, in In) (out Out, err error) {
		if !c.actor.Account.May(p) {
			return out, errs.New(errs.Forbidden)
		}
		return do(a, c, in)
	}
}

func operator(c *call) session.Operator {
	return session.Operator{Account: c.actor.Account.ID, Client: c.client}
}

type accountQuery struct {
	Search  string `query:"q" description:"exactly one account: its id or short id, tg:<Telegram id>, address, or @<username>"`
	Cursor  int64  `query:"cursor" minimum:"0"`
	Special bool   `query:"special" description:"only accounts with more roles than user, and disabled ones"`
}

type accountList struct {
	Users []viewaccount.User `json:"users"`
	Next  int64              `json:"next,omitzero" description:"cursor of the next page; absent at the end"`
}

// accounts serves GET /api/admin/users. What is sealed is opened for who asks for one account; a list shows
// none of it.
func (a *API) accounts(c *call, in accountQuery) (accountList, error) {
	list := accountList{Users: []viewaccount.User{}}
	if in.Search != "" {
		found, err := a.sessions.Find(c.Context(), in.Search)
		if errs.CodeOf(err) == errs.NotFound {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		identity, err := account.Unseal(a.vault, found)
		if err != nil {
			return list, err
		}
		list.Users = append(list.Users, viewaccount.UserOf(found, identity))
		return list, nil
	}
	page, next, err := a.sessions.Accounts(c.Context(), account.ID(in.Cursor), in.Special)
	for _, each := range page {
		list.Users = append(list.Users, viewaccount.UserOf(each, account.Identity{}))
	}
	list.Next = int64(next)
	return list, err
}

type accountPath struct {
	ID int64 `path:"id"`
}

type accountChange struct {
	ID       int64          `path:"id"`
	IsActive *bool          `json:"isActive,omitempty"`
	Roles    []account.Role `json:"roles,omitempty" description:"the highest one counts, and includes those below it" enum:"user,moderator,admin"`
}

// changeAccount serves PATCH /api/admin/users/{id}.
func (a *API) changeAccount(c *call, in accountChange) (viewaccount.User, error) {
	if in.Roles != nil && len(in.Roles) == 0 {
		return viewaccount.User{}, errs.Invalid("roles", errs.Required)
	}
	for _, role := range in.Roles {
		if !account.IsRole(string(role)) {
			return viewaccount.User{}, errs.Invalid("roles", errs.BadFormat)
		}
	}
	changed, err := a.sessions.Operate(c.Context(), operator(c), account.ID(in.ID), session.AccountChange{Active: in.IsActive, Roles: in.Roles})
	if err != nil {
		return viewaccount.User{}, err
	}
	return viewaccount.UserOf(changed, account.Identity{}), nil
}

type revoked struct {
	Success bool `json:"success"`
	Revoked int  `json:"revoked" description:"how many sessions were ended"`
}

// logoutAccount serves POST /api/admin/users/{id}/logout.
func (a *API) logoutAccount(c *call, in accountPath) (revoked, error) {
	n, err := a.sessions.EndSessionsOf(c.Context(), operator(c), account.ID(in.ID))
	return revoked{Success: err == nil, Revoked: n}, err
}

type wholeAudit struct {
	Events []viewaccount.AnyEvent `json:"events"`
	Next   string                 `json:"next,omitzero" description:"cursor of the next page; absent at the end"`
}

// allAudit serves GET /api/admin/audit.
func (a *API) allAudit(c *call, in auditPage) (wholeAudit, error) {
	before, err := parseAuditCursor(in.Cursor)
	if err != nil {
		return wholeAudit{}, err
	}
	page, next, err := a.sessions.AllAudit(c.Context(), before)
	if err != nil {
		return wholeAudit{}, err
	}
	return wholeAudit{Events: viewaccount.AnyEventsOf(page), Next: auditCursor(next)}, nil
}

type claimBody struct {
	Code string `json:"code" description:"printed by the server at its first start"`
}

// claimAdmin serves POST /api/admin/claim.
func (a *API) claimAdmin(c *call, in claimBody) (viewaccount.User, error) {
	changed, err := a.sessions.BecomeFirstAdmin(c.Context(), c.actor, in.Code, c.client)
	if err != nil {
		return viewaccount.User{}, err
	}
	identity, err := account.Unseal(a.vault, changed)
	if err != nil {
		return viewaccount.User{}, err
	}
	return viewaccount.UserOf(changed, identity), nil
}
