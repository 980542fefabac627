package session

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/profile"
)

// NewMasksPerDay is how often a mask may be changed (decision 3).
const NewMasksPerDay = 3

// newMasks is counted where it is forgotten within a day, and not in the database, where it would
// date the changes.
var newMasks = limit.Rule{Name: "new_mask", Max: NewMasksPerDay, Per: 24 * time.Hour, Fixed: true}

// Mask returns the present mask of the actor, and makes one if there is none: at the first sign-in,
// or when the last one was put down for not being used.
func (s *Service) Mask(ctx context.Context, actor Actor, lang locale.Lang) (profile.Profile, error) {
	return s.mask(ctx, actor.Account, lang)
}

// mask runs after and apart from the transaction of the sign-in, so that the database does not pair
// account and mask by their commit; it can be repeated, the unique owner tag decides (decision 6).
func (s *Service) mask(ctx context.Context, a account.Account, lang locale.Lang) (profile.Profile, error) {
	owner, former := s.vault.OwnerTag(int64(a.ID), a.Generation), s.vault.OwnerTag(int64(a.ID), a.Generation-1)
	return s.masks.Wear(ctx, owner, former, lang, func(id profile.ID) []byte { return s.vault.SealOwner(int64(id), int64(a.ID)) })
}

// NewMask puts the present mask down and takes another one: a new generation, which nothing links
// to the old one. The old mask's power to act ends at once.
func (s *Service) NewMask(ctx context.Context, actor Actor, lang locale.Lang) (profile.Profile, error) {
	a := actor.Account
	key := s.vault.LimitKey(int64(a.ID))
	if err := s.take(ctx, newMasks, hex.EncodeToString(key[:])); err != nil {
		return profile.Profile{}, err
	}
	moved, err := s.store.NextGeneration(ctx, a.ID, a.Generation)
	if err != nil {
		return profile.Profile{}, err
	}
	s.DropAccount(a.ID)
	if !moved {
		// Another device changed the mask at the same moment: what it took is the new mask.
		if a, err = s.store.AccountOf(ctx, a.ID); err != nil {
			return profile.Profile{}, err
		}
		return s.mask(ctx, a, lang)
	}
	if err := s.masks.PutDown(ctx, s.vault.OwnerTag(int64(a.ID), a.Generation)); err != nil {
		return profile.Profile{}, err
	}
	a.Generation++
	return s.mask(ctx, a, lang)
}

// DropAccount forgets what is cached of an account, after its mask, roles or state changed here or
// on another node.
func (s *Service) DropAccount(id account.ID) {
	s.cache.dropAccount(func(l Live) bool { return l.Account.ID == id })
}

// PutDownUnused puts down up to n masks that nobody has worn since before. It reports how many it found.
func (s *Service) PutDownUnused(ctx context.Context, before profile.Day, n int) (int, error) {
	unused, err := s.masks.Unused(ctx, before, n)
	if err != nil {
		return 0, err
	}
	for _, m := range unused {
		if err := s.putDown(ctx, m); err != nil {
			return 0, err
		}
	}
	return len(unused), nil
}

// putDown moves the owner to the next generation first: if it is cut short, the old tag leads
// nowhere already, and the next run finishes.
func (s *Service) putDown(ctx context.Context, m profile.Worn) error {
	id, err := s.vault.UnsealOwner(int64(m.ID), m.Escrow)
	if err != nil {
		return errs.Wrap(errs.Internal, err)
	}
	a, err := s.store.AccountOf(ctx, account.ID(id))
	switch {
	case err != nil && !errors.Is(err, ErrNoAccount):
		return err
	case err == nil && s.vault.OwnerTag(id, a.Generation) == m.OwnerTag:
		if _, err := s.store.NextGeneration(ctx, a.ID, a.Generation); err != nil {
			return err
		}
		s.DropAccount(a.ID)
	}
	return s.masks.PutDown(ctx, m.OwnerTag)
}

// MaskOfTelegram finds the mask that a Telegram user wears now, without making one. It serves the
// door of dev mode, where the people are made up.
func (s *Service) MaskOfTelegram(ctx context.Context, id int64) (mask profile.Profile, found bool, err error) {
	var a account.Account
	err = s.store.Transaction(ctx, func(tx Tx) error {
		a, err = tx.AccountByTelegram(ctx, s.vault.TelegramTag(id))
		return err
	})
	if errors.Is(err, ErrNoAccount) {
		return profile.Profile{}, false, nil
	}
	if err != nil {
		return profile.Profile{}, false, err
	}
	return s.masks.Worn(ctx, s.vault.OwnerTag(int64(a.ID), a.Generation))
}
