package room

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"maska/internal/errs"
	"maska/internal/profile"
)

// The bounds of small rooms (chat contract, sections 2 and 3).
const (
	MinSeats = 2
	MaxSeats = 6
	MaxTitle = 64 // code points
	MaxLife  = 7 * 24 * time.Hour
	MinLife  = time.Hour
	MaxRooms = 10 // that a mask sits in at once
)

// ReasonTooManyRooms refines forbidden: the mask sits in MaxRooms rooms.
const ReasonTooManyRooms = "too_many_rooms"

// State is a room with those who sit in it, in the order of their seats. The global room has no seats.
type State struct {
	Room
	People []profile.Profile
}

// Has reports whether a mask sits in the room.
func (s *State) Has(who profile.ID) bool {
	return slices.ContainsFunc(s.People, func(p profile.Profile) bool { return p.ID == who })
}

// Guest is somebody who wants a seat.
type Guest struct {
	profile.Profile
	// Worn is false when the mask was put down.
	Worn bool
	// Rooms is how many small rooms it sits in that are not closed.
	Rooms int
}

// admits returns nil if a mask may read and write in the room. Whoever does not sit in a private room
// learns nothing of it.
func (s *State) admits(who profile.ID, now time.Time) error {
	switch {
	case s.ID == Global:
		return nil
	case !s.Has(who) && s.Visibility != Public:
		return errs.New(errs.NotFound)
	case s.Ended(now):
		return errs.New(errs.RoomClosed)
	case !s.Has(who):
		return errs.New(errs.NotMember)
	}
	return nil
}

// seat gives a guest a seat in a public room, unless he has one.
func (s *State) seat(g Guest, now time.Time) error {
	switch {
	case s.ID == Global || s.Has(g.ID) && !s.Ended(now):
		return nil
	case !s.Has(g.ID) && s.Visibility != Public:
		return errs.New(errs.NotFound)
	case s.Ended(now):
		return errs.New(errs.RoomClosed)
	case s.Locked:
		return errs.New(errs.Forbidden)
	}
	return s.sit(g)
}

// invite gives a guest with an invite a seat, unless he has one.
func (s *State) invite(g Guest, now time.Time) error {
	switch {
	case s.Ended(now):
		return errs.New(errs.InviteInvalid)
	case s.Has(g.ID):
		return nil
	case s.Locked:
		return errs.New(errs.InviteInvalid)
	}
	return s.sit(g)
}

func (s *State) sit(g Guest) error {
	switch {
	case !g.Worn:
		return errs.New(errs.Forbidden)
	case len(s.People) >= s.Capacity:
		return errs.New(errs.RoomFull)
	case g.Rooms >= MaxRooms:
		return errs.New(errs.Forbidden).WithReason(ReasonTooManyRooms)
	}
	s.People = append(s.People, g.Profile)
	return nil
}

// leave gives a seat up. The owner's room goes to whoever sits next; a room without people is over.
func (s *State) leave(who profile.ID, now time.Time) error {
	if s.ID == Global {
		return errs.New(errs.Forbidden)
	}
	if err := s.admits(who, now); err != nil {
		return err
	}
	s.People = slices.DeleteFunc(s.People, func(p profile.Profile) bool { return p.ID == who })
	switch {
	case len(s.People) == 0:
		s.ClosedAt = now
	case s.Owner == who:
		s.Owner = s.People[0].ID
	}
	return nil
}

// owned returns nil if a mask may change the room.
func (s *State) owned(by profile.ID, now time.Time) error {
	if err := s.admits(by, now); err != nil {
		return err
	}
	if s.ID == Global || s.Owner != by {
		return errs.New(errs.Forbidden)
	}
	return nil
}

// remove takes somebody else's seat.
func (s *State) remove(by, who profile.ID, now time.Time) error {
	if err := s.owned(by, now); err != nil {
		return err
	}
	switch {
	case by == who:
		return errs.New(errs.Forbidden)
	case !s.Has(who):
		return errs.New(errs.NotFound)
	}
	return s.leave(who, now)
}

// Edit is what an owner may change; nil leaves it as it is.
type Edit struct {
	Title  *string
	Locked *bool
	Owner  *profile.ID
}

func (s *State) edit(by profile.ID, e Edit, now time.Time) error {
	if err := s.owned(by, now); err != nil {
		return err
	}
	if e.Title != nil {
		title, err := NewTitle(*e.Title)
		if err != nil {
			return err
		}
		s.Title = title
	}
	if e.Locked != nil {
		s.Locked = *e.Locked
	}
	if e.Owner != nil {
		if !s.Has(*e.Owner) {
			return errs.Invalid("ownerId", errs.NotFoundHere)
		}
		s.Owner = *e.Owner
	}
	return nil
}

func (s *State) close(by profile.ID, now time.Time) error {
	if err := s.owned(by, now); err != nil {
		return err
	}
	s.ClosedAt = now
	return nil
}

// Proposal is a room that somebody wants to open, as it came.
type Proposal struct {
	Title      string
	Capacity   int
	Visibility Visibility
	// LifetimeHours is nil for a room without an end.
	LifetimeHours *int
}

// draft checks a proposal. It returns validation_failed that names the field.
func (p Proposal) draft(now time.Time) (Room, error) {
	title, err := NewTitle(p.Title)
	switch {
	case err != nil:
		return Room{}, err
	case p.Capacity < MinSeats || p.Capacity > MaxSeats:
		return Room{}, errs.Invalid("capacity", errs.OutOfRange)
	case p.Visibility != Public && p.Visibility != Private:
		return Room{}, errs.Invalid("visibility", errs.BadFormat)
	}
	r := Room{Kind: KindGroup, Title: title, Visibility: p.Visibility, Capacity: p.Capacity, CreatedAt: now}
	if p.LifetimeHours != nil {
		if *p.LifetimeHours < int(MinLife/time.Hour) || *p.LifetimeHours > int(MaxLife/time.Hour) {
			return Room{}, errs.Invalid("lifetimeHours", errs.OutOfRange)
		}
		r.ExpiresAt = now.Add(time.Duration(*p.LifetimeHours) * time.Hour)
	}
	return r, nil
}

// NewTitle returns a title as it is kept: trimmed, in NFC, 1 to 64 code points in one line, with
// something to see and nothing that turns the direction of what follows.
func NewTitle(title string) (string, error) {
	const longest = MaxTitle * 4 * utf8.UTFMax // no text of 64 code points decomposes to more
	if len(title) > longest {
		return "", errs.Invalid("title", errs.TooLong)
	}
	if !utf8.ValidString(title) {
		return "", errs.Invalid("title", errs.BadCharacter)
	}
	title = strings.TrimSpace(norm.NFC.String(title))
	visible := false
	for _, r := range title {
		switch {
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp, unicode.Co):
			return "", errs.Invalid("title", errs.BadCharacter)
		case !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
			visible = true
		}
	}
	switch {
	case !visible:
		return "", errs.Invalid("title", errs.Required)
	case utf8.RuneCountInString(title) > MaxTitle:
		return "", errs.Invalid("title", errs.TooLong)
	}
	return title, nil
}

// TitleKey folds a title, or a part of one, for the search: case and ways of writing do not matter.
func TitleKey(text string) string { return cases.Fold().String(norm.NFKC.String(text)) }
