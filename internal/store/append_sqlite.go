package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"maska/internal/message"
)

// appendSQLite stores the messages one by one in one transaction: there are no round trips to save.
func (s *Store) appendSQLite(ctx context.Context, at time.Time, batch []message.Pending) ([]message.Outcome, error) {
	outcomes := make([]message.Outcome, len(batch))
	err := s.tx(ctx, func(tx *sql.Tx) error {
		a, err := prepareAppend(ctx, tx)
		if err != nil {
			return failure(err)
		}
		for i := range batch {
			outcomes[i], err = a.append(ctx, at, &batch[i])
			if isRefusedSQLite(err) {
				return fmt.Errorf("%w: %w", message.ErrRefused, err)
			}
			if err != nil {
				return failure(err)
			}
		}
		return nil
	})
	return outcomes, err
}

// appendStatements are prepared once for a batch, which is most of the cost of a long one. They end
// with their transaction.
type appendStatements struct{ find, count, insert, room *sql.Stmt }

func prepareAppend(ctx context.Context, tx *sql.Tx) (a appendStatements, err error) {
	for query, statement := range map[string]**sql.Stmt{
		findSent: &a.find,
		`UPDATE rooms
		 SET    head = head + 1
		 WHERE  id = $1 AND EXISTS (SELECT 1 FROM profiles WHERE id = $2 AND owner_tag IS NOT NULL)
		 AND    closed_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
		 AND    (kind = 'global' OR EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND profile_id = $2))
		 RETURNING head`: &a.count,
		`INSERT INTO messages (room_id, seq, rev, profile_id, cid, draft_hash, content, created_at)
		 VALUES ($1, $2, $2, $3, $4, $5, $6, $7)`: &a.insert,
		`SELECT r.kind, r.visibility, r.expires_at, r.closed_at, m.seat IS NOT NULL
		 FROM   rooms r LEFT JOIN members m ON m.room_id = r.id AND m.profile_id = $1
		 WHERE  r.id = $2`: &a.room,
	} {
		if *statement, err = tx.PrepareContext(ctx, query); err != nil { //nolint:sqlclosecheck // closed by the end of the transaction
			return a, err
		}
	}
	return a, nil
}

func (a *appendStatements) append(ctx context.Context, at time.Time, p *message.Pending) (message.Outcome, error) {
	known, err := scanSent(a.find.QueryRowContext(ctx, p.Room, p.Author, p.CID[:]))
	if err != nil || known.Status == message.Known {
		return known, err
	}
	var seq int64
	err = a.count.QueryRowContext(ctx, p.Room, p.Author, at.UnixMilli()).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return a.missing(ctx, at, p)
	}
	if err != nil {
		return message.Outcome{}, err
	}
	_, err = a.insert.ExecContext(ctx, p.Room, seq, p.Author, p.CID[:], p.Hash[:], p.Content, at.UnixMilli())
	return message.Outcome{Status: message.Stored, Seq: seq, Hash: p.Hash, CreatedAt: at}, err
}

// missing tells what a message lacked that could not be stored.
func (a *appendStatements) missing(ctx context.Context, at time.Time, p *message.Pending) (message.Outcome, error) {
	var why lacking
	err := a.room.QueryRowContext(ctx, p.Author, p.Room).Scan(&why.kind, &why.visibility, &why.expires, &why.closedAt, &why.member)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return message.Outcome{}, err
	}
	return message.Outcome{Status: why.status(at)}, nil
}

func isRefusedSQLite(err error) bool {
	lite, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return false
}
