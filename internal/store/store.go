// Package store keeps everything that must outlive the process, in SQLite or in PostgreSQL: one SQL
// text for both, one file per noun. Only the message appender and the mapping of errors differ.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	// write runs transactions that change something, read everything else. On PostgreSQL they are
	// one pool; SQLite has one writer at a time, and waiting for it must not hold up readers.
	write, read *sql.DB
	// pool is the same connections without database/sql, for the message appender; nil on SQLite.
	pool *pgxpool.Pool
	// announce is set before the store is used.
	announce bool
	// again is held by the transaction that runs once more after a collision.
	again sync.Mutex
	// full counts the writes that were refused because there is no room.
	full     atomic.Uint64
	probeDSN string // of a Probe's connection on SQLite
}

// sqliteReaders is the number of connections that read while the one writer writes.
const sqliteReaders = 4

// OpenSQLite opens or creates the database file at path. Its commits survive a power failure
// (WAL, synchronous=FULL).
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	// SQLite would make the file readable by everybody; its log files take over the mode.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own data folder
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() +
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" + extra
	}
	write, err := sql.Open("sqlite", dsn("&_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn("&_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	s := &Store{write: write, read: read, probeDSN: dsn("&_txlock=immediate")}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// OpenPostgres connects to the database that a PostgreSQL URL names. It refuses a server that runs
// with fsync=off, because nothing such a server commits is safe, and sets synchronous_commit=on
// unless the URL itself says otherwise.
func OpenPostgres(ctx context.Context, databaseURL string) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a PostgreSQL URL") // the cause would print the password
	}
	if _, set := cfg.ConnConfig.RuntimeParams["synchronous_commit"]; !set {
		cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectLimit
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	s := &Store{write: db, read: db, pool: pool}
	var fsync string
	if err := db.QueryRowContext(ctx, "SHOW fsync").Scan(&fsync); err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL at %s cannot be reached: %w", cfg.ConnConfig.Host, lastCause(err)), s.Close())
	}
	if fsync != "on" {
		return nil, errors.Join(errors.New("PostgreSQL runs with fsync=off and may lose what it has committed; switch fsync on"), s.Close())
	}
	return s, nil
}

// connectLimit is how long a new connection may take. After the network was cut, work goes on no sooner
// than the last attempts across the cut have ended (guarantee G10 allows two seconds).
const connectLimit = 1500 * time.Millisecond

// lastCause drops the story around an error: the driver tells one of several lines.
func lastCause(err error) error {
	for {
		switch wrapped := err.(type) { //nolint:errorlint // the chain itself is walked
		case interface{ Unwrap() []error }:
			all := wrapped.Unwrap()
			err = all[len(all)-1]
		case interface{ Unwrap() error }:
			if wrapped.Unwrap() == nil {
				return err
			}
			err = wrapped.Unwrap()
		default:
			return err
		}
	}
}

// Close closes all connections; transactions under way are finished first, in closeLimit.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	if s.pool != nil {
		closed := make(chan struct{})
		go func() {
			s.pool.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(closeLimit):
		}
	}
	return err
}

// closeLimit is how long Close waits for a server that does not say goodbye. The driver would wait for half
// a minute behind a network that was cut; its goroutines end then by themselves.
const closeLimit = 2 * time.Second

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.write.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Name tells which database this is, without its address.
func (s *Store) Name() string {
	if s.pool != nil {
		return "PostgreSQL"
	}
	return "SQLite"
}

// tx runs do in one transaction that may write, and commits unless do fails.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	if err := do(tx); err != nil {
		s.noteFull(err)
		return errors.Join(err, rollback(tx))
	}
	err = tx.Commit()
	s.noteFull(err)
	return failure(err)
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// forUpdate is appended to a SELECT whose rows must stay as they are until the commit. SQLite has
// one writer, whose transaction has begun by then, so it needs nothing.
func (s *Store) forUpdate() string {
	if s.pool != nil {
		return " FOR UPDATE"
	}
	return ""
}

// Load is how busy the connections are.
type Load struct {
	Open, InUse int   // now
	Waits       int64 // since the start: somebody had to wait for one
}

// Load reads how busy they are.
func (s *Store) Load() Load {
	if s.pool != nil {
		stat := s.pool.Stat()
		return Load{Open: int(stat.TotalConns()), InUse: int(stat.AcquiredConns()), Waits: stat.EmptyAcquireCount()}
	}
	w, r := s.write.Stats(), s.read.Stats()
	return Load{Open: w.OpenConnections + r.OpenConnections, InUse: w.InUse + r.InUse, Waits: w.WaitCount + r.WaitCount}
}
