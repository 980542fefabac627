package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/room"
)

// EnsureRoom creates the room unless one with its id exists.
func (s *Store) EnsureRoom(ctx context.Context, r room.Room) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO rooms (id, head, rev, first_seq, epoch, kind, title, visibility, capacity, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Head, r.Rev, r.FirstSeq, r.Epoch, r.Kind, r.Title, r.Visibility, r.Capacity, r.CreatedAt.UnixMilli())
	return failure(err)
}

// Room returns a room, or not_found.
func (s *Store) Room(ctx context.Context, id room.ID) (room.Room, error) {
	r := room.Room{ID: id}
	var created int64
	err := s.read.QueryRowContext(ctx, `
		SELECT head, rev, first_seq, epoch, kind, title, visibility, capacity, created_at
		FROM   rooms
		WHERE  id = $1`, id).
		Scan(&r.Head, &r.Rev, &r.FirstSeq, &r.Epoch, &r.Kind, &r.Title, &r.Visibility, &r.Capacity, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return room.Room{}, errs.New(errs.NotFound)
	}
	r.CreatedAt = time.UnixMilli(created).UTC()
	return r, failure(err)
}

// headsAtOnce bounds the parameters of one query.
const headsAtOnce = 500

// Heads returns the heads of those of the rooms that exist.
func (s *Store) Heads(ctx context.Context, ids []room.ID) (map[room.ID]message.Head, error) {
	heads := make(map[room.ID]message.Head, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), headsAtOnce)
		if err := s.addHeads(ctx, ids[:n], heads); err != nil {
			return nil, failure(err)
		}
		ids = ids[n:]
	}
	return heads, nil
}

func (s *Store) addHeads(ctx context.Context, ids []room.ID, heads map[room.ID]message.Head) (err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	rows, err := s.read.QueryContext(ctx,
		`SELECT id, head, epoch FROM rooms WHERE id IN (`+params(len(ids))+`)`, args...) //nolint:gosec // only "$1, $2, …"
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id room.ID
		var head message.Head
		if err := rows.Scan(&id, &head.Seq, &head.Epoch); err != nil {
			return err
		}
		heads[id] = head
	}
	return rows.Err()
}

// params lists n parameters, "$1, $2, …".
func params(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i))
	}
	return b.String()
}
