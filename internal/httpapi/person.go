package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

type personBody struct {
	FirstName *string `json:"firstName,omitempty" description:"at most 64 characters; empty for none"`
	LastName  *string `json:"lastName,omitempty" description:"at most 64 characters; empty for none"`
	Language  *string `json:"language,omitempty" enum:"zh,en,ru"`
}

func (a *API) changePerson(c *call, in personBody) (viewaccount.User, error) {
	changed, err := a.sessions.ChangePerson(c.Context(), c.actor, session.PersonChange{FirstName: in.FirstName, LastName: in.LastName, Language: in.Language})
	if err != nil {
		return viewaccount.User{}, err
	}
	return a.userOf(changed)
}

func (a *API) deleteAccount(c *call, _ struct{}) (struct{}, error) {
	return struct{}{}, a.sessions.Delete(c.Context(), c.actor, c.client)
}

type auditPage struct {
	Cursor string `query:"cursor" description:"next of the page before"`
}

type ownAudit struct {
	Events []viewaccount.Event `json:"events"`
	Next   string              `json:"next,omitempty" description:"cursor of the next page; absent on the last one"`
}

func (a *API) ownAudit(c *call, in auditPage) (ownAudit, error) {
	before, err := parseAuditCursor(in.Cursor)
	if err != nil {
		return ownAudit{}, err
	}
	page, next, err := a.sessions.OwnAudit(c.Context(), c.actor, before)
	if err != nil {
		return ownAudit{}, err
	}
	return ownAudit{Events: viewaccount.EventsOf(page), Next: auditCursor(next)}, nil
}

// auditCursor writes a place in the audit as 16 bytes in base64url: time in milliseconds, id.
func auditCursor(place session.AuditPlace) string {
	if place.ID == 0 {
		return ""
	}
	text := binary.BigEndian.AppendUint64(nil, uint64(place.At.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(text, uint64(place.ID))) //nolint:gosec // the bits of it
}

func parseAuditCursor(text string) (place session.AuditPlace, err error) {
	if text == "" {
		return place, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 16 {
		return place, errs.Invalid("cursor", errs.BadFormat)
	}
	at, id := int64(binary.BigEndian.Uint64(raw)), int64(binary.BigEndian.Uint64(raw[8:])) //nolint:gosec // the bits of it
	if at < 0 || id <= 0 {
		return place, errs.Invalid("cursor", errs.BadFormat)
	}
	return session.AuditPlace{At: time.UnixMilli(at), ID: id}, nil
}

// ownData is everything that the server keeps of a person. What he said in rooms is not among it: it
// belongs to masks, and only the present one still leads to him.
type ownData struct {
	Account  viewaccount.User       `json:"account"`
	Profile  view.Profile           `json:"profile"`
	Sessions []viewaccount.Session  `json:"sessions"`
	Devices  []viewaccount.Device   `json:"devices"`
	Factors  viewaccount.Protection `json:"factors"`
	Issuers  []string               `json:"issuers" description:"of other identities that lead here"`
	Audit    []viewaccount.Event    `json:"audit"`
}

func (a *API) export(c *call, _ struct{}) (ownData, error) {
	kept, err := a.sessions.Export(c.Context(), c.actor)
	if err != nil {
		return ownData{}, err
	}
	mask, err := a.sessions.Mask(c.Context(), c.actor, c.lang)
	if err != nil {
		return ownData{}, err
	}
	return ownData{
		Account: viewaccount.UserOf(kept.Account, kept.Identity), Profile: view.NewProfile(mask),
		Sessions: viewaccount.SessionsOf(kept.Sessions, c.actor.Session), Devices: viewaccount.DevicesOf(kept.Kept.Devices),
		Factors: viewaccount.ProtectionOf(kept.Account, kept.Factors), Issuers: append([]string{}, kept.Kept.Issuers...), Audit: viewaccount.EventsOf(kept.Audit),
	}, nil
}
