package httpapi

import (
	"encoding/base64"
	"strconv"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
)

// finished answers what has nothing to tell but that it is done.
type finished struct {
	OK bool `json:"ok"`
}

type roomIn struct {
	ID int64 `path:"id"`
}

type roomsIn struct {
	Scope  *string `query:"scope" nullable:"false" enum:"mine,public" description:"mine by default"`
	Q      *string `query:"q" nullable:"false" description:"public rooms with this text in their titles"`
	Cursor *string `query:"cursor" nullable:"false" description:"next of the page before"`
	Limit  *int    `query:"limit" nullable:"false" description:"1 to 200, default 50"`
}

// rooms lists the actor's rooms, the global one first, or the public small rooms that can be joined.
func (a *API) rooms(c *call, in roomsIn) (view.Rooms, error) {
	limit, err := pageSize(in.Limit, message.DefaultPage)
	if err != nil {
		return view.Rooms{}, err
	}
	scope := "mine"
	if in.Scope != nil {
		scope = *in.Scope
	}
	switch scope {
	case "mine":
		return a.ownRooms(c)
	case "public":
		return a.publicRooms(c, in, limit)
	}
	return view.Rooms{}, errs.Invalid("scope", errs.BadFormat)
}

func (a *API) ownRooms(c *call) (view.Rooms, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return view.Rooms{}, err
	}
	global, err := a.places.State(c.Context(), actor.Profile.ID, room.Global)
	if err != nil {
		return view.Rooms{}, err
	}
	mine, err := a.places.Mine(c.Context(), actor.Profile.ID)
	if err != nil {
		return view.Rooms{}, err
	}
	return view.Rooms{Items: a.showRooms(append([]room.Room{global.Room}, mine...))}, nil
}

func (a *API) publicRooms(c *call, in roomsIn, limit int) (view.Rooms, error) {
	var query string
	if in.Q != nil {
		query = *in.Q
	}
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return view.Rooms{}, err
	}
	found, err := a.places.Public(c.Context(), query, after, limit+1)
	if err != nil {
		return view.Rooms{}, err
	}
	list := view.Rooms{Items: a.showRooms(found[:min(limit, len(found))])}
	if len(found) > limit {
		list.Next = new(cursorAfter(found[limit-1].ID))
	}
	return list, nil
}

func (a *API) showRooms(rooms []room.Room) []view.Room {
	items := make([]view.Room, len(rooms))
	for i, r := range rooms {
		items[i] = view.NewRoom(r, a.online(r.ID))
	}
	return items
}

// cursorAfter tells where the page after a room begins; to clients it is opaque.
func cursorAfter(id room.ID) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, int64(id), 10))
}

func parseCursor(cursor *string) (room.ID, error) {
	if cursor == nil {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil {
		return 0, errs.Invalid("cursor", errs.BadFormat)
	}
	id, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, errs.Invalid("cursor", errs.BadFormat)
	}
	return room.ID(id), nil
}

type openRoomIn struct {
	Title         string `json:"title" description:"1 to 64 characters"`
	Capacity      int    `json:"capacity" minimum:"2" maximum:"6"`
	Visibility    string `json:"visibility" enum:"public,private"`
	LifetimeHours *int   `json:"lifetimeHours,omitzero" nullable:"false" minimum:"1" maximum:"168" description:"without it the room stays until its last member leaves"`
}

// openRoom answers with the room and an invite to it.
func (a *API) openRoom(c *call, in openRoomIn) (view.Opened, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return view.Opened{}, err
	}
	state, err := a.places.Create(c.Context(), actor, room.Proposal{
		Title: in.Title, Capacity: in.Capacity, Visibility: room.Visibility(in.Visibility), LifetimeHours: in.LifetimeHours,
	})
	if err != nil {
		return view.Opened{}, err
	}
	i, code, err := a.places.Invite(c.Context(), actor.Profile.ID, state.ID)
	if err != nil {
		return view.Opened{}, err
	}
	return view.Opened{Room: view.NewRoom(state.Room, a.online(state.ID)), Invite: view.NewInvite(i, code, a.inviteLink)}, nil
}

func (a *API) showRoom(state room.State, err error) (view.Room, error) {
	if err != nil {
		return view.Room{}, err
	}
	return view.NewRoom(state.Room, a.online(state.ID)), nil
}

// self is the mask that acts.
func (a *API) self(c *call) (profile.ID, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	return actor.Profile.ID, err
}

func (a *API) room(c *call, in roomIn) (view.Room, error) {
	self, err := a.self(c)
	if err != nil {
		return view.Room{}, err
	}
	return a.showRoom(a.places.State(c.Context(), self, room.ID(in.ID)))
}

type editRoomIn struct {
	ID      int64   `path:"id"`
	Title   *string `json:"title,omitzero" nullable:"false" description:"1 to 64 characters"`
	Locked  *bool   `json:"locked,omitzero" nullable:"false" description:"let nobody new in"`
	OwnerID *int64  `json:"ownerId,omitzero" nullable:"false" description:"the member to whom the room is handed over"`
}

func (a *API) editRoom(c *call, in editRoomIn) (view.Room, error) {
	self, err := a.self(c)
	if err != nil {
		return view.Room{}, err
	}
	edit := room.Edit{Title: in.Title, Locked: in.Locked}
	if in.OwnerID != nil {
		edit.Owner = new(profile.ID(*in.OwnerID))
	}
	return a.showRoom(a.places.Edit(c.Context(), self, room.ID(in.ID), edit))
}

func (a *API) closeRoom(c *call, in roomIn) (finished, error) {
	self, err := a.self(c)
	if err == nil {
		err = a.places.Close(c.Context(), self, room.ID(in.ID))
	}
	return finished{OK: true}, err
}

func (a *API) joinRoom(c *call, in roomIn) (view.Room, error) {
	actor, err := a.sessions.ChatActor(c.Context(), c.actor, c.lang)
	if err != nil {
		return view.Room{}, err
	}
	return a.showRoom(a.places.Join(c.Context(), actor, room.ID(in.ID)))
}

func (a *API) leaveRoom(c *call, in roomIn) (finished, error) {
	self, err := a.self(c)
	if err == nil {
		err = a.places.Leave(c.Context(), self, room.ID(in.ID))
	}
	return finished{OK: true}, err
}

// roomMembers lists those who sit in a small room, to each other. The global room has no list: it
// would be everybody (decision 13).
func (a *API) roomMembers(c *call, in roomIn) (view.Members, error) {
	self, err := a.self(c)
	if err != nil {
		return view.Members{}, err
	}
	if room.ID(in.ID) == room.Global {
		return view.Members{}, errs.New(errs.Forbidden)
	}
	state, err := a.places.Belongs(c.Context(), self, room.ID(in.ID))
	if err != nil {
		return view.Members{}, err
	}
	return view.Members{Items: view.Profiles(state.People)}, nil
}

type memberIn struct {
	ID        int64 `path:"id"`
	ProfileID int64 `path:"profileId"`
}

func (a *API) removeMember(c *call, in memberIn) (finished, error) {
	self, err := a.self(c)
	if err == nil {
		err = a.places.Remove(c.Context(), self, room.ID(in.ID), profile.ID(in.ProfileID))
	}
	return finished{OK: true}, err
}
