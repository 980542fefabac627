package session

import (
	"context"
	"sync"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/profile"
)

// ChatActor is the actor as the chat knows him: a mask, a role and a key to count limits under.
func (s *Service) ChatActor(ctx context.Context, actor Actor, lang locale.Lang) (profile.Actor, error) {
	return s.chatActor(ctx, actor.Account, lang)
}

func (s *Service) chatActor(ctx context.Context, a account.Account, lang locale.Lang) (profile.Actor, error) {
	mask, err := s.wornMask(ctx, a, lang)
	if err != nil {
		return profile.Actor{}, err
	}
	role := profile.RoleUser
	switch {
	case a.Has(account.RoleAdmin):
		role = profile.RoleAdmin
	case a.Has(account.RoleModerator):
		role = profile.RoleModerator
	}
	return profile.Actor{Profile: mask, Role: role, LimitKey: s.vault.LimitKey(int64(a.ID))}, nil
}

// wornMask is mask, remembered for a short time.
func (s *Service) wornMask(ctx context.Context, a account.Account, lang locale.Lang) (profile.Profile, error) {
	if mask, ok := s.worn.get(a.ID, a.Generation); ok {
		return mask, nil
	}
	mask, err := s.mask(ctx, a, lang)
	if err == nil {
		s.worn.put(a.ID, a.Generation, mask)
	}
	return mask, err
}

// Standing is what has become of a session: why it ended, or who acts in it now.
type Standing struct {
	Ended errs.Code // empty while it lives
	Actor profile.Actor
}

// Standings tells what has become of sessions, in the same order. What is not cached is read in one
// query, so that a storm of reconnects costs few.
func (s *Service) Standings(ctx context.Context, ids []string) ([]Standing, error) {
	live, err := s.liveAll(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]Standing, len(ids))
	for i, id := range ids {
		found, ok := live[id]
		if !ok {
			all[i].Ended = errs.SessionRevoked
			continue
		}
		if err := found.usable(); err != nil {
			all[i].Ended = errs.CodeOf(err)
			continue
		}
		if all[i].Actor, err = s.chatActor(ctx, found.Account, s.lang); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Service) liveAll(ctx context.Context, ids []string) (map[string]Live, error) {
	all := make(map[string]Live, len(ids))
	var missing []string
	var epoch uint64
	for i, id := range ids {
		found, ok, at := s.cache.get(id)
		if i == 0 {
			epoch = at
		}
		if ok {
			all[id] = found
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return all, nil
	}
	read, err := s.store.LiveSessions(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, found := range read {
		s.cache.put(found, epoch)
		all[found.Session.ID] = found
	}
	return all, nil
}

const (
	// wornLife bounds how long the chat may show a mask as it was.
	wornLife = time.Minute
	wornSize = 100_000
)

// wornMasks remembers the masks of accounts. A mask that was changed has another generation, so an
// entry is never wrong about who acts, only about details for a short time.
type wornMasks struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[wornKey]wornEntry
}

type wornKey struct {
	account    account.ID
	generation int64
}

type wornEntry struct {
	mask  profile.Profile
	until time.Time
}

func newWornMasks(now func() time.Time) *wornMasks {
	return &wornMasks{now: now, entries: map[wornKey]wornEntry{}}
}

func (w *wornMasks) get(id account.ID, generation int64) (profile.Profile, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.entries[wornKey{id, generation}]
	return e.mask, ok && w.now().Before(e.until)
}

func (w *wornMasks) put(id account.ID, generation int64, mask profile.Profile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) >= wornSize {
		clear(w.entries)
	}
	w.entries[wornKey{id, generation}] = wornEntry{mask: mask, until: w.now().Add(wornLife)}
}
