package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"maska/internal/audit"
)

func insertAudit(ctx context.Context, tx *sql.Tx, records []audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	orNull := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	const columns = 12
	var insert strings.Builder
	insert.WriteString(`INSERT INTO audit (id, at, event, outcome, account_id, session_id, actor_id, request_id, ip, country, agent, detail) VALUES `)
	args := make([]any, 0, columns*len(records))
	for i, r := range records {
		if i > 0 {
			insert.WriteString(", ")
		}
		insert.WriteString("(")
		for column := range columns {
			if column > 0 {
				insert.WriteString(", ")
			}
			insert.WriteString("$" + strconv.Itoa(columns*i+column+1))
		}
		insert.WriteString(")")
		args = append(args, r.ID, millis(r.At), string(r.Event), string(r.Outcome), orNull(r.Account), r.Session, orNull(r.Actor),
			r.RequestID, r.IP, r.Country, r.Agent, r.Detail)
	}
	_, err := tx.ExecContext(ctx, insert.String(), args...)
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
