package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
)

const selectState = `
	SELECT r.id, r.head, r.rev, r.first_seq, r.epoch, r.kind, r.title, r.visibility, r.capacity, r.created_at,
	       r.owner_id, r.locked, r.expires_at, r.closed_at, 0, m.profile_id, COALESCE(p.nickname, ''), COALESCE(p.color, 0), COALESCE(p.bio, ''), COALESCE(p.created_day, 0)
	FROM   rooms r
	LEFT JOIN members m ON m.room_id = r.id
	LEFT JOIN profiles p ON p.id = m.profile_id
	WHERE  r.id = $1
	ORDER BY m.seat`

// State returns a room with its people as they were at one moment, or not_found.
func (s *Store) State(ctx context.Context, id room.ID) (room.State, error) {
	return stateOf(ctx, s.read, id)
}

func stateOf(ctx context.Context, db executor, id room.ID) (state room.State, err error) {
	rows, err := db.QueryContext(ctx, selectState, id)
	if err != nil {
		return state, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found := false
	for rows.Next() {
		var scan roomScan
		var member sql.NullInt64
		var p profile.Profile
		var created profile.Day
		if err := rows.Scan(append(scan.columns(), &member, &p.Nickname, &p.Color, &p.Bio, &created)...); err != nil {
			return state, failure(err)
		}
		found, state.Room = true, scan.room()
		if member.Valid {
			p.ID, p.CreatedDay = profile.ID(member.Int64), created.Time()
			state.People = append(state.People, p)
		}
	}
	if err := rows.Err(); err != nil {
		return state, failure(err)
	}
	if !found {
		return state, errs.New(errs.NotFound)
	}
	state.Members = len(state.People)
	return state, nil
}

// Create adds a room with its owner; see room.Store.
func (s *Store) Create(ctx context.Context, r room.Room, decide func(*room.State, room.Guest) error) (state room.State, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		guest, err := s.holdGuest(ctx, tx, r.Owner)
		if err != nil {
			return err
		}
		state = room.State{Room: r}
		if err := decide(&state, guest); err != nil {
			return err
		}
		if err := insertRoom(ctx, tx, state.Room); err != nil {
			return err
		}
		state, err = keep(ctx, tx, room.State{Room: r}, state)
		return err
	})
	return state, err
}

// Change changes a room while nobody else can; see room.Store. The mask is locked before the room,
// which is locked before its members are read: a statement that waited for the lock itself would see
// them as they were before.
func (s *Store) Change(ctx context.Context, id room.ID, who profile.ID, decide func(*room.State, room.Guest) error) (state room.State, changed bool, err error) {
	return s.change(ctx, id, who, decide, nil)
}

// change also runs pay, if there is one, in the transaction of a change.
func (s *Store) change(
	ctx context.Context, id room.ID, who profile.ID, decide func(*room.State, room.Guest) error, pay func(*sql.Tx) error,
) (state room.State, changed bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var guest room.Guest
		if who != 0 {
			if guest, err = s.holdGuest(ctx, tx, who); err != nil {
				return err
			}
		}
		var one int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM rooms WHERE id = $1`+s.forUpdate(), id).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.New(errs.NotFound)
		}
		if err != nil {
			return failure(err)
		}
		if state, err = stateOf(ctx, tx, id); err != nil {
			return err
		}
		before := room.State{Room: state.Room, People: slices.Clone(state.People)}
		if err := decide(&state, guest); err != nil {
			return err
		}
		if changed = state.Room != before.Room || !slices.Equal(state.People, before.People); changed {
			state, err = keep(ctx, tx, before, state)
		}
		if err == nil && changed && pay != nil {
			err = pay(tx)
		}
		return err
	})
	return state, changed, err
}

// holdGuest reads a mask and keeps it from being put down and from sitting down elsewhere.
func (s *Store) holdGuest(ctx context.Context, tx *sql.Tx, who profile.ID) (room.Guest, error) {
	g := room.Guest{Profile: profile.Profile{ID: who}}
	var created profile.Day
	err := tx.QueryRowContext(ctx, `
		SELECT COALESCE(nickname, ''), color, bio, created_day, owner_tag IS NOT NULL FROM profiles WHERE id = $1`+s.forUpdate(), who).
		Scan(&g.Nickname, &g.Color, &g.Bio, &created, &g.Worn)
	if errors.Is(err, sql.ErrNoRows) {
		return g, nil
	}
	if err != nil {
		return g, failure(err)
	}
	g.CreatedDay = created.Time()
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.profile_id = $1 AND r.closed_at IS NULL`, who).
		Scan(&g.Rooms)
	return g, failure(err)
}

// keep stores what became of a room as its next change.
func keep(ctx context.Context, tx *sql.Tx, before, after room.State) (room.State, error) {
	for _, p := range before.People {
		if after.Has(p.ID) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM members WHERE room_id = $1 AND profile_id = $2`, after.ID, p.ID); err != nil {
			return after, failure(err)
		}
	}
	for _, p := range after.People {
		if before.Has(p.ID) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO members (room_id, seat, profile_id)
			SELECT CAST($1 AS BIGINT), MIN(n.seat), CAST($2 AS BIGINT)
			FROM   (SELECT 1 AS seat UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6) n
			WHERE  NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = $1 AND m.seat = n.seat)`, after.ID, p.ID); err != nil {
			return after, failure(err)
		}
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE rooms SET head = head + 1, rev = head + 1, title = $1, title_key = $2, owner_id = $3, locked = $4, closed_at = $5 WHERE id = $6`,
		after.Title, room.TitleKey(after.Title), after.Owner, after.Locked, moment(after.ClosedAt), after.ID); err != nil {
		return after, failure(err)
	}
	return stateOf(ctx, tx, after.ID)
}

// Expired lists rooms whose time is over; see room.Store.
func (s *Store) Expired(ctx context.Context, now time.Time, n int) (ids []room.ID, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM rooms WHERE closed_at IS NULL AND expires_at <= $1 LIMIT $2`, millis(now), n)
	return idsOf(rows, err)
}

func idsOf(rows *sql.Rows, failed error) (ids []room.ID, err error) {
	if failed != nil {
		return nil, failure(failed)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id room.ID
		if err := rows.Scan(&id); err != nil {
			return nil, failure(err)
		}
		ids = append(ids, id)
	}
	return ids, failure(rows.Err())
}

// Seats lists seats of masks that nobody wears any more; see room.Store.
func (s *Store) Seats(ctx context.Context, n int) (seats []room.Seat, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT m.room_id, m.profile_id
		FROM   members m
		JOIN   rooms r ON r.id = m.room_id AND r.closed_at IS NULL
		LEFT JOIN profiles p ON p.id = m.profile_id
		WHERE  p.owner_tag IS NULL
		LIMIT  $1`, n)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seat room.Seat
		if err := rows.Scan(&seat.Room, &seat.Profile); err != nil {
			return nil, failure(err)
		}
		seats = append(seats, seat)
	}
	return seats, failure(rows.Err())
}

// DropClosed deletes closed rooms with all they hold; see room.Store.
func (s *Store) DropClosed(ctx context.Context, before time.Time, n int) (int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM rooms WHERE closed_at < $1 LIMIT $2`, millis(before), n)
	ids, err := idsOf(rows, err)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		err := s.tx(ctx, func(tx *sql.Tx) error {
			// The row goes first: whoever still wants to add something waits for it and finds no room.
			for _, statement := range []string{
				`DELETE FROM rooms WHERE id = $1`, `DELETE FROM members WHERE room_id = $1`, `DELETE FROM invites WHERE room_id = $1`, `DELETE FROM messages WHERE room_id = $1`,
			} {
				if _, err := tx.ExecContext(ctx, statement, id); err != nil {
					return failure(err)
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
