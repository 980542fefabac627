package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"maska/internal/cluster"
	"maska/internal/config"
	"maska/internal/store"
)

const (
	databaseFile = "maska.db"
	lockFile     = "maska.lock"
)

// openRedis is the one place that chooses what nodes share: Redis if REDIS_URL names it, else nothing.
func openRedis(cfg config.Config, log *slog.Logger) *cluster.Redis {
	r := cfg.Redis
	if len(r.Addresses) == 0 {
		return nil
	}
	return cluster.OpenRedis(cluster.RedisOptions{
		Addresses: r.Addresses, Master: r.Master, Username: r.Username, Password: r.Password,
		SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword,
		Database: r.Database, TLS: r.TLS, Prefix: cfg.RedisPrefix, Log: log,
	})
}

// openStore is the one place that chooses the database: PostgreSQL if DATABASE_URL names it, else
// SQLite in DATA_DIR, which then belongs to one process only. release gives the folder back.
func openStore(ctx context.Context, cfg config.Config) (db *store.Store, release func() error, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	defer func() {
		if err == nil && cfg.WebhookURL != "" {
			db.Announce()
		}
	}()
	if cfg.DatabaseURL != "" {
		db, err = store.OpenPostgres(ctx, cfg.DatabaseURL)
		return db, func() error { return nil }, err
	}
	lock := flock.New(filepath.Join(cfg.DataDir, lockFile))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	if !locked {
		return nil, nil, fmt.Errorf("another maska runs on the data folder %s; stop it, or choose another DATA_DIR", cfg.DataDir)
	}
	if db, err = store.OpenSQLite(ctx, filepath.Join(cfg.DataDir, databaseFile)); err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return db, lock.Close, nil
}
