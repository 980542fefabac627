package app

import (
	"crypto/hkdf"
	"crypto/sha256"

	"maska/internal/session"
	"maska/internal/vault"
)

// signAsSet turns the secrets of access tokens into seeds of key pairs where JWT_ALG says EdDSA. A seed has
// exactly 32 bytes and a secret has any number, so each is derived; both are rotated in the same way.
func (a *App) signAsSet(cfg *session.Config) (err error) {
	if a.cfg.JWTAlg != "EdDSA" {
		return nil
	}
	cfg.EdDSA = true
	seed := func(secret []byte) ([]byte, error) {
		return hkdf.Key(sha256.New, secret, nil, "maska/jwt-eddsa", vault.KeySize)
	}
	if cfg.AccessKey, err = seed(cfg.AccessKey); err != nil {
		return err
	}
	for i, previous := range cfg.PreviousKeys {
		if cfg.PreviousKeys[i], err = seed(previous); err != nil {
			return err
		}
	}
	return nil
}
