package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/session"
	"maska/internal/vault"
)

func (t *sessionTx) BindTelegram(ctx context.Context, a account.Account, name *vault.Tag) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE accounts SET telegram_tag = $1 WHERE id = $2`, fromTag(a.TelegramTag), a.ID); err != nil {
		return taken(err)
	}
	return t.LinkTelegram(ctx, a, name)
}

func (t *sessionTx) UnbindTelegram(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET telegram_tag = NULL, sealed_telegram = NULL, name_tag = NULL WHERE id = $1`, id)
	return failure(err)
}

func (t *sessionTx) UnbindEmail(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE accounts SET email_tag = NULL, sealed_email = NULL, email_verified = false, password_hash = NULL WHERE id = $1`, id)
	if err != nil {
		return failure(err)
	}
	if _, err = t.tx.ExecContext(ctx, `DELETE FROM factors WHERE account_id = $1 AND kind = $2`, id, session.FactorEmail); err != nil {
		return failure(err)
	}
	_, err = t.tx.ExecContext(ctx, `DELETE FROM mail_tokens WHERE account_id = $1`, id)
	return failure(err)
}

func (t *sessionTx) KeepUnbound(ctx context.Context, id account.ID, tag vault.Tag, until time.Time) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO unbound_tags (account_id, tag, until) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, tag) DO UPDATE SET until = excluded.until`, id, tag[:], millis(until))
	return failure(err)
}

// DropUnbound forgets up to n unlinked identities that were kept until before a moment.
func (s *Store) DropUnbound(ctx context.Context, before time.Time, n int) (int64, error) {
	result, err := s.write.ExecContext(ctx, `
		DELETE FROM unbound_tags WHERE (account_id, tag) IN (SELECT account_id, tag FROM unbound_tags WHERE until < $1 LIMIT $2)`, millis(before), n)
	if err != nil {
		return 0, failure(err)
	}
	return result.RowsAffected()
}

func (t *sessionTx) Disabled(ctx context.Context, tags ...vault.Tag) (disabled bool, err error) {
	for _, tag := range tags {
		err = t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM disabled_tags WHERE tag = $1)`, tag[:]).Scan(&disabled)
		if err != nil || disabled {
			break
		}
	}
	return disabled, failure(err)
}

func (t *sessionTx) OtherProofs(ctx context.Context, id account.ID) (n int, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM external_identities WHERE account_id = $1)
			+ (SELECT COUNT(*) FROM factors WHERE account_id = $1 AND kind = 'passkey' AND active)`, id).Scan(&n)
	return n, failure(err)
}

func (t *sessionTx) SetPerson(ctx context.Context, a account.Account) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET sealed_names = $1, language = $2 WHERE id = $3`, a.SealedNames, string(a.Language), a.ID)
	return failure(err)
}

func (t *sessionTx) DeleteAccount(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM accounts WHERE id = $1`, id)
	return failure(err)
}

// KeptOf tells what is kept of an account besides its sessions, its factors and its audit.
func (s *Store) KeptOf(ctx context.Context, id account.ID) (kept session.Kept, err error) {
	err = s.each(ctx, func(row scanner) error {
		var device session.KeptDevice
		var seen int64
		var until sql.NullInt64
		err := row.Scan(&device.Name, &seen, &until)
		device.FirstSeen = fromMillis(seen)
		if until.Valid {
			device.TrustedUntil = fromMillis(until.Int64)
		}
		kept.Devices = append(kept.Devices, device)
		return err
	}, `SELECT name, first_seen, trusted_until FROM devices WHERE account_id = $1 ORDER BY first_seen, tag`, id)
	if err != nil {
		return kept, err
	}
	err = s.each(ctx, func(row scanner) error {
		var issuer string
		err := row.Scan(&issuer)
		kept.Issuers = append(kept.Issuers, issuer)
		return err
	}, `SELECT issuer FROM external_identities WHERE account_id = $1 ORDER BY issuer`, id)
	return kept, err
}

// AuditOf lists up to n records of an account that are older than a place in the list, newest first.
func (s *Store) AuditOf(ctx context.Context, id account.ID, before session.AuditPlace, n int) (page []audit.Record, err error) {
	place := int64(math.MaxInt64)
	if before.ID != 0 {
		place = millis(before.At)
	}
	err = s.each(ctx, func(row scanner) error {
		r, err := scanAudit(row)
		page = append(page, r)
		return err
	}, `SELECT `+auditColumns+`
		FROM audit WHERE account_id = $1 AND (at < $2 OR at = $2 AND id < $3) ORDER BY at DESC, id DESC LIMIT $4`, id, place, before.ID, n)
	return page, err
}

// each runs do on every row of a query.
func (s *Store) each(ctx context.Context, do func(scanner) error, query string, args ...any) (err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return failure(err)
		}
	}
	return failure(rows.Err())
}
