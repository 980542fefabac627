// Package room is the places where masks talk.
package room

import (
	"context"
	"time"

	"maska/internal/profile"
	"maska/internal/random"
)

// ID names a room: 1 is the global room, all others are random, 2 … 2^53−1.
type ID int64

// Global is the one room that everybody belongs to. It has no member rows (decision 13).
const Global ID = 1

// Kind tells what sort of room it is.
type Kind string

// The kinds of room.
const (
	KindGlobal Kind = "global"
	KindGroup  Kind = "group"
	KindDirect Kind = "direct"
)

// Visibility tells who may find a room.
type Visibility string

// The visibilities.
const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// Room is a place to talk and how far its one counter has come.
type Room struct {
	ID         ID
	Kind       Kind
	Title      string
	Visibility Visibility
	Capacity   int // seats; 0 means no limit
	// Epoch is random and changes only when the history was rebuilt (decision 20).
	Epoch string
	// Head is the seq of the last stored change, 0 before the first one.
	Head int64
	// FirstSeq is the oldest seq that is kept (decision 26).
	FirstSeq int64
	// Rev is the seq of the last change of the room itself or of its members (decision 16).
	Rev       int64
	CreatedAt time.Time

	// Of a small room. The owner is one of its members.
	Owner profile.ID
	// Members is how many seats are taken.
	Members int
	// Locked rooms let nobody new in.
	Locked bool
	// ExpiresAt and ClosedAt are zero while there is no such moment. From the earlier of them on nobody
	// can do anything in the room, and some time later it is gone.
	ExpiresAt, ClosedAt time.Time
}

// Ended reports whether the room is closed or its time is over.
func (r Room) Ended(now time.Time) bool {
	return !r.ClosedAt.IsZero() || !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt)
}

// EnsureGlobal makes sure that the global room exists and returns it. Any number of nodes may do
// it at once; the first one's epoch stands.
func EnsureGlobal(ctx context.Context, store Store, random random.Source, now time.Time) (Room, error) {
	err := store.EnsureRoom(ctx, Room{
		ID: Global, Kind: KindGlobal, Title: "Maska", Visibility: Public, Epoch: NewEpoch(random), FirstSeq: 1, CreatedAt: now,
	})
	if err != nil {
		return Room{}, err
	}
	return store.Room(ctx, Global)
}

// NewEpoch draws the epoch of a new or rebuilt history.
func NewEpoch(random random.Source) string { return random.Token(9) }
