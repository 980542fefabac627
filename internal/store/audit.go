package store

import (
	"context"
	"database/sql"
	"time"

	"maska/internal/audit"
)

func insertAudit(ctx context.Context, tx *sql.Tx, r audit.Record) error {
	orNull := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO audit (id, at, event, outcome, account_id, session_id, actor_id, request_id, ip, country, agent, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.ID, millis(r.At), string(r.Event), string(r.Outcome), orNull(r.Account), r.Session, orNull(r.Actor),
		r.RequestID, r.IP, r.Country, r.Agent, r.Detail)
	return failure(err)
}

// DropAudit deletes up to n records from before a moment.
func (s *Store) DropAudit(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}
