package store

import (
	"context"

	"maska/internal/account"
	"maska/internal/vault"
)

func (t *sessionTx) AccountByIssued(ctx context.Context, tag vault.Tag) (account.Account, error) {
	return t.hold(ctx, `SELECT `+accountColumns+` FROM accounts a JOIN external_identities e ON e.account_id = a.id WHERE e.tag = $1`, tag[:])
}

func (t *sessionTx) InsertIssued(ctx context.Context, tag vault.Tag, id account.ID, issuer string) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `
		INSERT INTO external_identities (tag, account_id, issuer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, tag[:], id, issuer))
}
