package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/room"
)

// The row locks come first and in a fixed order: no deadlock is possible, and the next statement
// gets a fresh snapshot that sees everything committed under those locks. They are held until the
// commit, so commits of a room take place in order of seq.
const lockRooms = `SELECT id FROM rooms WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`

// One new version of a room's row per batch, not per message: dead versions pile up while an old
// snapshot is open. The heads, read under the locks, are what the seqs follow. Every look-up is a
// subquery with LIMIT, which is planned as an index scan per row even for tables that have never been
// analysed; joins of them were planned as nested loops over everything.
const insertMessages = `
	WITH headed AS MATERIALIZED (
		SELECT d.*, (
			SELECT r.head FROM rooms r
			WHERE  r.id = d.room_id AND r.closed_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > $1)
			AND    (r.kind = 'global'
			        OR (SELECT s.seat FROM members s WHERE s.room_id = d.room_id AND s.profile_id = d.profile_id LIMIT 1) IS NOT NULL)
			LIMIT  1) AS head
		FROM   unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::bytea[], $6::text[])
		       WITH ORDINALITY AS d (room_id, profile_id, cid, draft_hash, content, ord)
	), draft AS (
		SELECT DISTINCT ON (d.room_id, d.profile_id, d.cid) d.*
		FROM   headed d
		WHERE  d.head IS NOT NULL
		AND    (SELECT p.owner_tag FROM profiles p WHERE p.id = d.profile_id LIMIT 1) IS NOT NULL
		AND    (SELECT m.seq FROM messages m
		        WHERE  m.room_id = d.room_id AND m.profile_id = d.profile_id AND m.cid = d.cid LIMIT 1) IS NULL
		ORDER BY d.room_id, d.profile_id, d.cid, d.ord
	), bump AS (
		UPDATE rooms r
		SET    head = r.head + n.count
		FROM   (SELECT room_id, count(*) AS count FROM draft GROUP BY room_id) n
		WHERE  r.id = n.room_id
	), numbered AS (
		SELECT d.*, d.head + row_number() OVER (PARTITION BY d.room_id ORDER BY d.ord) AS seq
		FROM   draft d
	)
	INSERT INTO messages (room_id, seq, rev, profile_id, cid, draft_hash, content, created_at)
	SELECT room_id, seq, seq, profile_id, cid, draft_hash, content, $1
	FROM   numbered
	ORDER BY room_id, seq
	RETURNING room_id, profile_id, cid, seq`

// What is missing from the answer above had been stored before, or lacks its room, a seat or its author.
const findMissing = `
	SELECT d.ord, r.kind, r.visibility, r.expires_at, r.closed_at, s.seat IS NOT NULL, m.seq, m.draft_hash, m.created_at
	FROM   unnest($1::bigint[], $2::bigint[], $3::uuid[])
	       WITH ORDINALITY AS d (room_id, profile_id, cid, ord)
	LEFT JOIN rooms r ON r.id = d.room_id
	LEFT JOIN members s ON s.room_id = d.room_id AND s.profile_id = d.profile_id
	LEFT JOIN messages m ON m.room_id = d.room_id AND m.profile_id = d.profile_id AND m.cid = d.cid`

type sentKey struct {
	room   room.ID
	author profile.ID
	cid    message.CID
}

// columns are a batch, column by column, for unnest.
type columns struct {
	rooms, authors []int64
	cids           [][16]byte
	hashes         [][]byte
	contents       []string
}

func columnsOf(batch []message.Pending) columns {
	n := len(batch)
	c := columns{make([]int64, n), make([]int64, n), make([][16]byte, n), make([][]byte, n), make([]string, n)}
	for i := range batch {
		p := &batch[i]
		c.rooms[i], c.authors[i], c.cids[i], c.hashes[i], c.contents[i] = int64(p.Room), int64(p.Author), p.CID, p.Hash[:], p.Content
	}
	return c
}

// appendPostgres stores the batch in one round trip: two statements in one implicit transaction.
func (s *Store) appendPostgres(ctx context.Context, at time.Time, batch []message.Pending) ([]message.Outcome, error) {
	c := columnsOf(batch)
	stored, err := s.insert(ctx, at, c)
	if isRefusedPostgres(err) {
		return nil, fmt.Errorf("%w: %w", message.ErrRefused, err)
	}
	if err != nil {
		s.noteFull(err)
		return nil, failure(err)
	}
	outcomes := make([]message.Outcome, len(batch))
	var rest []int
	for i := range batch {
		key := sentKey{batch[i].Room, batch[i].Author, batch[i].CID}
		seq, ok := stored[key]
		if !ok {
			rest = append(rest, i)
			continue
		}
		delete(stored, key) // the same cid again in this batch is a repeat
		outcomes[i] = message.Outcome{Status: message.Stored, Seq: seq, Hash: batch[i].Hash, CreatedAt: at}
	}
	if len(rest) > 0 {
		err = s.explain(ctx, at, batch, rest, outcomes)
	}
	return outcomes, failure(err)
}

func (s *Store) insert(ctx context.Context, at time.Time, c columns) (map[sentKey]int64, error) {
	stored := make(map[sentKey]int64, len(c.rooms))
	b := &pgx.Batch{}
	b.Queue(lockRooms, distinct(c.rooms))
	b.Queue(insertMessages, at.UnixMilli(), c.rooms, c.authors, c.cids, c.hashes, c.contents).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var key sentKey
			var seq int64
			if err := rows.Scan(&key.room, &key.author, &key.cid, &seq); err != nil {
				return err
			}
			stored[key] = seq
		}
		return rows.Err()
	})
	return stored, s.pool.SendBatch(ctx, b).Close()
}

func (s *Store) explain(ctx context.Context, at time.Time, batch []message.Pending, rest []int, outcomes []message.Outcome) error {
	missing := make([]message.Pending, len(rest))
	for i, at := range rest {
		missing[i] = batch[at]
	}
	c := columnsOf(missing)
	rows, err := s.pool.Query(ctx, findMissing, c.rooms, c.authors, c.cids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var ord int
		var why lacking
		var seq, created *int64
		var hash []byte
		if err := rows.Scan(&ord, &why.kind, &why.visibility, &why.expires, &why.closedAt, &why.member, &seq, &hash, &created); err != nil {
			return err
		}
		o := message.Outcome{Status: why.status(at)}
		if seq != nil {
			o = message.Outcome{Status: message.Known, Seq: *seq, CreatedAt: time.UnixMilli(*created).UTC()}
			copy(o.Hash[:], hash)
		}
		outcomes[rest[ord-1]] = o
	}
	return rows.Err()
}

func distinct(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// isRefusedPostgres: 22 is a value that the database cannot take, 23 a constraint (PostgreSQL
// documentation, appendix A).
func isRefusedPostgres(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code[:2] == "22" || pg.Code[:2] == "23")
}
