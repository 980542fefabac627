package session

import (
	"context"
	"errors"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
)

// Actor is who acts in a request: account, session and roles, never a mask. Chat code gets a
// profile.Actor instead.
type Actor struct {
	Account    account.Account
	Session    string
	ExpiresAt  time.Time // of the access token
	FreshUntil time.Time // until when the actor's proof of who he is counts as fresh; zero without one
}

// Authenticate checks an access token and the session behind it (auth contract, section 7.1). The
// session must be found: what is unknown is refused.
func (s *Service) Authenticate(ctx context.Context, bearer string) (Actor, error) {
	c, id, err := s.access.verify(bearer, s.now())
	if err != nil {
		return Actor{}, err
	}
	live, err := s.live(ctx, c.Session)
	if errors.Is(err, ErrNoSession) {
		return Actor{}, s.unknownSession(ctx, id)
	}
	if err != nil {
		return Actor{}, err
	}
	if live.Session.Account != id {
		return Actor{}, errs.New(errs.TokenInvalid)
	}
	if err := live.usable(); err != nil {
		return Actor{}, err
	}
	if c.Generation == live.Session.Generation && !live.Session.Confirmed {
		if err := s.store.ConfirmGeneration(ctx, live.Session.ID, c.Generation); err != nil {
			return Actor{}, err
		}
		s.cache.drop(live.Session.ID)
	}
	actor := Actor{Account: live.Account, Session: live.Session.ID, ExpiresAt: time.Unix(c.ExpiresAt, 0), FreshUntil: live.Session.FreshUntil}
	if proved := time.Unix(c.ProvedAt, 0).Add(FreshLife); c.ProvedAt != 0 && proved.After(actor.FreshUntil) {
		actor.FreshUntil = proved
	}
	return actor, nil
}

// unknownSession tells an account that is gone from one whose session is gone.
func (s *Service) unknownSession(ctx context.Context, id account.ID) error {
	_, err := s.store.AccountOf(ctx, id)
	switch {
	case errors.Is(err, ErrNoAccount):
		return errs.New(errs.UserNotFound)
	case err != nil:
		return err
	}
	return errs.New(errs.SessionRevoked)
}

func (s *Service) live(ctx context.Context, sid string) (Live, error) {
	found, ok, epoch := s.cache.get(sid)
	if ok {
		return found, nil
	}
	found, err := s.store.LiveSession(ctx, sid)
	if err != nil {
		return Live{}, err
	}
	s.cache.put(found, epoch)
	return found, nil
}
