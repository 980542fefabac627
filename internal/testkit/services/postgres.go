package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

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

// StartPostgres makes a new server with its data below dir, a folder as NewDir makes, and runs it; what
// is in it outlives a kill.
// Settings, as "name=value", win over those that tests have.
func StartPostgres(ctx context.Context, dir string, settings ...string) (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	data, err := serverDir(dir, "postgres", as)
	if err != nil {
		return nil, err
	}
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, program), args...) //nolint:noctx // It is ended by Stop and Kill.
		cmd.Dir, cmd.Env = data, unpackedEnv(bin)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return cmd
	}
	initdb := command("initdb", "--pgdata=.", "--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	args := []string{"-D", ".", "-p", port}
	for _, setting := range slices.Concat(postgresSettings, settings) {
		args = append(args, "-c", setting)
	}
	url := "postgres://postgres@" + address + "/postgres?sslmode=disable"
	return Start(ctx, Spec{
		Name: "postgres", URL: url, Dir: dir, StopBy: syscall.SIGQUIT,
		Command: func() *exec.Cmd { return command("postgres", args...) },
		Ready: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
	})
}

// findPostgres returns the folder of the server's programs, which Debian keeps out of PATH.
func findPostgres() (string, error) {
	const pattern = "usr/lib/postgresql/*/bin/initdb"
	initdb, err := newest("/" + pattern)
	if err == nil && initdb == "" {
		initdb, err = findUnpacked(pattern)
	}
	if err == nil && initdb == "" {
		initdb, err = exec.LookPath("initdb")
		if err != nil {
			return "", errors.New("no server programs found; `make setup` installs them")
		}
	}
	return filepath.Dir(initdb), err
}

// serverUser returns the user PostgreSQL runs as: nil for the present one. It refuses to run as root.
func serverUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root may not run it, and there is no user postgres or nobody")
}

// serverDir makes a folder for one server, owned by the user it runs as.
func serverDir(parent, name string, as *syscall.Credential) (string, error) {
	path := filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	if as == nil {
		return path, nil
	}
	return path, os.Chown(path, int(as.Uid), int(as.Gid))
}
