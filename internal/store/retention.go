package store

import (
	"context"
	"database/sql"
	"time"

	"maska/internal/room"
)

// DropMessages deletes up to n of the oldest messages of the global room, or of each small room, that
// were sent before a moment, and moves the room's oldest kept seq. It reports the most that it deleted
// in one room.
func (s *Store) DropMessages(ctx context.Context, small bool, before time.Time, n int) (most int64, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM rooms WHERE (kind <> 'global') = $1 AND first_seq <= head`, small)
	ids, err := idsOf(rows, err)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		dropped, err := s.dropOldest(ctx, id, before, n)
		if err != nil {
			return most, err
		}
		most = max(most, dropped)
	}
	return most, nil
}

// dropOldest looks at the n oldest rows only: seq and time run together, so a room with nothing to
// drop costs n index entries, not a scan.
func (s *Store) dropOldest(ctx context.Context, id room.ID, before time.Time, n int) (dropped int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			DELETE FROM messages WHERE room_id = $1 AND seq IN (
				SELECT seq FROM (SELECT seq, created_at FROM messages WHERE room_id = $1 ORDER BY seq LIMIT $2) AS oldest WHERE created_at < $3)`,
			id, n, millis(before))
		if err != nil {
			return failure(err)
		}
		if dropped, err = result.RowsAffected(); err != nil || dropped == 0 {
			return failure(err)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE rooms SET first_seq = COALESCE((SELECT MIN(seq) FROM messages WHERE room_id = $1), head + 1) WHERE id = $1`, id)
		return failure(err)
	})
	return dropped, err
}
