package room

import (
	"context"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/random"
)

// changeLimit is the longest that a change of a room may take; then it is unavailable.
const changeLimit = 2 * time.Second

// Store keeps rooms and who sits in them.
type Store interface {
	// EnsureRoom creates the room unless one with its id exists.
	EnsureRoom(ctx context.Context, r Room) error
	// Room returns a room without its people, or not_found.
	Room(ctx context.Context, id ID) (Room, error)
	// State returns a room with its people as they were at one moment, or not_found.
	State(ctx context.Context, id ID) (State, error)
	// Create adds a room whose first change is its owner's coming, if decide allows the guest that
	// he is.
	Create(ctx context.Context, r Room, decide func(s *State, g Guest) error) (State, error)
	// Change runs decide on the room as it is while nobody else can change it, and stores what decide
	// made of it as the room's next change. An error of decide is returned and nothing is stored; if
	// it changed nothing, no seq is taken and changed is false. The mask of guest is held too, so that
	// it cannot be put down or take another seat meanwhile; 0 means that nobody wants a seat.
	Change(ctx context.Context, id ID, guest profile.ID, decide func(s *State, g Guest) error) (s State, changed bool, err error)
	// RoomsOf lists the small rooms that a mask sits in and that had not ended at a moment, in order of id.
	RoomsOf(ctx context.Context, who profile.ID, now time.Time) ([]Room, error)
	// PublicRooms lists up to n public small rooms that are neither locked nor ended, whose folded
	// titles contain key, in order of id, from the first one after an id.
	PublicRooms(ctx context.Context, key string, after ID, n int, now time.Time) ([]Room, error)
	// Expired lists up to n rooms that are not closed although their time was over at a moment.
	Expired(ctx context.Context, now time.Time, n int) ([]ID, error)
	// Seats lists up to n seats of masks that nobody wears any more.
	Seats(ctx context.Context, n int) ([]Seat, error)
	// DropClosed deletes up to n rooms that were closed before a moment, with all they hold, and
	// reports how many.
	DropClosed(ctx context.Context, before time.Time, n int) (int, error)

	InviteStore
}

// Seat is a mask's seat in a room.
type Seat struct {
	Room    ID
	Profile profile.ID
}

// Limiter counts what one account does.
type Limiter interface {
	// Take takes one out of what is allowed for key, or tells how long to wait.
	Take(ctx context.Context, key string) (wait time.Duration, err error)
}

// Publisher learns of changes of rooms after their commit. Its methods must not block.
type Publisher interface {
	// Changed tells that the room's change Head made it and its members what they are now.
	Changed(s State)
	// Unsure tells that something may have been committed to the room and never be told.
	Unsure(id ID)
}

// Config holds what a Service needs.
type Config struct {
	Store     Store
	Limiter   Limiter // of new rooms
	Publisher Publisher
	Random    random.Source
	Now       func() time.Time
}

// Service opens rooms and gives out their seats. Every change takes the room's next seq and is told
// to the Publisher after its commit.
type Service struct{ Config }

// NewService makes the service.
func NewService(cfg Config) *Service { return &Service{cfg} }

// Create opens a room in which the actor sits and which he owns. It returns validation_failed,
// rate_limited, or forbidden for a mask that nobody wears or that sits in too many rooms.
func (s *Service) Create(ctx context.Context, actor profile.Actor, p Proposal) (State, error) {
	r, err := p.draft(s.Now())
	if err != nil {
		return State{}, err
	}
	wait, err := s.Limiter.Take(ctx, hex.EncodeToString(actor.LimitKey[:]))
	switch {
	case err != nil:
		return State{}, err
	case wait > 0:
		return State{}, errs.Limited(wait)
	}
	r.ID, r.Epoch, r.FirstSeq, r.Owner = ID(s.Random.ID()), NewEpoch(s.Random), 1, actor.Profile.ID
	return s.Store.Create(ctx, r, func(state *State, g Guest) error {
		switch {
		case !g.Worn:
			return errs.New(errs.Forbidden)
		case g.Rooms >= MaxRooms:
			return errs.New(errs.Forbidden).WithReason(ReasonTooManyRooms)
		}
		state.People = append(state.People, g.Profile)
		return nil
	})
}

// State returns a room that the mask may see: one it sits in, or a public one; not_found for others,
// room_closed for one that is over.
func (s *Service) State(ctx context.Context, who profile.ID, id ID) (State, error) {
	state, err := s.Store.State(ctx, id)
	if err != nil {
		return State{}, err
	}
	if err := state.admits(who, s.Now()); err != nil && errs.CodeOf(err) != errs.NotMember {
		return State{}, err
	}
	return state, nil
}

// Belongs returns the room if the mask may read and write in it. Otherwise it is not_found, also for
// a private room that exists, not_member for a public one, and room_closed for one that is over.
func (s *Service) Belongs(ctx context.Context, who profile.ID, id ID) (State, error) {
	state, err := s.Store.State(ctx, id)
	if err == nil {
		err = state.admits(who, s.Now())
	}
	if err != nil {
		return State{}, err
	}
	return state, nil
}

// Join gives the mask a seat in a public room, unless it has one in the room already. Refusals:
// not_found, room_closed, room_full, forbidden for a locked room, for a mask that nobody wears and
// for one that sits in too many rooms.
func (s *Service) Join(ctx context.Context, actor profile.Actor, id ID) (State, error) {
	return s.change(ctx, id, actor.Profile.ID, func(state *State, g Guest) error { return state.seat(g, s.Now()) })
}

// Leave gives the mask's seat up. The global room cannot be left: forbidden.
func (s *Service) Leave(ctx context.Context, who profile.ID, id ID) error {
	_, err := s.change(ctx, id, 0, func(state *State, _ Guest) error { return state.leave(who, s.Now()) })
	return err
}

// LeaveAll gives up every seat of a mask that was put down. It can be repeated.
func (s *Service) LeaveAll(ctx context.Context, who profile.ID) error {
	rooms, err := s.Store.RoomsOf(ctx, who, s.Now())
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if err := s.vacate(ctx, Seat{Room: r.ID, Profile: who}); err != nil {
			return err
		}
	}
	return nil
}

// VacateSeats gives up to n seats of masks up that nobody wears any more, and reports how many there
// were. It finishes what was cut short when a mask was put down.
func (s *Service) VacateSeats(ctx context.Context, n int) (int, error) {
	seats, err := s.Store.Seats(ctx, n)
	if err != nil {
		return 0, err
	}
	for _, seat := range seats {
		if err := s.vacate(ctx, seat); err != nil {
			return 0, err
		}
	}
	return len(seats), nil
}

// vacate takes a seat for granted that is gone, and leaves rooms that are over to their end.
func (s *Service) vacate(ctx context.Context, seat Seat) error {
	err := s.Leave(ctx, seat.Profile, seat.Room)
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.NotMember || code == errs.RoomClosed {
		return nil
	}
	return err
}

// Remove takes the seat of another mask; only the owner may.
func (s *Service) Remove(ctx context.Context, by profile.ID, id ID, who profile.ID) error {
	_, err := s.change(ctx, id, 0, func(state *State, _ Guest) error { return state.remove(by, who, s.Now()) })
	return err
}

// Edit changes a room; only the owner may.
func (s *Service) Edit(ctx context.Context, by profile.ID, id ID, e Edit) (State, error) {
	return s.change(ctx, id, 0, func(state *State, _ Guest) error { return state.edit(by, e, s.Now()) })
}

// Close ends a room for everybody; only the owner may.
func (s *Service) Close(ctx context.Context, by profile.ID, id ID) error {
	_, err := s.change(ctx, id, 0, func(state *State, _ Guest) error { return state.close(by, s.Now()) })
	return err
}

// CloseExpired closes up to n rooms whose time is over and reports how many it found.
func (s *Service) CloseExpired(ctx context.Context, n int) (int, error) {
	ids, err := s.Store.Expired(ctx, s.Now(), n)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		_, err := s.change(ctx, id, 0, func(state *State, _ Guest) error {
			if now := s.Now(); state.Ended(now) && state.ClosedAt.IsZero() {
				state.ClosedAt = now
			}
			return nil
		})
		if err != nil && errs.CodeOf(err) != errs.NotFound {
			return 0, err
		}
	}
	return len(ids), nil
}

// closedKept is how long a closed room is kept, so that its members are told that it is gone.
const closedKept = 24 * time.Hour

// DropClosed deletes invites that are over and up to n rooms that have been closed for a day; it
// reports how many rooms.
func (s *Service) DropClosed(ctx context.Context, n int) (int, error) {
	if err := s.Store.DropExpiredInvites(ctx, s.Now()); err != nil {
		return 0, err
	}
	return s.Store.DropClosed(ctx, s.Now().Add(-closedKept), n)
}

// Mine lists the small rooms that a mask sits in.
func (s *Service) Mine(ctx context.Context, who profile.ID) ([]Room, error) {
	return s.Store.RoomsOf(ctx, who, s.Now())
}

// Public lists up to n public rooms whose titles contain a text, in order of id, after an id.
func (s *Service) Public(ctx context.Context, query string, after ID, n int) ([]Room, error) {
	switch {
	case !utf8.ValidString(query), strings.ContainsFunc(query, unicode.IsControl):
		return nil, errs.Invalid("q", errs.BadCharacter)
	case utf8.RuneCountInString(query) > MaxTitle:
		return nil, errs.Invalid("q", errs.TooLong)
	}
	return s.Store.PublicRooms(ctx, TitleKey(query), after, n, s.Now())
}

func (s *Service) change(ctx context.Context, id ID, guest profile.ID, decide func(*State, Guest) error) (State, error) {
	return s.told(ctx, id, decide, func(ctx context.Context, decide func(*State, Guest) error) (State, bool, error) {
		return s.Store.Change(ctx, id, guest, decide)
	})
}

// told stores a change and tells it. It does not end with the caller: what is committed must be told.
func (s *Service) told(
	ctx context.Context, id ID, decide func(*State, Guest) error, store func(context.Context, func(*State, Guest) error) (State, bool, error),
) (State, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeLimit)
	defer cancel()
	var refusal error
	state, changed, err := store(ctx, func(state *State, g Guest) error {
		refusal = decide(state, g)
		return refusal
	})
	switch {
	case refusal != nil:
		return State{}, refusal
	case errs.CodeOf(err) == errs.NotFound, errs.CodeOf(err) == errs.InviteInvalid:
		return State{}, err
	case err != nil:
		s.Publisher.Unsure(id)
		return State{}, err
	case changed:
		s.Publisher.Changed(state)
	}
	return state, nil
}
