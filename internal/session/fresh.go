package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
)

const (
	// FreshLife is how long a proof of who somebody is lets him change what protects his account.
	//
	// A sign-in says so in its access token (auth_time), because a time in the database would lie beside
	// the exact times of messages; a proof within a session is a rare act and is kept, rounded up to
	// freshStep, with the session until it is over.
	FreshLife = 10 * time.Minute
	freshStep = 5 * time.Minute
)

// stepped rounds the end of something up to freshStep: kept exactly, it would date the beginning.
func stepped(end time.Time) time.Time { return end.Add(freshStep - 1).Truncate(freshStep) }

type freshTx interface {
	// SetFresh says until when a proof within a session counts.
	SetFresh(ctx context.Context, session string, until time.Time) error
}

// RequireFresh refuses an actor who has not proved lately who he is.
func (s *Service) RequireFresh(ctx context.Context, actor Actor) error {
	if s.now().Before(actor.FreshUntil) {
		return nil
	}
	// The proof may be newer than what this node remembers of the session.
	live, err := s.store.LiveSession(ctx, actor.Session)
	switch {
	case errors.Is(err, ErrNoSession):
		return errs.New(errs.SessionRevoked)
	case err != nil:
		return err
	case s.now().Before(live.Session.FreshUntil):
		return nil
	}
	return errs.New(errs.ReauthRequired)
}

// ReauthInitData proves once more, by Telegram's initData, that the actor is who he is.
func (s *Service) ReauthInitData(ctx context.Context, actor Actor, initData string, client Client) (until time.Time, err error) {
	if initData == "" {
		return until, errs.New(errs.InitDataRequired)
	}
	key := strconv.FormatInt(int64(actor.Account.ID), 10)
	if err := s.peek(ctx, limit.LoginFailureAccount, key); err != nil {
		return until, err
	}
	proof, err := s.checkInitData(initData)
	if err == nil {
		if tag := s.vault.TelegramTag(proof.user.ID); actor.Account.TelegramTag == nil || *actor.Account.TelegramTag != tag {
			err = errs.New(errs.InitDataInvalid) // somebody, but not the actor
		}
	}
	if err != nil {
		return until, errors.Join(err, s.count(ctx, limit.LoginFailureAccount, key))
	}
	if err := s.useOnce(ctx, proof); err != nil {
		return until, err
	}
	return s.refreshen(ctx, actor, proof.detail, client, func(Tx, account.Account) error { return nil })
}

// refreshen marks the actor's session as freshly proved, if prove agrees. prove runs in the
// transaction, with the account held.
func (s *Service) refreshen(ctx context.Context, actor Actor, detail string, client Client, prove func(Tx, account.Account) error) (until time.Time, err error) {
	until = stepped(s.now().Add(FreshLife))
	err = s.transaction(ctx, func(tx Tx) error {
		a, err := s.hold(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := prove(tx, a); err != nil {
			return err
		}
		r := s.record(audit.LoginSuccess, client)
		r.Account, r.Session, r.Detail = int64(actor.Account.ID), actor.Session, "again: "+detail
		return errors.Join(tx.SetFresh(ctx, actor.Session, until), tx.Audit(ctx, r))
	})
	if err != nil {
		return time.Time{}, err
	}
	s.cache.drop(actor.Session)
	return until, nil
}
