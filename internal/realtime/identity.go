package realtime

import (
	"context"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
)

// Identity is whom a token speaks for. Sockets of one account have the same Actor.LimitKey.
type Identity struct {
	// Session names the sign-in; it stays on the server.
	Session   string
	Actor     profile.Actor
	ExpiresAt time.Time // of the token
}

// Standing is what has become of an identity since it was given out.
type Standing struct {
	// Ended is why the session is over, empty while it lives.
	Ended errs.Code
	// Actor is who acts now: perhaps another mask, or another role.
	Actor profile.Actor
}

// Authenticator knows the sessions.
type Authenticator interface {
	// Authenticate checks a token. Errors have the codes of the auth contract, section 7.1.
	Authenticate(ctx context.Context, token string) (Identity, error)
	// Standings tells what has become of identities, in the same order.
	Standings(ctx context.Context, identities []Identity) ([]Standing, error)
}
