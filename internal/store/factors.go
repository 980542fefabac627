package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"maska/internal/account"
	"maska/internal/session"
	"maska/internal/vault"
)

const factorColumns = `f.id, f.account_id, f.kind, f.name, f.sealed, f.lookup, f.active, f.created_at`

func scanFactor(row scanner) (f session.Factor, err error) {
	var lookup []byte
	var created int64
	switch err = row.Scan(&f.ID, &f.Account, &f.Kind, &f.Name, &f.Sealed, &lookup, &f.Active, &created); {
	case errors.Is(err, sql.ErrNoRows):
		return f, session.ErrNoFactor
	case err != nil:
		return f, failure(err)
	}
	f.CreatedAt = fromMillis(created)
	f.Lookup, err = toTag(lookup)
	return f, err
}

// querier is the database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func factorsOf(ctx context.Context, from querier, id account.ID) (factors []session.Factor, err error) {
	rows, err := from.QueryContext(ctx, `SELECT `+factorColumns+` FROM factors f WHERE f.account_id = $1 ORDER BY f.created_at, f.id`, id)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		f, err := scanFactor(rows)
		if err != nil {
			return nil, err
		}
		factors = append(factors, f)
	}
	return factors, failure(rows.Err())
}

// FactorsOf lists the factors of an account, the oldest first.
func (s *Store) FactorsOf(ctx context.Context, id account.ID) ([]session.Factor, error) {
	return factorsOf(ctx, s.read, id)
}

// FactorByLookup finds a passkey; session.ErrNoFactor when there is none.
func (s *Store) FactorByLookup(ctx context.Context, tag vault.Tag) (session.Factor, error) {
	return scanFactor(s.read.QueryRowContext(ctx, `SELECT `+factorColumns+` FROM factors f WHERE f.lookup = $1`, tag[:]))
}

// RecoveryCodesLeft counts the recovery codes of an account that were not used.
func (s *Store) RecoveryCodesLeft(ctx context.Context, id account.ID) (left int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND NOT used`, id).Scan(&left)
	return left, failure(err)
}

// DropUnfinishedFactors deletes up to n enrolments that began before a moment and were never finished.
func (s *Store) DropUnfinishedFactors(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `
		DELETE FROM factors WHERE id IN (SELECT id FROM factors WHERE NOT active AND created_at < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}

func (t *sessionTx) FactorsOf(ctx context.Context, id account.ID) ([]session.Factor, error) {
	return factorsOf(ctx, t.tx, id)
}

func (t *sessionTx) InsertFactor(ctx context.Context, f session.Factor) (inserted bool, err error) {
	result, err := t.tx.ExecContext(ctx, `
		INSERT INTO factors (id, account_id, kind, name, sealed, lookup, active, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`,
		f.ID, f.Account, f.Kind, f.Name, f.Sealed, fromTag(f.Lookup), f.Active, millis(f.CreatedAt))
	return changed(result, err)
}

func (t *sessionTx) UpdateFactor(ctx context.Context, f session.Factor) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE factors SET sealed = $1, active = $2 WHERE id = $3`, f.Sealed, f.Active, f.ID)
	return failure(err)
}

func (t *sessionTx) DeleteFactor(ctx context.Context, id string) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM factors WHERE id = $1`, id)
	return failure(err)
}

func (t *sessionTx) SetMFAFor(ctx context.Context, id account.ID, choice string) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET mfa_for = $1 WHERE id = $2`, choice, id)
	return failure(err)
}

func (t *sessionTx) ReplaceRecoveryCodes(ctx context.Context, id account.ID, codes []vault.Tag) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE account_id = $1`, id); err != nil {
		return failure(err)
	}
	for _, code := range codes {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO recovery_codes (account_id, hash, used) VALUES ($1, $2, false)`, id, code[:]); err != nil {
			return failure(err)
		}
	}
	return nil
}

func (t *sessionTx) RecoveryCodesLeft(ctx context.Context, id account.ID) (left int, err error) {
	err = t.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND NOT used`, id).Scan(&left)
	return left, failure(err)
}

func (t *sessionTx) UseRecoveryCode(ctx context.Context, id account.ID, code vault.Tag) (used bool, err error) {
	result, err := t.tx.ExecContext(ctx, `UPDATE recovery_codes SET used = true WHERE account_id = $1 AND hash = $2 AND NOT used`, id, code[:])
	return changed(result, err)
}
