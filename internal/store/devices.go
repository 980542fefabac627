package store

import (
	"context"
	"database/sql"
	"time"

	"maska/internal/account"
	"maska/internal/vault"
)

// SeeDevice runs while the account is held, so nobody adds the same device at the same time.
func (t *sessionTx) SeeDevice(ctx context.Context, id account.ID, tag vault.Tag, name string, now time.Time) (first bool, trustedUntil time.Time, err error) {
	inserted, err := changed(t.tx.ExecContext(ctx, `
		INSERT INTO devices (account_id, tag, name, first_seen) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		id, tag[:], name, millis(now)))
	if err != nil || inserted {
		return inserted, time.Time{}, err
	}
	var until sql.NullInt64
	if err := t.tx.QueryRowContext(ctx, `SELECT trusted_until FROM devices WHERE account_id = $1 AND tag = $2`, id, tag[:]).Scan(&until); err != nil {
		return false, time.Time{}, failure(err)
	}
	if until.Valid {
		trustedUntil = fromMillis(until.Int64)
	}
	return false, trustedUntil, nil
}

func (t *sessionTx) KeepDevices(ctx context.Context, id account.ID, n int, kept vault.Tag) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM devices WHERE account_id = $1 AND tag <> $2 AND tag NOT IN (
			SELECT tag FROM devices WHERE account_id = $1 AND tag <> $2
			ORDER BY COALESCE(trusted_until, 0) DESC, first_seen DESC, tag LIMIT $3)`, id, kept[:], n-1)
	return failure(err)
}

func (t *sessionTx) ForgetDevice(ctx context.Context, id account.ID, tag vault.Tag) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM devices WHERE account_id = $1 AND tag = $2`, id, tag[:])
	return failure(err)
}

func (t *sessionTx) TrustDevice(ctx context.Context, id account.ID, tag vault.Tag, until time.Time) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE devices SET trusted_until = $1 WHERE account_id = $2 AND tag = $3`, millis(until), id, tag[:])
	return failure(err)
}

func (t *sessionTx) DistrustDevices(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE devices SET trusted_until = NULL WHERE account_id = $1 AND trusted_until IS NOT NULL`, id)
	return failure(err)
}
