package session

import (
	"context"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
)

// PublicKeys are those that verify access tokens, the one that signs first; none when tokens are signed
// with a secret.
func (s *Service) PublicKeys() []PublicKey { return s.access.public }

// Worth is what an access token is worth now.
type Worth struct {
	Active              bool // else nothing more is said
	Account             account.ID
	Roles               []account.Role
	Session             string
	Methods             []string
	Issuer, Audience    string
	IssuedAt, ExpiresAt time.Time
}

// Introspect tells a service what an access token is worth. Of one that is not accepted it does not tell
// why (RFC 7662, section 2.2).
func (s *Service) Introspect(ctx context.Context, token string) (Worth, error) {
	actor, err := s.Authenticate(ctx, token)
	switch errs.CodeOf(err) {
	case "":
	case errs.TokenMissing, errs.TokenInvalid, errs.TokenExpired, errs.UserNotFound, errs.SessionRevoked, errs.AccountDisabled:
		return Worth{}, nil
	default:
		return Worth{}, err
	}
	c, id, err := s.access.verify(token, s.now())
	if err != nil {
		return Worth{}, nil //nolint:nilerr // it expired in this moment
	}
	return Worth{
		Active: true, Account: id, Roles: actor.Account.Roles, Session: c.Session, Methods: c.Methods, Issuer: c.Issuer, Audience: c.Audience,
		IssuedAt: time.Unix(c.IssuedAt, 0), ExpiresAt: time.Unix(c.ExpiresAt, 0),
	}, nil
}
