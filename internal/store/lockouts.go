package store

import (
	"context"
	"time"

	"maska/internal/account"
	"maska/internal/session"
	"maska/internal/vault"
)

// KnowsDevice reports whether an account was signed in to on a device.
func (s *Store) KnowsDevice(ctx context.Context, id account.ID, device vault.Tag) (known bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM devices WHERE account_id = $1 AND tag = $2)`, id, device[:]).Scan(&known)
	return known, failure(err)
}

// Lockout writes before it reads, so that of two first tries at once the second one waits here.
func (t *sessionTx) Lockout(ctx context.Context, tag vault.Tag, now time.Time) (l session.Lockout, err error) {
	var since, until int64
	err = t.tx.QueryRowContext(ctx, `
		INSERT INTO lockouts (tag, failures, since, locks, locked_until) VALUES ($1, 0, $2, 0, 0)
		ON CONFLICT (tag) DO UPDATE SET failures = lockouts.failures
		RETURNING failures, since, locks, locked_until`, tag[:], millis(now)).Scan(&l.Failures, &since, &l.Locks, &until)
	l.Since, l.LockedUntil = fromMillis(since), fromMillis(until)
	return l, failure(err)
}

func (t *sessionTx) SetLockout(ctx context.Context, tag vault.Tag, l session.Lockout) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE lockouts SET failures = $1, since = $2, locks = $3, locked_until = $4 WHERE tag = $5`,
		l.Failures, millis(l.Since), l.Locks, max(0, millis(l.LockedUntil)), tag[:])
	return failure(err)
}

func (t *sessionTx) DropLockout(ctx context.Context, tag vault.Tag) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM lockouts WHERE tag = $1`, tag[:])
	return failure(err)
}

// DropLockouts deletes up to n counts whose last failure was before a moment.
func (s *Store) DropLockouts(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `DELETE FROM lockouts WHERE tag IN (SELECT tag FROM lockouts WHERE since < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}
