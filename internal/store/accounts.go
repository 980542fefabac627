package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/vault"
)

// accountColumns go with scanAccount.
const accountColumns = `a.id, a.short_id, a.telegram_tag, a.email_tag, a.sealed_telegram, a.sealed_email,
	a.email_verified, a.password_hash, a.language, a.roles, a.active, a.token_epoch, a.generation, a.created_at,
	a.sealed_names, a.mfa_for, EXISTS (SELECT 1 FROM factors f WHERE f.account_id = a.id AND f.active)`

// scanner is a row of either kind.
type scanner interface{ Scan(dest ...any) error }

// accountTargets returns where the columns go, and what must run after the scan.
func accountTargets(a *account.Account) (targets []any, finish func() error) {
	var telegram, email []byte
	var password sql.NullString
	var language, roles string
	var created int64
	targets = []any{
		&a.ID, &a.ShortID, &telegram, &email, &a.SealedTelegram, &a.SealedEmail,
		&a.EmailVerified, &password, &language, &roles, &a.Active, &a.TokenEpoch, &a.Generation, &created,
		&a.SealedNames, &a.MFAFor, &a.SecondFactor,
	}
	return targets, func() (err error) {
		if a.TelegramTag, err = toTag(telegram); err != nil {
			return err
		}
		if a.EmailTag, err = toTag(email); err != nil {
			return err
		}
		a.PasswordHash, a.Language, a.CreatedAt = password.String, locale.Lang(language), fromMillis(created)
		for role := range strings.FieldsSeq(roles) {
			a.Roles = append(a.Roles, account.Role(role))
		}
		return nil
	}
}

func scanAccount(row scanner) (a account.Account, err error) {
	targets, finish := accountTargets(&a)
	switch err = row.Scan(targets...); {
	case errors.Is(err, sql.ErrNoRows):
		return a, session.ErrNoAccount
	case err != nil:
		return a, failure(err)
	}
	return a, finish()
}

// AccountOf finds an account by its id; session.ErrNoAccount when there is none.
func (s *Store) AccountOf(ctx context.Context, id account.ID) (account.Account, error) {
	return scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.id = $1`, id))
}

// NextGeneration moves an account from one mask generation to the next.
func (s *Store) NextGeneration(ctx context.Context, id account.ID, from int64) (moved bool, err error) {
	result, err := s.write.ExecContext(ctx, `UPDATE accounts SET generation = generation + 1 WHERE id = $1 AND generation = $2`, id, from)
	return changed(result, err)
}

func (t *sessionTx) AccountByTelegram(ctx context.Context, tag vault.Tag) (account.Account, error) {
	return t.hold(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.telegram_tag = $1`, tag[:])
}

func (t *sessionTx) AccountForUpdate(ctx context.Context, id account.ID) (account.Account, error) {
	return t.hold(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.id = $1`, id)
}

// hold reads one account and keeps it as it is until the commit. If PostgreSQL had to wait for it, the row
// is the new one, but what the statement finds in other tables is from before the wait: whether there is a
// factor has to be asked once more.
func (t *sessionTx) hold(ctx context.Context, query string, by any) (account.Account, error) {
	if t.store.pool != nil {
		query += ` FOR UPDATE OF a`
	}
	a, err := scanAccount(t.tx.QueryRowContext(ctx, query, by))
	if err != nil || t.store.pool == nil {
		return a, err
	}
	err = t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM factors WHERE account_id = $1 AND active)`, a.ID).Scan(&a.SecondFactor)
	return a, failure(err)
}

func (t *sessionTx) InsertAccount(ctx context.Context, a *account.Account) (inserted bool, err error) {
	roles := make([]string, len(a.Roles))
	for i, role := range a.Roles {
		roles[i] = string(role)
	}
	err = t.tx.QueryRowContext(ctx, `
		INSERT INTO accounts (id, short_id, telegram_tag, email_tag, sealed_telegram, sealed_email, email_verified, password_hash,
			language, roles, token_epoch, generation, created_at, sealed_names, mfa_for, active)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
			NOT EXISTS (SELECT 1 FROM disabled_tags WHERE tag IN ($3, $4)))
		ON CONFLICT DO NOTHING RETURNING active`,
		a.ID, a.ShortID, fromTag(a.TelegramTag), fromTag(a.EmailTag), a.SealedTelegram, a.SealedEmail, a.EmailVerified, textOrNull(a.PasswordHash),
		string(a.Language), strings.Join(roles, " "), a.TokenEpoch, a.Generation, millis(a.CreatedAt), a.SealedNames, a.MFAFor).Scan(&a.Active)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failure(err)
}

func (t *sessionTx) LinkTelegram(ctx context.Context, a account.Account, name *vault.Tag) error {
	if name != nil {
		if err := t.takeName(ctx, a.ID, *name); err != nil {
			return err
		}
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET sealed_telegram = $1, name_tag = $2, language = $3 WHERE id = $4`,
		a.SealedTelegram, fromTag(name), string(a.Language), a.ID)
	return failure(err)
}

// takeName takes a username from whoever has it. Accounts are waited for in the order of their ids; against
// it, and if somebody else takes the name meanwhile, the transaction fails and Transaction begins it anew.
func (t *sessionTx) takeName(ctx context.Context, id account.ID, name vault.Tag) error {
	var holder account.ID
	switch err := t.tx.QueryRowContext(ctx, `SELECT id FROM accounts WHERE name_tag = $1`, name[:]).Scan(&holder); {
	case errors.Is(err, sql.ErrNoRows), err == nil && holder == id:
		return nil
	case err != nil:
		return failure(err)
	}
	if t.store.pool != nil && holder < id {
		if _, err := t.tx.ExecContext(ctx, `SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE NOWAIT`, holder); err != nil {
			return failure(err)
		}
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE accounts SET name_tag = NULL WHERE id = $1 AND name_tag = $2`, holder, name[:])
	return failure(err)
}

// changed reports whether a statement changed a row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, failure(err)
	}
	n, err := result.RowsAffected()
	return n > 0, failure(err)
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func fromTag(tag *vault.Tag) any {
	if tag == nil {
		return nil
	}
	return tag[:]
}

func toTag(b []byte) (*vault.Tag, error) {
	if b == nil {
		return nil, nil //nolint:nilnil // NULL is a value of these columns
	}
	var tag vault.Tag
	if len(b) != len(tag) {
		return nil, fmt.Errorf("store: a tag of %d bytes", len(b))
	}
	return (*vault.Tag)(b), nil
}

// Times are kept as milliseconds since 1970 UTC, in both databases.
func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
