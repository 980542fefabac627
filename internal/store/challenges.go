package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/vault"

	"maska/internal/session"
)

func (t *sessionTx) InsertChallenge(ctx context.Context, c session.Challenge) error {
	var owner any
	if c.Account != 0 {
		owner = c.Account
	}
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO challenges (hash, purpose, account_id, token_epoch, methods, detail, device, client, os, device_tag, ip, country,
			factors, state, expires_at, code_factor, attempts, used)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', 0, false)`,
		c.Hash[:], c.Purpose, owner, c.TokenEpoch, strings.Join(c.Methods, " "), c.Detail, c.Device.Name, c.Device.Client, c.Device.OS,
		fromTag(c.DeviceTag), c.IP, c.Country, strings.Join(c.Factors, " "), c.State, millis(c.ExpiresAt))
	return failure(err)
}

const challengeQuery = `SELECT hash, purpose, account_id, token_epoch, methods, detail, device, client, os, device_tag, ip, country,
	factors, state, expires_at, code_factor, code_hash, code_expires_at, attempts FROM challenges WHERE hash = $1 AND NOT used`

func scanChallenge(row scanner) (c session.Challenge, err error) {
	var owner, codeExpires sql.NullInt64
	var hash, device, code []byte
	var methods, factors string
	var expires int64
	switch err = row.Scan(&hash, &c.Purpose, &owner, &c.TokenEpoch, &methods, &c.Detail, &c.Device.Name, &c.Device.Client, &c.Device.OS, &device, &c.IP, &c.Country,
		&factors, &c.State, &expires, &c.CodeFactor, &code, &codeExpires, &c.Attempts); {
	case errors.Is(err, sql.ErrNoRows):
		return c, session.ErrNoChallenge
	case err != nil:
		return c, failure(err)
	}
	copy(c.Hash[:], hash)
	copy(c.CodeTag[:], code)
	c.Account, c.Methods, c.Factors, c.ExpiresAt = account.ID(owner.Int64), strings.Fields(methods), strings.Fields(factors), fromMillis(expires)
	if codeExpires.Valid {
		c.CodeExpiresAt = fromMillis(codeExpires.Int64)
	}
	c.DeviceTag, err = toTag(device)
	return c, err
}

// Challenge finds a challenge; session.ErrNoChallenge when there is none.
func (s *Store) Challenge(ctx context.Context, hash [sha256.Size]byte) (session.Challenge, error) {
	return scanChallenge(s.read.QueryRowContext(ctx, challengeQuery, hash[:]))
}

func (t *sessionTx) ChallengeForUpdate(ctx context.Context, hash [sha256.Size]byte) (session.Challenge, error) {
	return scanChallenge(t.tx.QueryRowContext(ctx, challengeQuery+t.store.forUpdate(), hash[:]))
}

func (t *sessionTx) SetChallengeCode(ctx context.Context, hash [sha256.Size]byte, factor session.FactorKind, code vault.Tag, expires time.Time) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE challenges SET code_factor = $1, code_hash = $2, code_expires_at = $3 WHERE hash = $4`,
		factor, code[:], millis(expires), hash[:])
	return failure(err)
}

func (t *sessionTx) CountAttempt(ctx context.Context, hash [sha256.Size]byte) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE challenges SET attempts = attempts + 1 WHERE hash = $1`, hash[:])
	return failure(err)
}

func (t *sessionTx) DeleteChallenge(ctx context.Context, hash [sha256.Size]byte) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM challenges WHERE hash = $1`, hash[:])
	return failure(err)
}

func (t *sessionTx) SpendChallenge(ctx context.Context, hash [sha256.Size]byte, id account.ID, until time.Time) (first bool, err error) {
	result, err := t.tx.ExecContext(ctx, `
		INSERT INTO challenges (hash, purpose, account_id, token_epoch, methods, detail, device, client, os, ip, country, factors, code_factor, attempts, used, expires_at)
		VALUES ($1, '', $2, 0, '', '', '', '', '', '', '', '', '', 0, true, $3)
		ON CONFLICT DO NOTHING`, hash[:], id, millis(until))
	return changed(result, err)
}

// DropExpiredChallenges deletes up to n challenges that ran out before a moment.
func (s *Store) DropExpiredChallenges(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `DELETE FROM challenges WHERE hash IN (SELECT hash FROM challenges WHERE expires_at < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}
