package httpapi

import (
	"context"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
)

// Sender is the write path.
type Sender interface {
	Send(ctx context.Context, actor profile.Actor, draft message.Draft) (message.Result, error)
}

// History is what was said.
type History interface {
	Before(ctx context.Context, id room.ID, before int64, limit int) (message.Page, error)
	After(ctx context.Context, id room.ID, after int64, limit int) (message.Page, error)
	Around(ctx context.Context, id room.ID, seq int64, limit int) (message.Page, error)
}

type rowsIn struct {
	ID     int64  `path:"id"`
	Before *int64 `query:"before" nullable:"false" description:"seq; messages before it"`
	Limit  *int   `query:"limit" nullable:"false" description:"1 to 200, default 200"`
}

// rows answers as the first founding document's server does: an array, oldest first.
func (a *API) rows(c *call, in rowsIn) ([]view.Row, error) {
	limit, err := pageSize(in.Limit, message.MaxPage)
	if err != nil {
		return nil, err
	}
	before, err := placeOf("before", in.Before, 1)
	if err != nil {
		return nil, err
	}
	actor, err := a.reader(c, room.ID(in.ID))
	if err != nil {
		return nil, err
	}
	page, err := a.history.Before(c.Context(), room.ID(in.ID), before, limit)
	if err != nil {
		return nil, err
	}
	return view.RowsFor(actor.Profile.ID, page.Items), nil
}

type pageIn struct {
	ID     int64  `path:"id"`
	Before *int64 `query:"before" nullable:"false" description:"seq; messages before it, oldest first"`
	After  *int64 `query:"after" nullable:"false" description:"seq; messages that changed after it, in order of rev"`
	Around *int64 `query:"around" nullable:"false" description:"seq; messages on both sides of it, oldest first"`
	Limit  *int   `query:"limit" nullable:"false" description:"1 to 200, default 50"`
}

// messagePage answers with the newest messages, or those before, after or around a place.
func (a *API) messagePage(c *call, in pageIn) (view.Page, error) {
	limit, err := pageSize(in.Limit, message.DefaultPage)
	if err != nil {
		return view.Page{}, err
	}
	read, seq, err := a.direction(in)
	if err != nil {
		return view.Page{}, err
	}
	actor, err := a.reader(c, room.ID(in.ID))
	if err != nil {
		return view.Page{}, err
	}
	page, err := read(c.Context(), room.ID(in.ID), seq, limit)
	if err != nil {
		return view.Page{}, err
	}
	return view.NewPage(actor.Profile.ID, page), nil
}

type reading func(ctx context.Context, id room.ID, seq int64, limit int) (message.Page, error)

// direction chooses what to read; at most one place may be named.
func (a *API) direction(in pageIn) (reading, int64, error) {
	read, name, place := reading(a.history.Before), "before", in.Before
	for _, other := range []struct {
		name  string
		place *int64
		read  reading
	}{{"after", in.After, a.history.After}, {"around", in.Around, a.history.Around}} {
		if other.place == nil {
			continue
		}
		if place != nil {
			return nil, 0, errs.Invalid(other.name, errs.BadFormat)
		}
		read, name, place = other.read, other.name, other.place
	}
	first := int64(1)
	if name == "after" {
		first = 0 // after nothing
	}
	seq, err := placeOf(name, place, first)
	return read, seq, err
}

type messageIn struct {
	ID      int64    `path:"id"`
	Content string   `json:"content"`
	CID     *string  `json:"cid,omitzero" nullable:"false" format:"uuid" description:"the same again gives the first answer again"`
	ReplyTo *string  `json:"replyTo,omitzero"`
	Media   []string `json:"media,omitzero"`
}

// say sends a message without a socket.
func (a *API) say(c *call, in messageIn) (view.Sent, error) {
	draft, err := message.NewDraft(message.Proposal{Room: room.ID(in.ID), Content: in.Content, CID: in.CID, ReplyTo: in.ReplyTo, Media: in.Media})
	if err != nil {
		return view.Sent{}, err
	}
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return view.Sent{}, err
	}
	result, err := a.sender.Send(c.Context(), actor, draft)
	if err != nil {
		return view.Sent{}, err
	}
	return view.NewSent(result), nil
}

// reader is who reads, if he may read in the room.
func (a *API) reader(c *call, id room.ID) (profile.Actor, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return profile.Actor{}, err
	}
	if id == room.Global {
		return actor, nil
	}
	_, err = a.places.Belongs(c.Context(), actor.Profile.ID, id)
	return actor, err
}

func pageSize(given *int, standard int) (int, error) {
	if given == nil {
		return standard, nil
	}
	if *given < 1 || *given > message.MaxPage {
		return 0, errs.Invalid("limit", errs.OutOfRange)
	}
	return *given, nil
}

// placeOf reads a seq that is not below first; 0 when none was given.
func placeOf(name string, given *int64, first int64) (int64, error) {
	if given == nil {
		return 0, nil
	}
	if *given < first || *given > 1<<53 {
		return 0, errs.Invalid(name, errs.OutOfRange)
	}
	return *given, nil
}
