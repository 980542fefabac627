package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"maska/internal/config"
	"maska/internal/random"
	"maska/internal/store"
	"maska/internal/vault"
)

const (
	keyFile      = "root.key"
	devTokenFile = "dev-bot-token" //nolint:gosec // the name of a file
)

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

// rootKey returns the key, and the path of the file if it was made just now.
func rootKey(ctx context.Context, cfg config.Config, db *store.Store) (key []byte, created string, err error) {
	if cfg.RootKey != "" {
		if key, err = vault.ParseRootKey(cfg.RootKey); err != nil {
			return nil, "", fmt.Errorf("ROOT_KEY: %w", err)
		}
		return key, "", nil
	}
	path := filepath.Join(cfg.DataDir, keyFile)
	key, err = vault.ReadRootKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, "", err
	}
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

// devToken returns the bot token that dev mode signs with. It is kept, so that the people of dev
// mode keep their masks over a restart.
func devToken(dataDir string, source random.Source) (string, error) {
	path := filepath.Join(dataDir, devTokenFile)
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own data folder
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	token := "700000001:" + source.Letters(35)
	return token, os.WriteFile(path, []byte(token+"\n"), 0o600)
}

// BotToken is the token that a server with these settings checks launch data with.
func BotToken(cfg config.Config) (string, error) {
	if tokens := cfg.Tokens(); len(tokens) > 0 {
		return tokens[0], nil
	}
	text, err := os.ReadFile(filepath.Join(cfg.DataDir, devTokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("no TELEGRAM_BOT_TOKEN is set, and no server has run in dev mode in this DATA_DIR")
	}
	return strings.TrimSpace(string(text)), err
}
