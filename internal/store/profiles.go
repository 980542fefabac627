package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"maska/internal/profile"
	"maska/internal/vault"
)

// Profiles is the store as package profile sees it.
func (s *Store) Profiles() profile.Store { return profiles{s} }

type profiles struct{ *Store }

func (s profiles) WornBy(ctx context.Context, owner vault.Tag) (p profile.Profile, used profile.Day, err error) {
	var created profile.Day
	err = s.read.QueryRowContext(ctx,
		`SELECT id, nickname, color, bio, created_day, used_day FROM profiles WHERE owner_tag = $1`, owner[:]).
		Scan(&p.ID, &p.Nickname, &p.Color, &p.Bio, &created, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return p, 0, profile.ErrNone
	}
	p.CreatedDay = created.Time()
	return p, used, failure(err)
}

func (s profiles) Use(ctx context.Context, id profile.ID, day profile.Day) error {
	_, err := s.write.ExecContext(ctx, `UPDATE profiles SET used_day = $1 WHERE id = $2 AND used_day < $1`, day, id)
	return failure(err)
}

func (s profiles) Insert(ctx context.Context, row profile.Row) (bool, error) {
	result, err := s.write.ExecContext(ctx, `
		INSERT INTO profiles (id, owner_tag, escrow, nickname, nickname_key, seed, color, bio, created_day, used_day)
		SELECT CAST($1 AS BIGINT), $2, $3, CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS INTEGER), '', CAST($8 AS BIGINT), CAST($8 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM resting_names WHERE tag = $9)
		ON CONFLICT DO NOTHING`,
		row.ID, row.OwnerTag[:], row.Escrow, row.Nickname, row.NicknameKey, row.Seed, row.Color, row.Day, row.Resting[:])
	return changed(result, err)
}

func (s profiles) PutDown(ctx context.Context, owner vault.Tag, day profile.Day, eraseAt time.Time) (id profile.ID, err error) {
	err = s.write.QueryRowContext(ctx, `UPDATE profiles SET owner_tag = NULL, down_day = $1, erase_at = $2 WHERE owner_tag = $3 RETURNING id`,
		day, millis(eraseAt), owner[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, profile.ErrNone
	}
	return id, failure(err)
}

func (s profiles) Unused(ctx context.Context, before profile.Day, n int) (unused []profile.Worn, err error) {
	rows, err := s.read.QueryContext(ctx,
		`SELECT id, owner_tag, escrow FROM profiles WHERE owner_tag IS NOT NULL AND used_day < $1 LIMIT $2`, before, n)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m profile.Worn
		var owner []byte
		if err := rows.Scan(&m.ID, &owner, &m.Escrow); err != nil {
			return nil, failure(err)
		}
		tag, err := toTag(owner)
		if err != nil {
			return nil, err
		}
		m.OwnerTag = *tag
		unused = append(unused, m)
	}
	return unused, failure(rows.Err())
}

func (s profiles) Erasable(ctx context.Context, now time.Time, n int) (due []profile.Erasable, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, nickname_key FROM profiles WHERE erase_at <= $1 LIMIT $2`, millis(now), n)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m profile.Erasable
		if err := rows.Scan(&m.ID, &m.NicknameKey); err != nil {
			return nil, failure(err)
		}
		due = append(due, m)
	}
	return due, failure(rows.Err())
}

func (s profiles) Erase(ctx context.Context, id profile.ID, resting vault.Tag, until profile.Day) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE profiles SET nickname = NULL, nickname_key = NULL, seed = NULL, bio = '', erase_at = NULL WHERE id = $1`, id); err != nil {
			return failure(err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO resting_names (tag, free_day) VALUES ($1, $2) ON CONFLICT DO NOTHING`, resting[:], until)
		return failure(err)
	})
}

func (s profiles) ExpireEscrow(ctx context.Context, downBefore, today profile.Day) error {
	if _, err := s.write.ExecContext(ctx, `UPDATE profiles SET escrow = NULL WHERE escrow IS NOT NULL AND down_day < $1`, downBefore); err != nil {
		return failure(err)
	}
	_, err := s.write.ExecContext(ctx, `DELETE FROM resting_names WHERE free_day < $1`, today)
	return failure(err)
}

func (s profiles) Seed(ctx context.Context, id profile.ID) (string, error) {
	var seed sql.NullString
	err := s.read.QueryRowContext(ctx, `SELECT seed FROM profiles WHERE id = $1`, id).Scan(&seed)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !seed.Valid) {
		return "", profile.ErrNone
	}
	return seed.String, failure(err)
}
