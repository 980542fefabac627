package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"maska/internal/account"
	"maska/internal/session"
)

// MailToken finds a token that was not used; session.ErrNoMailToken when there is none.
func (s *Store) MailToken(ctx context.Context, hash [sha256.Size]byte) (t session.MailToken, err error) {
	var tag []byte
	var expires int64
	err = s.read.QueryRowContext(ctx, `SELECT account_id, kind, email_tag, sealed, expires_at FROM mail_tokens WHERE hash = $1 AND NOT used`, hash[:]).
		Scan(&t.Account, &t.Kind, &tag, &t.Sealed, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return t, session.ErrNoMailToken
	}
	if err != nil {
		return t, failure(err)
	}
	t.Hash, t.ExpiresAt = hash, fromMillis(expires)
	copy(t.EmailTag[:], tag)
	return t, nil
}

func (t *sessionTx) InsertMailToken(ctx context.Context, m session.MailToken) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO mail_tokens (hash, account_id, kind, email_tag, sealed, used, expires_at) VALUES ($1, $2, $3, $4, $5, false, $6)`,
		m.Hash[:], m.Account, string(m.Kind), m.EmailTag[:], m.Sealed, millis(m.ExpiresAt))
	return failure(err)
}

func (t *sessionTx) UseMailToken(ctx context.Context, hash [sha256.Size]byte) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `UPDATE mail_tokens SET used = true WHERE hash = $1 AND NOT used`, hash[:]))
}

func (t *sessionTx) DropMailTokens(ctx context.Context, id account.ID, kind session.TokenKind) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM mail_tokens WHERE account_id = $1 AND kind = $2`, id, string(kind))
	return failure(err)
}

// DropExpiredMailTokens deletes up to n tokens that ran out before a moment.
func (s *Store) DropExpiredMailTokens(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `DELETE FROM mail_tokens WHERE hash IN (SELECT hash FROM mail_tokens WHERE expires_at < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}
