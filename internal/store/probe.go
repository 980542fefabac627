package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// reserve is how many bytes must be writable before a database that was full counts as one with room.
const reserve = 64 << 10

// Probe finds out whether the database can do its work. It has a connection of its own: behind a pool
// in which everybody waits it would learn nothing of the database. Its methods are for one goroutine
// at a time.
type Probe struct {
	store   *Store
	filling []byte // cannot be compressed
	checked uint64 // up to which refusal for lack of room it has looked

	// One of them, nil until it is there.
	lite *sql.DB
	pg   *pgx.Conn
}

// NewProbe makes a probe; end it with Close.
func (s *Store) NewProbe() (*Probe, error) {
	p := &Probe{store: s, filling: make([]byte, reserve)}
	_, _ = rand.NewChaCha8([32]byte{}).Read(p.filling) // never fails
	if s.pool != nil {
		return p, nil
	}
	var err error
	if p.lite, err = sql.Open("sqlite", s.probeDSN); err == nil {
		p.lite.SetMaxOpenConns(1)
	}
	return p, err
}

// Close ends the connection.
func (p *Probe) Close() error {
	if p.lite != nil {
		return p.lite.Close()
	}
	if p.pg == nil || p.pg.IsClosed() {
		return nil
	}
	return p.pg.PgConn().Conn().Close() // there is nobody to say goodbye to if the server hangs
}

// Ask reports whether the database answers and, if it has refused a write for lack of room since the
// last time that it had any, whether there is room again.
func (p *Probe) Ask(ctx context.Context) error {
	if err := p.exec(ctx, "SELECT name FROM meta LIMIT 1"); err != nil {
		if p.store.pool != nil {
			// Connections across a network that was cut look fine until somebody waits in vain for an answer.
			p.store.pool.Reset()
		}
		return failure(err)
	}
	full := p.store.full.Load()
	if full == p.checked {
		return nil
	}
	if err := p.exec(ctx, `INSERT INTO meta (name, value) VALUES ('probe', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, p.filling); err != nil {
		return failure(err)
	}
	if err := p.exec(ctx, `DELETE FROM meta WHERE name = 'probe'`); err != nil {
		return failure(err)
	}
	p.checked = full
	return nil
}

func (p *Probe) exec(ctx context.Context, statement string, args ...any) error {
	if p.lite != nil {
		_, err := p.lite.ExecContext(ctx, statement, args...)
		return err
	}
	if err := p.dial(ctx); err != nil {
		return err
	}
	_, err := p.pg.Exec(ctx, statement, args...)
	return err
}

// dial connects anew after the last connection broke, as it does when a query misses its deadline.
func (p *Probe) dial(ctx context.Context) (err error) {
	if p.pg != nil && !p.pg.IsClosed() {
		return nil
	}
	p.pg, err = pgx.ConnectConfig(ctx, p.store.pool.Config().ConnConfig)
	return err
}

// noteFull notes that a write was refused because there is no room.
func (s *Store) noteFull(err error) {
	if isFull(err) {
		s.full.Add(1)
	}
}

func isFull(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "53100" // disk full (PostgreSQL documentation, appendix A)
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && (lite.Code()&0xff == sqlite3.SQLITE_FULL || lite.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}
