package room

import (
	"context"
	"crypto/sha256"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
)

// What an invite allows (chat contract, section 2).
const (
	InviteUses = 5
	InviteLife = 24 * time.Hour
	MaxInvites = 20 // that work at once, of one room
)

// ReasonTooManyInvites refines forbidden: MaxInvites of the room work.
const ReasonTooManyInvites = "too_many_invites"

// InviteTag is what is kept of an invite's code: its SHA-256.
type InviteTag [sha256.Size]byte

// TagOf returns the tag of a code. Any text has one; only 128 random bits made by us have a room.
func TagOf(code string) InviteTag { return sha256.Sum256([]byte(code)) }

// Invite lets whoever has its code sit down in a room, also in a private one.
type Invite struct {
	Tag       InviteTag
	Room      ID
	Uses      int // that are left
	ExpiresAt time.Time
}

// InviteStore keeps invites.
type InviteStore interface {
	// AddInvite adds an invite unless most of its room's work at a moment; it reports whether it did.
	AddInvite(ctx context.Context, i Invite, now time.Time, most int) (bool, error)
	// InviteByTag returns an invite that works at a moment, or invite_invalid.
	InviteByTag(ctx context.Context, tag InviteTag, now time.Time) (Invite, error)
	// Accept is Store.Change by an invite, of which it takes a use if something changed; invite_invalid
	// if none is left by then.
	Accept(ctx context.Context, i Invite, guest profile.ID, now time.Time, decide func(s *State, g Guest) error) (State, bool, error)
	// DropInvite deletes an invite of a room, or returns invite_invalid.
	DropInvite(ctx context.Context, id ID, tag InviteTag) error
	// DropExpiredInvites deletes the invites whose time was over at a moment.
	DropExpiredInvites(ctx context.Context, now time.Time) error
}

// Invite makes an invite to a room and returns it with its code, which is told this once; only the
// owner may.
func (s *Service) Invite(ctx context.Context, by profile.ID, id ID) (Invite, string, error) {
	now := s.Now()
	state, err := s.Store.State(ctx, id)
	if err == nil {
		err = state.owned(by, now)
	}
	if err != nil {
		return Invite{}, "", err
	}
	code := s.Random.Token(16)
	i := Invite{Tag: TagOf(code), Room: id, Uses: InviteUses, ExpiresAt: now.Add(InviteLife)}
	if !state.ExpiresAt.IsZero() && state.ExpiresAt.Before(i.ExpiresAt) {
		i.ExpiresAt = state.ExpiresAt
	}
	added, err := s.Store.AddInvite(ctx, i, now, MaxInvites)
	if err == nil && !added {
		err = errs.New(errs.Forbidden).WithReason(ReasonTooManyInvites)
	}
	return i, code, err
}

// Uninvite ends an invite; only the owner of its room may. One that does not exist is invite_invalid.
func (s *Service) Uninvite(ctx context.Context, by profile.ID, id ID, code string) error {
	state, err := s.Store.State(ctx, id)
	if err == nil {
		err = state.owned(by, s.Now())
	}
	if err != nil {
		return err
	}
	return s.Store.DropInvite(ctx, id, TagOf(code))
}

// Preview returns an invite and the room that it leads into, for whoever has the code: invite_invalid
// if it does not work, be it used up or the room over or locked.
func (s *Service) Preview(ctx context.Context, code string) (Invite, State, error) {
	now := s.Now()
	i, err := s.Store.InviteByTag(ctx, TagOf(code), now)
	if err != nil {
		return Invite{}, State{}, err
	}
	state, err := s.Store.State(ctx, i.Room)
	if errs.CodeOf(err) == errs.NotFound || err == nil && (state.Ended(now) || state.Locked) {
		err = errs.New(errs.InviteInvalid)
	}
	return i, state, err
}

// Accept gives the mask a seat in the room that an invite leads into. Refusals: invite_invalid,
// room_full, and forbidden for a mask that nobody wears or that sits in too many rooms.
func (s *Service) Accept(ctx context.Context, actor profile.Actor, code string) (State, error) {
	now := s.Now()
	i, err := s.Store.InviteByTag(ctx, TagOf(code), now)
	if err != nil {
		return State{}, err
	}
	return s.told(ctx, i.Room, func(state *State, g Guest) error { return state.invite(g, now) },
		func(ctx context.Context, decide func(*State, Guest) error) (State, bool, error) {
			return s.Store.Accept(ctx, i, actor.Profile.ID, now, decide)
		})
}
