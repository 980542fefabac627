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
	"maska/internal/profile"
	"maska/internal/room"
)

// EnsureRoom creates the room unless one with its id exists.
func (s *Store) EnsureRoom(ctx context.Context, r room.Room) error {
	return insertRoom(ctx, s.write, r)
}

func insertRoom(ctx context.Context, db executor, r room.Room) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO rooms (id, head, rev, first_seq, epoch, kind, title, title_key, visibility, capacity, created_at, owner_id, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Head, r.Rev, r.FirstSeq, r.Epoch, r.Kind, r.Title, room.TitleKey(r.Title), r.Visibility, r.Capacity, r.CreatedAt.UnixMilli(),
		sql.NullInt64{Int64: int64(r.Owner), Valid: r.Owner != 0}, moment(r.ExpiresAt))
	return failure(err)
}

const selectRooms = `
	SELECT r.id, r.head, r.rev, r.first_seq, r.epoch, r.kind, r.title, r.visibility, r.capacity, r.created_at,
	       r.owner_id, r.locked, r.expires_at, r.closed_at, (SELECT COUNT(*) FROM members c WHERE c.room_id = r.id)
	FROM   rooms r`

// Room returns a room without its people, or not_found.
func (s *Store) Room(ctx context.Context, id room.ID) (room.Room, error) {
	rooms, err := roomsOf(s.read.QueryContext(ctx, selectRooms+` WHERE r.id = $1`, id))
	if err == nil && len(rooms) == 0 {
		err = errs.New(errs.NotFound)
	}
	if err != nil {
		return room.Room{}, err
	}
	return rooms[0], nil
}

// RoomsOf lists the small rooms that a mask sits in; see room.Store.
func (s *Store) RoomsOf(ctx context.Context, who profile.ID, now time.Time) ([]room.Room, error) {
	return roomsOf(s.read.QueryContext(ctx, selectRooms+`
		JOIN   members m ON m.room_id = r.id
		WHERE  m.profile_id = $1 AND r.closed_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > $2)
		ORDER BY r.id`, who, millis(now)))
}

// PublicRooms lists public rooms; see room.Store.
func (s *Store) PublicRooms(ctx context.Context, key string, after room.ID, n int, now time.Time) ([]room.Room, error) {
	return roomsOf(s.read.QueryContext(ctx, selectRooms+`
		WHERE  r.id > $1 AND r.visibility = 'public' AND r.kind <> 'global' AND NOT r.locked AND r.closed_at IS NULL
		AND    (r.expires_at IS NULL OR r.expires_at > $2) AND r.title_key LIKE $3 ESCAPE '!'
		ORDER BY r.id
		LIMIT  $4`, after, millis(now), "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(key)+"%", n))
}

func roomsOf(rows *sql.Rows, failed error) (rooms []room.Room, err error) {
	if failed != nil {
		return nil, failure(failed)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var scan roomScan
		if err := rows.Scan(scan.columns()...); err != nil {
			return nil, failure(err)
		}
		rooms = append(rooms, scan.room())
	}
	return rooms, failure(rows.Err())
}

// roomScan takes the columns of selectRooms.
type roomScan struct {
	r                        room.Room
	created                  int64
	owner, expires, closedAt sql.NullInt64
}

func (s *roomScan) columns() []any {
	r := &s.r
	return []any{
		&r.ID, &r.Head, &r.Rev, &r.FirstSeq, &r.Epoch, &r.Kind, &r.Title, &r.Visibility, &r.Capacity, &s.created,
		&s.owner, &r.Locked, &s.expires, &s.closedAt, &r.Members,
	}
}

func (s *roomScan) room() room.Room {
	s.r.CreatedAt, s.r.Owner = time.UnixMilli(s.created).UTC(), profile.ID(s.owner.Int64)
	if s.expires.Valid {
		s.r.ExpiresAt = time.UnixMilli(s.expires.Int64).UTC()
	}
	if s.closedAt.Valid {
		s.r.ClosedAt = time.UnixMilli(s.closedAt.Int64).UTC()
	}
	return s.r
}

// moment is a time that may be missing.
func moment(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: millis(t), Valid: !t.IsZero()}
}

// executor is the database or a transaction.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
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
