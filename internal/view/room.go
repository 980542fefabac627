package view

import (
	"maska/internal/profile"
	"maska/internal/room"
)

// Room is a place to talk. The global room has no seats, members, owner or end.
type Room struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	Title      string `json:"title"`
	Visibility string `json:"visibility"`
	Capacity   int    `json:"capacity"`
	Members    int    `json:"members,omitzero"`
	Online     int    `json:"online"` // a rounded lower bound in the global room
	OwnerID    *int64 `json:"ownerId"`
	Locked     bool   `json:"locked,omitzero"` // nobody new is let in
	Closed     bool   `json:"closed,omitzero"` // it is over
	Epoch      string `json:"epoch"`
	Head       int64  `json:"head"`
	CreatedAt  string `json:"createdAt"`
	ExpiresAt  string `json:"expiresAt,omitzero"`
}

// NewRoom shows a room in which so many are online.
func NewRoom(r room.Room, online int) Room {
	v := Room{
		ID: int64(r.ID), Kind: string(r.Kind), Title: r.Title, Visibility: string(r.Visibility), Capacity: r.Capacity, Members: r.Members,
		Online: online, Locked: r.Locked, Closed: !r.ClosedAt.IsZero(), Epoch: r.Epoch, Head: r.Head, CreatedAt: Time(r.CreatedAt),
	}
	if r.Owner != 0 {
		v.OwnerID = new(int64(r.Owner))
	}
	if !r.ExpiresAt.IsZero() {
		v.ExpiresAt = Time(r.ExpiresAt)
	}
	return v
}

// Opened is a room that was just opened, with an invite to it.
type Opened struct {
	Room
	Invite Invite `json:"invite"`
}

// Invite lets whoever has its code into a room.
type Invite struct {
	Code       string `json:"code"`
	URL        string `json:"url"`
	StartParam string `json:"startParam"` // of a Telegram link
	Uses       int    `json:"uses"`       // that are left
	ExpiresAt  string `json:"expiresAt"`
}

// invitePrefix tells an invite from other start parameters.
const invitePrefix = "i_"

// NewInvite shows an invite; link makes an address of a start parameter.
func NewInvite(i room.Invite, code string, link func(startParam string) string) Invite {
	return Invite{Code: code, URL: link(invitePrefix + code), StartParam: invitePrefix + code, Uses: i.Uses, ExpiresAt: Time(i.ExpiresAt)}
}

// Preview is what somebody who has the code of an invite may know before he accepts it.
type Preview struct {
	Title     string `json:"title"`
	Members   int    `json:"members"`
	Capacity  int    `json:"capacity"`
	ExpiresAt string `json:"expiresAt"` // of the invite
}

// NewPreview shows where an invite leads.
func NewPreview(i room.Invite, r room.State) Preview {
	return Preview{Title: r.Title, Members: len(r.People), Capacity: r.Capacity, ExpiresAt: Time(i.ExpiresAt)}
}

// Profiles shows masks.
func Profiles(people []profile.Profile) []Profile {
	all := make([]Profile, len(people))
	for i, p := range people {
		all[i] = NewProfile(p)
	}
	return all
}

// RoomChange tells that a small room or its members changed: it is the change Seq of the room.
type RoomChange struct {
	RoomID int64     `json:"roomId"`
	Seq    int64     `json:"seq"`
	Room   Room      `json:"room"`
	People []Profile `json:"people"` // its members, in the order of their seats
}

// NewRoomChange shows a change of a room in which so many are online.
func NewRoomChange(s room.State, online int) RoomChange {
	return RoomChange{RoomID: int64(s.ID), Seq: s.Head, Room: NewRoom(s.Room, online), People: Profiles(s.People)}
}

// Rooms is a list of rooms.
type Rooms struct {
	Items []Room  `json:"items"`
	Next  *string `json:"next"` // where the next page begins; null at the end
}

// Members is the list of a room's members, in the order of their seats.
type Members struct {
	Items []Profile `json:"items"`
	Next  *string   `json:"next"` // always null: a room has at most six
}
