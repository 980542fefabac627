package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"maska/internal/errs"
	"maska/internal/session"
)

// failure gives a database error its code: unavailable when the database cannot be reached, is
// full or did not answer in time, internal otherwise.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case isUnavailable(err):
		return errs.Wrap(errs.Unavailable, err)
	}
	return errs.Wrap(errs.Internal, err)
}

// taken is failure, except that a breach of a UNIQUE constraint is session.ErrTaken.
func taken(err error) error {
	const uniqueViolation = "23505" // PostgreSQL documentation, appendix A
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == uniqueViolation {
		return session.ErrTaken
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok && lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return session.ErrTaken
	}
	return failure(err)
}

// collided reports whether a transaction failed only because of another one at the same moment.
func collided(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pg.Code { // PostgreSQL documentation, appendix A
	case "40P01", "55P03": // deadlock detected, lock not available
		return true
	case "23505": // of all unique values the username alone goes from one account to another
		return pg.ConstraintName == "accounts_name_tag_key"
	}
	return false
}

func isUnavailable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// 08 connection, 53 resources (disk full, too many connections), 57P shutting down, 58 I/O,
		// 40 serialization and deadlock, 55P03 lock not available (PostgreSQL documentation, appendix A)
		switch class := pg.Code[:2]; {
		case class == "08", class == "53", class == "58", class == "40", pg.Code[:3] == "57P", pg.Code == "55P03":
			return true
		}
		return false
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) { // it died in the middle of an answer
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err)
}
