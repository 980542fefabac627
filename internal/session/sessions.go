package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
)

// endingTx ends many sessions at once.
type endingTx interface {
	// EndSessions revokes what is not revoked of an account's sessions, except one, and names them.
	EndSessions(ctx context.Context, id account.ID, except string, at time.Time, why string) ([]string, error)
	// RaiseTokenEpoch voids everything that began under the account's present epoch, except one session.
	RaiseTokenEpoch(ctx context.Context, id account.ID, except string) error
}

// Sessions lists the actor's live sessions, last used first.
func (s *Service) Sessions(ctx context.Context, actor Actor) ([]Session, error) {
	all, err := s.store.SessionsOf(ctx, actor.Account.ID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	all = slices.DeleteFunc(all, func(each Session) bool {
		return each.TokenEpoch != actor.Account.TokenEpoch || each.expired(now)
	})
	slices.Reverse(all)
	return all, nil
}

// IdleUntil is when the session ends unless it is refreshed before, to the hour.
func (s Session) IdleUntil() time.Time {
	if idle := hour(s.SteppedAt).Add(IdleLife); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// EndSession ends one of the actor's sessions.
func (s *Service) EndSession(ctx context.Context, actor Actor, id string, client Client) error {
	err := s.store.Transaction(ctx, func(tx Tx) error {
		live, err := tx.SessionForUpdate(ctx, id)
		switch {
		case errors.Is(err, ErrNoSession):
			return errs.New(errs.SessionNotFound)
		case err != nil:
			return err
		case live.Account.ID != actor.Account.ID || live.usable() != nil || live.Session.expired(s.now()):
			return errs.New(errs.SessionNotFound)
		}
		r := s.record(audit.TokenRevoked, client)
		r.Account, r.Session, r.Detail = int64(live.Account.ID), id, "by its owner"
		return errors.Join(tx.RevokeSession(ctx, id, hour(s.now()), "owner"), tx.Audit(ctx, r))
	})
	if err != nil {
		return err
	}
	s.forget([]string{id})
	return nil
}

// LogoutAll ends the actor's sessions, without the present one if keepCurrent says so, and tells how many.
func (s *Service) LogoutAll(ctx context.Context, actor Actor, keepCurrent bool, client Client) (int, error) {
	except := ""
	if keepCurrent {
		except = actor.Session
	}
	var ended []string
	err := s.store.Transaction(ctx, func(tx Tx) (err error) {
		if _, err := s.hold(ctx, tx, actor); err != nil {
			return err
		}
		if ended, err = s.endAll(ctx, tx, actor.Account.ID, except, "logout_all"); err != nil {
			return err
		}
		r := s.record(audit.LogoutAll, client)
		r.Account, r.Session = int64(actor.Account.ID), actor.Session
		return tx.Audit(ctx, r)
	})
	if err != nil {
		return 0, err
	}
	s.forget(ended)
	return len(ended), nil
}

// hold finds the actor's account for a change. Of two changes at once the second one waits here.
func (s *Service) hold(ctx context.Context, tx Tx, actor Actor) (account.Account, error) {
	a, err := tx.AccountForUpdate(ctx, actor.Account.ID)
	switch {
	case errors.Is(err, ErrNoAccount):
		return a, errs.New(errs.UserNotFound)
	case err == nil && !a.Active:
		return a, errs.New(errs.AccountDisabled)
	}
	return a, err
}

// endAll ends every session of an account that is held, every proof that waits for a second factor, and
// the trust in its devices; one session may go on. The caller hands what it returns to forget after the commit.
func (s *Service) endAll(ctx context.Context, tx Tx, id account.ID, except, why string) ([]string, error) {
	ended, err := tx.EndSessions(ctx, id, except, hour(s.now()), why)
	if err != nil {
		return nil, err
	}
	return ended, errors.Join(tx.RaiseTokenEpoch(ctx, id, except), tx.DistrustDevices(ctx, id))
}
