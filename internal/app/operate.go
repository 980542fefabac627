package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"maska/internal/cluster"
	"maska/internal/config"
	"maska/internal/profile"
	"maska/internal/profile/nickname"
	"maska/internal/random"
	"maska/internal/session"
	"maska/internal/store"
	"maska/internal/telegram"
)

// Operate lets an operator act on accounts from the command line, while the server runs or not. A server
// that runs notices within ten seconds (decision 29).
func Operate(ctx context.Context, cfg config.Config, do func(*session.Service) error) (err error) {
	db, release, err := openBeside(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(), release()) }()
	taken, err := db.HasKey(ctx)
	if err != nil {
		return err
	}
	if !taken {
		return errors.New("no server has run on this database yet; check DATA_DIR and DATABASE_URL, or start it once")
	}
	keys, _, err := openVault(ctx, cfg, db)
	if err != nil {
		return err
	}
	source := random.New(rand.Reader)
	profiles := profile.NewService(db.Profiles(), nickname.New(rand.Reader), keys, source, time.Now)
	accessKey, err := keys.Key("jwt") // no token is made or checked here
	if err != nil {
		return err
	}
	verifier, err := telegram.NewVerifier([]string{"1:unused"}, telegram.Limits{MaxAge: cfg.AuthMaxAge, MaxSkew: telegram.DefaultMaxSkew})
	if err != nil {
		return err
	}
	sessions, err := session.New(session.Config{AccessKey: accessKey, AccessLife: cfg.AccessLife, Language: cfg.Locale},
		db, profiles, verifier, keys, cluster.NewMemoryLimiter(time.Now, 1), source, time.Now)
	if err != nil {
		return err
	}
	return do(sessions)
}

// openBeside opens the database also while a server on SQLite holds the data folder: what an operator does
// is a short transaction, which SQLite orders among processes. Only who holds the folder changes the schema.
func openBeside(ctx context.Context, cfg config.Config) (*store.Store, func() error, error) {
	if cfg.DatabaseURL == "" {
		lock := flock.New(filepath.Join(cfg.DataDir, lockFile))
		locked, err := lock.TryLock()
		if err != nil {
			return nil, nil, fmt.Errorf("DATA_DIR: %w", err)
		}
		if !locked {
			db, err := store.OpenSQLite(ctx, filepath.Join(cfg.DataDir, databaseFile))
			if err == nil && cfg.WebhookURL != "" {
				db.Announce()
			}
			return db, func() error { return nil }, err
		}
		if err := lock.Unlock(); err != nil {
			return nil, nil, err
		}
	}
	db, release, err := openStore(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("migrate the database: %w", err), db.Close(), release())
	}
	return db, release, nil
}
