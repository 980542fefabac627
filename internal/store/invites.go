package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
)

// AddInvite adds an invite; see room.InviteStore. The room is held, so that its invites are counted
// one after another.
func (s *Store) AddInvite(ctx context.Context, i room.Invite, now time.Time, most int) (added bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var one int
		if err := tx.QueryRowContext(ctx, `SELECT 1 FROM rooms WHERE id = $1`+s.forUpdate(), i.Room).Scan(&one); err != nil {
			return failure(err)
		}
		result, err := tx.ExecContext(ctx, `
			INSERT INTO invites (tag, room_id, uses, expires_at)
			SELECT $1, CAST($2 AS BIGINT), CAST($3 AS INTEGER), CAST($4 AS BIGINT)
			WHERE  (SELECT COUNT(*) FROM invites WHERE room_id = $2 AND uses > 0 AND expires_at > $5) < $6`,
			i.Tag[:], i.Room, i.Uses, millis(i.ExpiresAt), millis(now), most)
		added, err = changed(result, err)
		return err
	})
	return added, err
}

// InviteByTag returns an invite that works; see room.InviteStore.
func (s *Store) InviteByTag(ctx context.Context, tag room.InviteTag, now time.Time) (room.Invite, error) {
	i := room.Invite{Tag: tag}
	var expires int64
	err := s.read.QueryRowContext(ctx, `SELECT room_id, uses, expires_at FROM invites WHERE tag = $1 AND uses > 0 AND expires_at > $2`, tag[:], millis(now)).
		Scan(&i.Room, &i.Uses, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return i, errs.New(errs.InviteInvalid)
	}
	i.ExpiresAt = fromMillis(expires)
	return i, failure(err)
}

// Accept changes a room by an invite; see room.InviteStore.
func (s *Store) Accept(ctx context.Context, i room.Invite, who profile.ID, now time.Time, decide func(*room.State, room.Guest) error) (room.State, bool, error) {
	return s.change(ctx, i.Room, who, decide, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE invites SET uses = uses - 1 WHERE tag = $1 AND uses > 0 AND expires_at > $2`, i.Tag[:], millis(now))
		return orInvalid(changed(result, err))
	})
}

// DropInvite deletes an invite of a room; see room.InviteStore.
func (s *Store) DropInvite(ctx context.Context, id room.ID, tag room.InviteTag) error {
	result, err := s.write.ExecContext(ctx, `DELETE FROM invites WHERE tag = $1 AND room_id = $2`, tag[:], id)
	return orInvalid(changed(result, err))
}

func orInvalid(found bool, err error) error {
	if err == nil && !found {
		return errs.New(errs.InviteInvalid)
	}
	return err
}

// DropExpiredInvites deletes invites whose time is over.
func (s *Store) DropExpiredInvites(ctx context.Context, now time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM invites WHERE expires_at <= $1`, millis(now))
	return failure(err)
}
