package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// jobsLock is the number of the advisory lock that the node which tidies holds.
const jobsLock = 0x6d61736b61 // "maska"

// Alone runs do unless another node is running it at the moment, and tells whether it did.
func (s *Store) Alone(ctx context.Context, do func()) (ran bool, err error) {
	if s.pool == nil { // SQLite belongs to one process
		do()
		return true, nil
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return false, failure(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, jobsLock).Scan(&ran); err != nil || !ran {
		return false, failure(err)
	}
	do()
	// A context that ended meanwhile must not leave the lock on a connection of the pool.
	unlock, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err = conn.ExecContext(unlock, `SELECT pg_advisory_unlock($1)`, jobsLock)
	return true, failure(err)
}

// smallTable is the number of rows up to which a table is rewritten: that takes a moment, in which
// nobody can read it, and with more rows their order tells nothing any more.
const smallTable = 20_000

// LayInKeyOrder rewrites accounts and profiles in the order of their random ids, so that a dump does
// not show which rows were written next to each other (decision 6). SQLite keeps them so by itself.
func (s *Store) LayInKeyOrder(ctx context.Context) error {
	if s.pool == nil {
		return nil
	}
	for _, table := range []string{"accounts", "profiles"} {
		err := s.tx(ctx, func(tx *sql.Tx) error {
			var more bool
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) > CAST($1 AS BIGINT) FROM (SELECT 1 FROM `+table+` LIMIT CAST($1 AS BIGINT) + 1) AS counted`, smallTable).Scan(&more); err != nil || more {
				return failure(err)
			}
			if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '500ms'`); err != nil {
				return failure(err)
			}
			_, err := tx.ExecContext(ctx, `CLUSTER `+table+` USING `+table+`_pkey`)
			return failure(err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
