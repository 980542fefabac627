package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Where the server programs lie: installed, or unpacked by the set-up of a user who may not install.
// Debian keeps them out of PATH.
var postgresDirs = []string{"/usr/lib/postgresql/*/bin", ".cache/debian/usr/lib/postgresql/*/bin"}

func startPostgres(ctx context.Context, parent string) (*server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, err := serverDir(parent, "postgres", as)
	if err != nil {
		return nil, err
	}
	env := postgresEnv(bin)
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata=.", "--no-sync", //nolint:gosec // Found by us.
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
	initdb.Env = env
	if out, err := asUser(initdb, dir, as).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	postgres := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", ".", "-p", strconv.Itoa(port)) //nolint:gosec // Found by us.
	for _, setting := range postgresSettings {
		postgres.Args = append(postgres.Args, "-c", setting)
	}
	postgres.Env = env
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	return launch(ctx, asUser(postgres, dir, as), parent, url, syscall.SIGQUIT, func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// Commits are as durable as in production, so that the tests see its order and its waits. Only what protects
// the data from a torn page after a power failure, or serves data that outlives the run, is off.
var postgresSettings = []string{
	"fsync=on",
	"synchronous_commit=on",
	"full_page_writes=off",
	"autovacuum=off",
	"listen_addresses=127.0.0.1",
	"unix_socket_directories=",
	"dynamic_shared_memory_type=mmap", // In the data folder, where the sweep finds it after a kill -9.
	"jit=off",                         // An unpacked server has no LLVM beside it.
	"max_connections=500",
	"shared_buffers=128MB",
	"max_wal_size=256MB",
	"timezone=UTC",
}

func findPostgres() (string, error) {
	for _, pattern := range postgresDirs {
		found, err := filepath.Glob(filepath.Join(pattern, "initdb"))
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			newest := slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(postgresMajor(a), postgresMajor(b)) })
			return filepath.Abs(filepath.Dir(newest))
		}
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no server programs found; `make setup` installs them")
	}
	return filepath.Dir(initdb), nil
}

func postgresMajor(initdb string) int {
	major, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return major
}

// postgresEnv lets an unpacked server find the libraries unpacked beside it, and keeps the caller's own
// PostgreSQL variables away from the server.
func postgresEnv(bin string) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PG") })
	if root, _, unpacked := strings.Cut(bin, "/usr/lib/postgresql/"); unpacked && root != "" {
		libs, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
		if err == nil {
			env = append(env, "LD_LIBRARY_PATH="+strings.Join(libs, ":"))
		}
	}
	return env
}
