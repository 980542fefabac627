package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"math"
	"strings"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/session"
	"maska/internal/vault"
)

// FindAccount finds the account that one of the keys leads to; session.ErrNoAccount when there is none.
func (s *Store) FindAccount(ctx context.Context, key session.AccountKey) (account.Account, error) {
	where, value := "a.id", any(key.ID)
	tag := func(column string, t *vault.Tag) {
		if t != nil {
			where, value = column, t[:]
		}
	}
	if key.ShortID != "" {
		where, value = "a.short_id", key.ShortID
	}
	tag("a.telegram_tag", key.Telegram)
	tag("a.email_tag", key.Email)
	tag("a.name_tag", key.Name)
	return scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE `+where+` = $1`, value))
}

// ListAccounts lists up to n accounts by id, after one; only those with special roles and disabled ones if
// special is set.
func (s *Store) ListAccounts(ctx context.Context, after account.ID, n int, special bool) (list []account.Account, err error) {
	err = s.each(ctx, func(row scanner) error {
		a, err := scanAccount(row)
		list = append(list, a)
		return err
	}, `SELECT `+accountColumns+` FROM accounts a WHERE a.id > $1 AND (NOT CAST($2 AS BOOLEAN) OR a.roles <> 'user' OR NOT a.active) ORDER BY a.id LIMIT $3`, after, special, n)
	return list, err
}

// AllAudit lists up to n records of all accounts that are older than a place in the list, newest first.
func (s *Store) AllAudit(ctx context.Context, before session.AuditPlace, n int) (page []audit.Record, err error) {
	place := int64(math.MaxInt64)
	if before.ID != 0 {
		place = millis(before.At)
	}
	err = s.each(ctx, func(row scanner) error {
		r, err := scanAudit(row)
		page = append(page, r)
		return err
	}, `SELECT `+auditColumns+` FROM audit WHERE at < $1 OR at = $1 AND id < $2 ORDER BY at DESC, id DESC LIMIT $3`, place, before.ID, n)
	return page, err
}

const auditColumns = `id, at, event, outcome, account_id, session_id, actor_id, request_id, ip, country, agent, detail`

func scanAudit(row scanner) (r audit.Record, err error) {
	var at int64
	var of, actor sql.NullInt64
	var in sql.NullString
	err = row.Scan(&r.ID, &at, &r.Event, &r.Outcome, &of, &in, &actor, &r.RequestID, &r.IP, &r.Country, &r.Agent, &r.Detail)
	r.At, r.Account, r.Session, r.Actor = fromMillis(at), of.Int64, in.String, actor.Int64
	return r, err
}

const firstAdmin = "first_admin"

// OfferFirstAdmin keeps the hash of a code that makes its first user an admin, and reports whether that code
// stands; false when it was used, another one was kept, or there is an admin.
func (s *Store) OfferFirstAdmin(ctx context.Context, hash [sha256.Size]byte) (bool, error) {
	if _, err := s.write.ExecContext(ctx, `
		INSERT INTO meta (name, value) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE roles LIKE '%admin')
		ON CONFLICT DO NOTHING`, firstAdmin, hash[:]); err != nil {
		return false, failure(err)
	}
	var stands bool
	err := s.write.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM meta WHERE name = $1 AND value = $2)`, firstAdmin, hash[:]).Scan(&stands)
	return stands, failure(err)
}

func (t *sessionTx) TakeFirstAdmin(ctx context.Context, hash [sha256.Size]byte) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `UPDATE meta SET value = $1 WHERE name = $2 AND value = $3`, []byte{}, firstAdmin, hash[:]))
}

func (t *sessionTx) WithdrawFirstAdmin(ctx context.Context) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, firstAdmin, []byte{})
	return failure(err)
}

func (t *sessionTx) SetRoles(ctx context.Context, id account.ID, roles []account.Role) error {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET roles = $1 WHERE id = $2`, strings.Join(names, " "), id)
	return failure(err)
}

func (t *sessionTx) SetActive(ctx context.Context, id account.ID, active bool) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET active = $1 WHERE id = $2`, active, id)
	return failure(err)
}

// identityTags are all that an account is found by when it signs in, or was until lately.
const identityTags = `
	SELECT telegram_tag AS tag FROM accounts WHERE id = $1 AND telegram_tag IS NOT NULL
	UNION SELECT email_tag FROM accounts WHERE id = $1 AND email_tag IS NOT NULL
	UNION SELECT tag FROM external_identities WHERE account_id = $1
	UNION SELECT tag FROM unbound_tags WHERE account_id = $1`

func (t *sessionTx) DisableTags(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO disabled_tags (tag) SELECT tag FROM (`+identityTags+`) all_tags WHERE true ON CONFLICT DO NOTHING`, id)
	return failure(err)
}

func (t *sessionTx) EnableTags(ctx context.Context, id account.ID) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM disabled_tags WHERE tag IN (`+identityTags+`)`, id)
	return failure(err)
}
