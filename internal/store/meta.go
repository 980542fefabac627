package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"maska/internal/vault"
)

// ErrOtherKey says that the database was made with another root key.
var ErrOtherKey = errors.New("the database was made with another root key; start with the ROOT_KEY or the key file that belongs to it")

const keyCheck = "root_key_check"

// HasKey reports whether the database belongs to a root key already.
func (s *Store) HasKey(ctx context.Context) (bool, error) {
	var value []byte
	err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, keyCheck).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failure(err)
}

// CheckKey binds a new database to the root key, and answers ErrOtherKey for one that is bound to another.
func (s *Store) CheckKey(ctx context.Context, check vault.Tag) error {
	if _, err := s.write.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, keyCheck, check[:]); err != nil {
		return failure(err)
	}
	var kept []byte
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, keyCheck).Scan(&kept); err != nil {
		return failure(err)
	}
	if !bytes.Equal(kept, check[:]) {
		return ErrOtherKey
	}
	return nil
}
