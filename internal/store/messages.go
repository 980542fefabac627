package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
)

var _ interface {
	message.Appender
	message.Reader
	room.Store
} = (*Store)(nil)

// An author without a nickname has been erased; his messages stay without him.
const selectMessages = `
	SELECT m.seq, m.rev, m.profile_id, m.cid, m.content, m.created_at, m.edited_at, p.nickname, p.color
	FROM   messages m
	LEFT JOIN profiles p ON p.id = m.profile_id AND p.nickname IS NOT NULL`

// Before returns the newest messages with seq < before, at most limit, in order of seq.
func (s *Store) Before(ctx context.Context, id room.ID, before int64, limit int) ([]message.Message, error) {
	messages, err := s.messages(ctx, id, selectMessages+`
		WHERE m.room_id = $1 AND m.seq < $2
		ORDER BY m.seq DESC
		LIMIT $3`, id, before, limit)
	slices.Reverse(messages)
	return messages, err
}

// Changed returns the messages with after < rev ≤ upTo in order of rev, at most limit: new ones by
// the primary key, changed ones by the small index on rev (decision 18).
func (s *Store) Changed(ctx context.Context, id room.ID, after, upTo int64, limit int) ([]message.Message, error) {
	return s.messages(ctx, id, `
		SELECT * FROM (`+selectMessages+`
			WHERE m.room_id = $1 AND m.seq > $2 AND m.seq <= $3 AND m.rev = m.seq
			ORDER BY m.seq
			LIMIT $4) fresh
		UNION ALL
		SELECT * FROM (`+selectMessages+`
			WHERE m.room_id = $1 AND m.rev > $2 AND m.rev <= $3 AND m.rev <> m.seq
			ORDER BY m.rev
			LIMIT $4) changed
		ORDER BY 2
		LIMIT $4`, id, after, upTo, limit)
}

func (s *Store) messages(ctx context.Context, id room.ID, query string, args ...any) (messages []message.Message, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		m := message.Message{Room: id}
		var created int64
		var edited, color sql.NullInt64
		var nickname sql.NullString
		if err := rows.Scan(&m.Seq, &m.Rev, &m.AuthorID, &m.CID, &m.Content, &created, &edited, &nickname, &color); err != nil {
			return nil, failure(err)
		}
		m.CreatedAt = time.UnixMilli(created).UTC()
		if edited.Valid {
			m.EditedAt = time.UnixMilli(edited.Int64).UTC()
		}
		if nickname.Valid {
			m.Author = &message.Author{ID: m.AuthorID, Nickname: nickname.String, Color: int(color.Int64)}
		}
		messages = append(messages, m)
	}
	return messages, failure(rows.Err())
}

// Sent returns the outcome of a message that was stored before: Known, or NoAuthor if it was not.
func (s *Store) Sent(ctx context.Context, id room.ID, author profile.ID, cid message.CID) (message.Outcome, error) {
	outcome, err := scanSent(s.read.QueryRowContext(ctx, findSent, id, author, cid[:]))
	return outcome, failure(err)
}

const findSent = `
	SELECT seq, draft_hash, created_at
	FROM   messages
	WHERE  room_id = $1 AND profile_id = $2 AND cid = $3`

func scanSent(row *sql.Row) (message.Outcome, error) {
	known := message.Outcome{Status: message.Known}
	var hash []byte
	var created int64
	err := row.Scan(&known.Seq, &hash, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return message.Outcome{Status: message.NoAuthor}, nil
	}
	copy(known.Hash[:], hash)
	known.CreatedAt = time.UnixMilli(created).UTC()
	return known, err
}

// Append stores a batch in one transaction; see message.Appender.
func (s *Store) Append(ctx context.Context, at time.Time, batch []message.Pending) ([]message.Outcome, error) {
	at = time.UnixMilli(at.UnixMilli()).UTC() // as it will be read back
	if s.pool != nil {
		return s.appendPostgres(ctx, at, batch)
	}
	return s.appendSQLite(ctx, at, batch)
}

// lacking is what is known of the room of a message that was not stored; kind is NULL if there is none.
type lacking struct {
	kind, visibility  sql.NullString
	expires, closedAt sql.NullInt64
	member            bool
}

func (l *lacking) status(at time.Time) message.Status {
	public := l.visibility.String == string(room.Public)
	ended := l.closedAt.Valid || l.expires.Valid && l.expires.Int64 <= at.UnixMilli()
	switch {
	case !l.kind.Valid, !l.member && !public:
		return message.NoRoom
	case ended:
		return message.RoomEnded
	case !l.member && l.kind.String != string(room.KindGlobal):
		return message.NoSeat
	}
	return message.NoAuthor
}
