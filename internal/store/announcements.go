package store

import (
	"context"
	"database/sql"
	"time"

	"maska/internal/audit"
)

// Announce makes the store keep what other systems are to be told, in the transactions in which it
// happens. Call it before the store is used.
func (s *Store) Announce() { s.announce = true }

// insertAnnouncements keeps those of the records that others are told of.
func insertAnnouncements(ctx context.Context, tx *sql.Tx, records []audit.Record) error {
	for _, r := range records {
		if _, told := r.Event.Announced(); !told {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO announcements (id, event, account_id, tries, next_at) VALUES ($1, $2, $3, 0, 0)`, r.ID, string(r.Event), r.Account)
		if err != nil {
			return failure(err)
		}
	}
	return nil
}

// DueAnnouncements lists up to n announcements whose time has come. What happened to an account waits until
// all that happened to it before is dropped.
func (s *Store) DueAnnouncements(ctx context.Context, now time.Time, n int) (due []audit.Announcement, err error) {
	err = s.each(ctx, func(row scanner) error {
		var a audit.Announcement
		err := row.Scan(&a.ID, &a.Event, &a.Account, &a.Tries)
		due = append(due, a)
		return err
	}, `
		SELECT id, event, account_id, tries FROM announcements a
		WHERE next_at <= $1 AND NOT EXISTS (SELECT 1 FROM announcements b WHERE b.account_id = a.account_id AND b.seq < a.seq)
		ORDER BY next_at, seq LIMIT $2`, millis(now), n)
	return due, err
}

// TakeAnnouncement counts an attempt and sets the time of the next one; false when another node was faster.
func (s *Store) TakeAnnouncement(ctx context.Context, a audit.Announcement, next time.Time) (bool, error) {
	return changed(s.write.ExecContext(ctx, `UPDATE announcements SET tries = tries + 1, next_at = $1 WHERE id = $2 AND tries = $3`, millis(next), a.ID, a.Tries))
}

// DropAnnouncement forgets one that was heard, or that nobody wants to hear.
func (s *Store) DropAnnouncement(ctx context.Context, id int64) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM announcements WHERE id = $1`, id)
	return failure(err)
}
