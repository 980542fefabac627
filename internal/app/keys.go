package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"maska/internal/config"
	"maska/internal/store"
	"maska/internal/vault"
)

const keyFile = "root.key"

// openVault finds the root key: the setting, else the key file, else, for a database that belongs to
// no key yet, a new one. A key that does not belong to the database refuses the start (decision 7).
func openVault(ctx context.Context, cfg config.Config, db *store.Store) (v *vault.Vault, created string, err error) {
	key, created, err := rootKey(ctx, cfg, db)
	if err != nil {
		return nil, "", err
	}
	if v, err = vault.New(key); err != nil {
		return nil, "", err
	}
	return v, created, db.CheckKey(ctx, v.CheckValue())
}

// knownKey returns the key that is there; the error is [fs.ErrNotExist] if there is none yet.
func knownKey(cfg config.Config) ([]byte, error) {
	if cfg.RootKey == "" {
		return vault.ReadRootKey(filepath.Join(cfg.DataDir, keyFile))
	}
	key, err := vault.ParseRootKey(cfg.RootKey)
	if err != nil {
		return nil, fmt.Errorf("ROOT_KEY: %w", err)
	}
	return key, nil
}

// rootKey returns the key, and the path of the file if it was made just now.
func rootKey(ctx context.Context, cfg config.Config, db *store.Store) (key []byte, created string, err error) {
	key, err = knownKey(cfg)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, "", err
	}
	path := filepath.Join(cfg.DataDir, keyFile)
	taken, err := db.HasKey(ctx)
	if err != nil {
		return nil, "", err
	}
	if taken {
		return nil, "", fmt.Errorf("the database belongs to a root key, but there is neither ROOT_KEY nor %s; restore the key, it cannot be replaced", path)
	}
	key, err = vault.CreateRootKey(path)
	return key, path, err
}

// devToken is the bot token that dev mode signs with. It is derived, so that the people of dev mode keep
// their launch data over a restart, and nodes with one root key accept each other's.
func devToken(keys *vault.Vault) (string, error) {
	const secretBytes = 26 // 35 characters, as Telegram's have
	key, err := keys.Key("dev bot token")
	if err != nil {
		return "", err
	}
	return "700000001:" + base64.RawURLEncoding.EncodeToString(key[:secretBytes]), nil
}

// BotToken is the token that a server with these settings checks launch data with.
func BotToken(cfg config.Config) (string, error) {
	if tokens := cfg.Tokens(); len(tokens) > 0 {
		return tokens[0], nil
	}
	key, err := knownKey(cfg)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("no TELEGRAM_BOT_TOKEN is set, and no server has run in dev mode in this DATA_DIR")
	}
	if err != nil {
		return "", err
	}
	keys, err := vault.New(key)
	if err != nil {
		return "", err
	}
	return devToken(keys)
}
