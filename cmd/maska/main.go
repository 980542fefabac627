// Command maska is the whole messenger: it serves the web app, the REST API and the sockets.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"maska/internal/app"
	"maska/internal/collector"
	"maska/internal/config"
)

// version is stamped by the build.
var version = "dev"

type commands struct {
	Serve     serveCmd     `cmd:"" default:"1" help:"Start the server (this is the default)."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database to the state that this version needs."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
	Initdata  initdataCmd  `cmd:"" help:"Make and check Telegram's proofs."`
	Authcheck authcheckCmd `cmd:"" help:"Sign in to a running server and check what it keeps of its promises."`
	Admin     adminCmd     `cmd:"" help:"Grant and revoke roles, disable and enable accounts, end sessions."`
	Import    importCmd    `cmd:"" help:"Take over the people of another system."`
	Bench     benchCmd     `cmd:"" help:"Put load on a running server (it needs RATE_LIMITS=off) and check every delivery."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute is main without the process around it.
func execute(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("maska"), kong.Description("Anonymous messenger inside Telegram. All settings are environment variables; see .env.example."),
		kong.Writers(stdout, stderr), kong.Exit(func(c int) { exit = c }), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdin, (*io.Reader)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)), kong.Bind(environment(environ)))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // help was asked for and given
		return exit
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "maska:", err)
		return 2
	}
	err = parsed.Run()
	if silent, ok := errors.AsType[exitError](err); ok {
		return silent.code
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "maska:", err)
		return 1
	}
	return 0
}

// environment is the process's environment, as config reads it.
type environment []string

func (e environment) load() (config.Config, error) { return config.Load(e, ".env") }

type serveCmd struct{}

func (serveCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	cfg, err := env.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.Level}))
	a, err := app.New(ctx, cfg, version, log)
	if err != nil {
		return err
	}
	go collector.Run(ctx)
	if _, err := fmt.Fprint(stdout, a.Greeting()); err != nil {
		return errors.Join(err, a.Close())
	}
	return a.Serve(ctx)
}

type migrateCmd struct{}

func (migrateCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	cfg, err := env.load()
	if err != nil {
		return err
	}
	name, err := app.Migrate(ctx, cfg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, name, "is up to date")
	return err
}

type versionCmd struct{}

func (versionCmd) Run(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, "maska", version)
	return err
}
