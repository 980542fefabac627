package session

import (
	"context"
	"time"

	"maska/internal/errs"
)

// FreshLife is how long a proof of who somebody is lets him change what protects his account.
//
// A sign-in says so in its access token (auth_time), because a time in the database would lie beside
// the exact times of messages; a proof within a session is a rare act and is kept, rounded, with the
// session until it is over.
const FreshLife = 10 * time.Minute

// RequireFresh refuses an actor who has not proved lately who he is.
func (s *Service) RequireFresh(ctx context.Context, actor Actor) error {
	if s.now().Before(actor.FreshUntil) {
		return nil
	}
	// The proof may be newer than what this node remembers of the session.
	live, err := s.store.LiveSession(ctx, actor.Session)
	if err != nil {
		return err
	}
	if s.now().Before(live.Session.FreshUntil) {
		return nil
	}
	return errs.New(errs.ReauthRequired)
}
