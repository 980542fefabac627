package store

import (
	"context"

	"maska/internal/account"
	"maska/internal/vault"
)

// AccountByEmail finds an account by its address; session.ErrNoAccount when there is none.
func (s *Store) AccountByEmail(ctx context.Context, tag vault.Tag) (account.Account, error) {
	return scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.email_tag = $1`, tag[:]))
}

// AccountByName finds the account that proved a username last; session.ErrNoAccount when there is none.
func (s *Store) AccountByName(ctx context.Context, tag vault.Tag) (account.Account, error) {
	return scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.name_tag = $1`, tag[:]))
}

// AccountByShortID finds an account by its short id; session.ErrNoAccount when there is none.
func (s *Store) AccountByShortID(ctx context.Context, shortID string) (account.Account, error) {
	return scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.short_id = $1`, shortID))
}

func (t *sessionTx) AccountByEmailForUpdate(ctx context.Context, tag vault.Tag) (account.Account, error) {
	return t.hold(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.email_tag = $1`, tag[:])
}

func (t *sessionTx) SetCredentials(ctx context.Context, a account.Account) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET email_tag = $1, sealed_email = $2, email_verified = $3, password_hash = $4 WHERE id = $5`,
		fromTag(a.EmailTag), a.SealedEmail, a.EmailVerified, textOrNull(a.PasswordHash), a.ID)
	return taken(err)
}
