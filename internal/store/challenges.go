package store

import (
	"context"
	"strings"

	"maska/internal/session"
)

func (t *sessionTx) InsertChallenge(ctx context.Context, c session.Challenge) error {
	var owner any
	if c.Account != 0 {
		owner = c.Account
	}
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO challenges (hash, purpose, account_id, token_epoch, methods, detail, device, client, os, device_tag, ip, country,
			factors, state, expires_at, code_factor, attempts, used)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', 0, false)`,
		c.Hash[:], c.Purpose, owner, c.TokenEpoch, strings.Join(c.Methods, " "), c.Detail, c.Device.Name, c.Device.Client, c.Device.OS,
		fromTag(c.DeviceTag), c.IP, c.Country, strings.Join(c.Factors, " "), c.State, millis(c.ExpiresAt))
	return failure(err)
}
