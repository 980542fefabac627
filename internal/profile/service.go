package profile

import (
	"context"
	"errors"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/profile/maskart"
	"maska/internal/profile/nickname"
	"maska/internal/random"
	"maska/internal/vault"
)

// Day is a date, in days since 1970-01-01 UTC. Masks carry no finer times.
type Day int64

// DayOf returns the day of a time.
func DayOf(t time.Time) Day { return Day(t.UTC().Unix() / (24 * 60 * 60)) }

// Time returns midnight UTC of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Row is a mask as it is kept.
type Row struct {
	ID          ID
	OwnerTag    vault.Tag
	Escrow      []byte
	Nickname    string
	NicknameKey string
	Resting     vault.Tag // under which the nickname rests after the mask is gone
	Seed        string    // of the picture; never leaves the server
	Color       int
	Day         Day
}

// Worn is a mask with what leads to its owner.
type Worn struct {
	ID       ID
	OwnerTag vault.Tag
	Escrow   []byte
}

// ErrNone says that no mask is worn under a tag.
var ErrNone = errors.New("profile: no such mask")

// Store keeps the masks.
type Store interface {
	// WornBy finds the mask of an owner and the last day it was used; ErrNone when there is none.
	WornBy(ctx context.Context, owner vault.Tag) (Profile, Day, error)
	// Use notes that a mask was used on a day.
	Use(ctx context.Context, id ID, day Day) error
	// Insert adds a mask; false when its owner tag, nickname or id is taken, or its nickname rests.
	Insert(ctx context.Context, row Row) (bool, error)
	// PutDown ends the mask of an owner: its tag goes at once, the rest at eraseAt. It names the mask;
	// ErrNone when there is none.
	PutDown(ctx context.Context, owner vault.Tag, day Day, eraseAt time.Time) (ID, error)
	// Unused lists up to n masks that were last used before a day.
	Unused(ctx context.Context, before Day, n int) ([]Worn, error)
	// Erasable lists up to n masks whose time to be erased has come.
	Erasable(ctx context.Context, now time.Time, n int) ([]Erasable, error)
	// Erase removes what made a mask a person; its nickname rests under a tag until a day.
	Erase(ctx context.Context, id ID, resting vault.Tag, until Day) error
	// ExpireEscrow forgets who wore the masks that were put down before a day, and ends the rest of nicknames.
	ExpireEscrow(ctx context.Context, downBefore, today Day) error
	// Seed finds the seed of a mask's picture; ErrNone when the mask is erased or never was.
	Seed(ctx context.Context, id ID) (string, error)
}

// Erasable is a mask that was put down, with the nickname that shall rest.
type Erasable struct {
	ID          ID
	NicknameKey string
}

const (
	// nameTries is how many nicknames are tried: two words, then with two digits, then with three.
	nameTries = 12
	// eraseWithin is the time in which a mask that was put down is erased, at a random moment, so
	// that its end tells nothing about another mask's beginning (decision 2).
	eraseWithin = 23 * time.Hour
	eraseAfter  = time.Hour
	// restDays is how long a nickname rests.
	restDays = 30
)

// Service makes masks, finds them and puts them down. It is safe for concurrent use.
type Service struct {
	store  Store
	names  *nickname.Maker
	vault  *vault.Vault
	random random.Source
	now    func() time.Time
	down   func(context.Context, ID) error
}

// WhenPutDown sets what is done right after a mask was put down: it gives up its seats. It must be
// repeatable, and is set before the service is used.
func (s *Service) WhenPutDown(do func(context.Context, ID) error) { s.down = do }

// NewService makes the service.
func NewService(store Store, names *nickname.Maker, v *vault.Vault, source random.Source, now func() time.Time) *Service {
	return &Service{store: store, names: names, vault: v, random: source, now: now}
}

// Wear returns the mask under an owner tag, and makes one if there is none, with a nickname in lang.
// escrow seals the owner for the new mask's id. Of two calls at once both get the same mask. The mask
// under the former tag, if the change from it was cut short, is put down first: it must not keep its seats.
func (s *Service) Wear(ctx context.Context, owner, former vault.Tag, lang locale.Lang, escrow func(ID) []byte) (Profile, error) {
	for try := range nameTries {
		found, used, err := s.store.WornBy(ctx, owner)
		if err == nil {
			if today := DayOf(s.now()); used < today {
				err = s.store.Use(ctx, found.ID, today)
			}
			return found, err
		}
		if !errors.Is(err, ErrNone) {
			return Profile{}, err
		}
		if err := s.PutDown(ctx, former); err != nil {
			return Profile{}, err
		}
		row, err := s.draw(owner, lang, try, escrow)
		if err != nil {
			return Profile{}, err
		}
		inserted, err := s.store.Insert(ctx, row)
		if err != nil {
			return Profile{}, err
		}
		if inserted {
			return Profile{ID: row.ID, Nickname: row.Nickname, Color: row.Color, CreatedDay: row.Day.Time()}, nil
		}
	}
	return Profile{}, errs.Wrap(errs.Unavailable, errors.New("no free nickname found"))
}

// Worn returns the mask under an owner tag, if there is one.
func (s *Service) Worn(ctx context.Context, owner vault.Tag) (mask Profile, found bool, err error) {
	mask, _, err = s.store.WornBy(ctx, owner)
	if errors.Is(err, ErrNone) {
		return Profile{}, false, nil
	}
	return mask, err == nil, err
}

// draw makes a mask of random parts only.
func (s *Service) draw(owner vault.Tag, lang locale.Lang, try int, escrow func(ID) []byte) (Row, error) {
	name, err := s.names.Name(nickname.Lang(lang), try)
	if err != nil {
		return Row{}, err
	}
	id, seed, key := ID(s.random.ID()), s.random.Token(12), nickname.Key(name)
	return Row{
		ID: id, OwnerTag: owner, Escrow: escrow(id), Nickname: name, NicknameKey: key, Resting: s.vault.NicknameTag(key),
		Seed: seed, Color: maskart.Hue(seed), Day: DayOf(s.now()),
	}, nil
}

// PutDown ends the mask under an owner tag: it cannot act any more, leaves its rooms, and is erased
// within a day. No mask is no error.
func (s *Service) PutDown(ctx context.Context, owner vault.Tag) error {
	now := s.now()
	delay := time.Duration(s.random.ID() % int64(eraseWithin))
	id, err := s.store.PutDown(ctx, owner, DayOf(now), now.Add(eraseAfter+delay))
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil || s.down == nil {
		return err
	}
	return s.down(ctx, id)
}

// Unused lists up to n masks that were last used before a day.
func (s *Service) Unused(ctx context.Context, before Day, n int) ([]Worn, error) {
	return s.store.Unused(ctx, before, n)
}

// EraseDue erases up to n masks whose time has come and reports how many it found.
func (s *Service) EraseDue(ctx context.Context, n int) (int, error) {
	due, err := s.store.Erasable(ctx, s.now(), n)
	if err != nil {
		return 0, err
	}
	for _, m := range due {
		if err := s.store.Erase(ctx, m.ID, s.vault.NicknameTag(m.NicknameKey), DayOf(s.now())+restDays); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// ForgetOwners ends the escrow of masks that were put down more than linkDays ago.
func (s *Service) ForgetOwners(ctx context.Context, linkDays int) error {
	today := DayOf(s.now())
	return s.store.ExpireEscrow(ctx, today-Day(linkDays), today)
}

// Picture draws the mask of a profile; a neutral one for a mask that is erased or never was.
func (s *Service) Picture(ctx context.Context, id ID) (svg []byte, err error) {
	seed, err := s.store.Seed(ctx, id)
	if errors.Is(err, ErrNone) {
		return maskart.Neutral(), nil
	}
	if err != nil {
		return nil, err
	}
	return maskart.SVG(seed), nil
}
