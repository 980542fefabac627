package view

import "maska/internal/room"

// Room is a place to talk. In the global room members, owner and seats are left out or zero.
type Room struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	Title      string `json:"title"`
	Visibility string `json:"visibility"`
	Capacity   int    `json:"capacity"`
	Online     int    `json:"online"` // a rounded lower bound in the global room
	OwnerID    *int64 `json:"ownerId"`
	Epoch      string `json:"epoch"`
	Head       int64  `json:"head"`
	CreatedAt  string `json:"createdAt"`
}

// NewRoom shows a room in which so many are online.
func NewRoom(r room.Room, online int) Room {
	return Room{
		ID: int64(r.ID), Kind: string(r.Kind), Title: r.Title, Visibility: string(r.Visibility), Capacity: r.Capacity,
		Online: online, Epoch: r.Epoch, Head: r.Head, CreatedAt: Time(r.CreatedAt),
	}
}
