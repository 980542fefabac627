package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/session"
)

const sessionColumns = `s.id, s.account_id, s.token_epoch, s.generation, s.confirmed, s.salt, s.methods, s.device, s.client, s.os, s.ip,
	s.created_at, s.stepped_at, s.last_seen_at, s.expires_at, s.revoked_at, s.revoked_why,
	s.fresh_until, s.country, s.device_tag`

func sessionTargets(s *session.Session) (targets []any, finish func() error) {
	var methods string
	var created, stepped, seen, expires int64
	var revoked, fresh sql.NullInt64
	var device []byte
	var why sql.NullString
	targets = []any{
		&s.ID, &s.Account, &s.TokenEpoch, &s.Generation, &s.Confirmed, &s.Salt, &methods,
		&s.Device.Name, &s.Device.Client, &s.Device.OS, &s.IP, &created, &stepped, &seen, &expires, &revoked, &why,
		&fresh, &s.Country, &device,
	}
	return targets, func() (err error) {
		s.Methods = strings.Fields(methods)
		s.CreatedAt, s.SteppedAt, s.LastSeenAt, s.ExpiresAt = fromMillis(created), fromMillis(stepped), fromMillis(seen), fromMillis(expires)
		if revoked.Valid {
			s.RevokedAt, s.RevokedWhy = fromMillis(revoked.Int64), why.String
		}
		if fresh.Valid {
			s.FreshUntil = fromMillis(fresh.Int64)
		}
		s.DeviceTag, err = toTag(device)
		return err
	}
}

func scanLive(row scanner) (live session.Live, err error) {
	of, finishSession := sessionTargets(&live.Session)
	by, finishAccount := accountTargets(&live.Account)
	switch err = row.Scan(append(of, by...)...); {
	case errors.Is(err, sql.ErrNoRows):
		return live, session.ErrNoSession
	case err != nil:
		return live, failure(err)
	}
	if err := finishSession(); err != nil {
		return live, err
	}
	return live, finishAccount()
}

const liveQuery = `SELECT ` + sessionColumns + `, ` + accountColumns + ` FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id`

// LiveSession finds a session and its account; session.ErrNoSession when there is none.
func (s *Store) LiveSession(ctx context.Context, id string) (session.Live, error) {
	return scanLive(s.read.QueryRowContext(ctx, liveQuery+` = $1`, id))
}

// LiveSessions finds those of the sessions that exist, with their accounts.
func (s *Store) LiveSessions(ctx context.Context, ids []string) (live []session.Live, err error) {
	for chunk := range slices.Chunk(ids, 500) {
		if live, err = s.appendLive(ctx, live, chunk); err != nil {
			return nil, err
		}
	}
	return live, nil
}

func (s *Store) appendLive(ctx context.Context, live []session.Live, ids []string) (_ []session.Live, err error) {
	places, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		places[i], args[i] = "$"+strconv.Itoa(i+1), id
	}
	rows, err := s.read.QueryContext(ctx, liveQuery+` IN (`+strings.Join(places, ", ")+`)`, args...)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		found, err := scanLive(rows)
		if err != nil {
			return nil, err
		}
		live = append(live, found)
	}
	return live, failure(rows.Err())
}

// ConfirmGeneration marks the generation of a session as used, if it still is the present one.
func (s *Store) ConfirmGeneration(ctx context.Context, id string, generation int64) error {
	_, err := s.write.ExecContext(ctx, `UPDATE sessions SET confirmed = true WHERE id = $1 AND generation = $2`, id, generation)
	return failure(err)
}

// CutSteps cuts the time of refreshes from before a moment to the hour, and forgets proofs that count
// no more by then: only the last minutes need exact times, and those of an account and of a mask's
// messages could be laid side by side.
func (s *Store) CutSteps(ctx context.Context, before time.Time) error {
	const hour = int64(time.Hour / time.Millisecond)
	_, err := s.write.ExecContext(ctx, `
		UPDATE sessions SET stepped_at = stepped_at - stepped_at % CAST($1 AS BIGINT)
		WHERE stepped_at % CAST($1 AS BIGINT) <> 0 AND stepped_at < $2`, hour, millis(before))
	if err != nil {
		return failure(err)
	}
	_, err = s.write.ExecContext(ctx, `UPDATE sessions SET fresh_until = NULL WHERE fresh_until < $1`, millis(before))
	return failure(err)
}

// DropEndedSessions deletes up to n sessions that ended or ran out before a moment.
func (s *Store) DropEndedSessions(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE expires_at < $1 OR stepped_at < $2 OR revoked_at < $1 LIMIT $3)`,
		millis(before), millis(before.Add(-session.IdleLife)), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}

// sessionTx is a transaction as package session sees it.
type sessionTx struct {
	store *Store
	tx    *sql.Tx
}

// Transaction runs do in one transaction, and again if another one stood in its way. Those that run again do
// so one after the other, so that they do not meet once more.
func (s *Store) Transaction(ctx context.Context, do func(session.Tx) error) error {
	once := func() error {
		return s.tx(ctx, func(tx *sql.Tx) error { return do(&sessionTx{store: s, tx: tx}) })
	}
	err := once()
	if !collided(err) {
		return err
	}
	s.again.Lock()
	defer s.again.Unlock()
	for pause := time.Millisecond; pause < time.Second && collided(err) && ctx.Err() == nil; pause *= 2 {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		err = once()
	}
	return err
}

// SessionForUpdate holds the session first and reads afterwards: if PostgreSQL had to wait for it, a joined
// account would be as it was before the wait, with an epoch that was raised meanwhile.
func (t *sessionTx) SessionForUpdate(ctx context.Context, id string) (session.Live, error) {
	if t.store.pool != nil {
		if _, err := t.tx.ExecContext(ctx, `SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE`, id); err != nil {
			return session.Live{}, failure(err)
		}
	}
	return scanLive(t.tx.QueryRowContext(ctx, liveQuery+` = $1`, id))
}

func (t *sessionTx) SessionsOf(ctx context.Context, id account.ID) ([]session.Session, error) {
	return sessionsOf(ctx, t.tx, id)
}

// SessionsOf lists the sessions of an account that are not revoked, least recently used first.
func (s *Store) SessionsOf(ctx context.Context, id account.ID) ([]session.Session, error) {
	return sessionsOf(ctx, s.read, id)
}

func sessionsOf(ctx context.Context, db querier, id account.ID) (live []session.Session, err error) {
	rows, err := db.QueryContext(ctx,
		`SELECT `+sessionColumns+` FROM sessions s WHERE s.account_id = $1 AND s.revoked_at IS NULL ORDER BY s.last_seen_at, s.stepped_at, s.id`, id)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s session.Session
		targets, finish := sessionTargets(&s)
		if err := rows.Scan(targets...); err != nil {
			return nil, failure(err)
		}
		if err := finish(); err != nil {
			return nil, err
		}
		live = append(live, s)
	}
	return live, failure(rows.Err())
}

// EndSessions locks the sessions in the order of their ids, as everybody does who holds several.
func (t *sessionTx) EndSessions(ctx context.Context, id account.ID, except string, at time.Time, why string) (ended []string, err error) {
	query := `SELECT id FROM sessions WHERE account_id = $1 AND revoked_at IS NULL ORDER BY id`
	rows, err := t.tx.QueryContext(ctx, query+t.store.forUpdate(), id)
	if err != nil {
		return nil, failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var each string
		if err := rows.Scan(&each); err != nil {
			return nil, failure(err)
		}
		if each != except { // which is locked as well, because its epoch is raised
			ended = append(ended, each)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, failure(err)
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE sessions SET revoked_at = $1, revoked_why = $2 WHERE account_id = $3 AND revoked_at IS NULL AND id <> $4`,
		millis(at), why, id, except)
	return ended, failure(err)
}

func (t *sessionTx) RaiseTokenEpoch(ctx context.Context, id account.ID, except string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE accounts SET token_epoch = token_epoch + 1 WHERE id = $1`, id); err != nil {
		return failure(err)
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE sessions SET token_epoch = token_epoch + 1 WHERE account_id = $1 AND id = $2`, id, except)
	return failure(err)
}

func (t *sessionTx) SetFresh(ctx context.Context, id string, until time.Time) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE sessions SET fresh_until = $1 WHERE id = $2`, millis(until), id)
	return failure(err)
}

func (t *sessionTx) InsertSession(ctx context.Context, s session.Session) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO sessions (id, account_id, token_epoch, generation, confirmed, salt, methods, device, client, os, ip,
			created_at, stepped_at, last_seen_at, expires_at, country, device_tag)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		s.ID, s.Account, s.TokenEpoch, s.Generation, s.Confirmed, s.Salt, strings.Join(s.Methods, " "),
		s.Device.Name, s.Device.Client, s.Device.OS, s.IP, millis(s.CreatedAt), millis(s.SteppedAt), millis(s.LastSeenAt), millis(s.ExpiresAt), s.Country, fromTag(s.DeviceTag))
	return failure(err)
}

func (t *sessionTx) StepGeneration(ctx context.Context, s session.Session) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE sessions SET generation = $1, confirmed = $2, stepped_at = $3, last_seen_at = $4 WHERE id = $5`,
		s.Generation, s.Confirmed, millis(s.SteppedAt), millis(s.LastSeenAt), s.ID)
	return failure(err)
}

func (t *sessionTx) RevokeSession(ctx context.Context, id string, at time.Time, why string) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE sessions SET revoked_at = $1, revoked_why = $2 WHERE id = $3`, millis(at), why, id)
	return failure(err)
}

func (t *sessionTx) Audit(ctx context.Context, records ...audit.Record) error {
	if t.store.announce {
		if err := insertAnnouncements(ctx, t.tx, records); err != nil {
			return err
		}
	}
	return insertAudit(ctx, t.tx, records)
}
