// Faults breaks a running system in every way there is, under load, and prints what came of it:
//
//	go run ./internal/tools/faults
//	go run ./internal/tools/faults -only F2,F6 -acked 5000 -seed 17
//	go run ./internal/tools/faults -check history.jsonl
//
// It exits with 1 if a guarantee was broken; the history and the logs of that run are kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"maska/internal/faultlab"
	"maska/internal/testkit/services"
)

var errBroken = errors.New("a guarantee was broken")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "which faults, as F1,F2; all by default")
	acked := flag.Int("acked", 0, "messages that each acknowledges at least; 0: as many as make a million in all")
	kills := flag.Int("kills", 0, "how often each breaks something at least; 0: its own measure")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "decides what happens when")
	history := flag.String("check", "", "check the history in a file instead")
	verbose := flag.Bool("v", false, "tell each fault")
	flag.Parse()
	if *history != "" {
		return check(*history)
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return play(ctx, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }), faultlab.Scale{Kills: *kills, Acked: *acked}, *seed, log)
}

func play(ctx context.Context, only []string, asked faultlab.Scale, seed uint64, log *slog.Logger) (err error) {
	dir, err := services.NewDir()
	if err != nil {
		return err
	}
	binary, err := faultlab.Build(ctx, dir.Path())
	if err != nil {
		return errors.Join(err, dir.Remove())
	}
	var reports []*faultlab.Report
	broken := false
	for _, s := range faultlab.Scenarios() {
		if len(only) > 0 && !slices.Contains(only, s.ID) {
			continue
		}
		log.Info("playing", "fault", s.ID, "what", s.Title, "seed", seed)
		report, err := faultlab.Run(ctx, s, s.Full.With(asked), seed, binary, dir.Path(), log)
		if err != nil {
			return errors.Join(err, faultlab.WriteTable(os.Stdout, reports), dir.Remove())
		}
		reports = append(reports, report)
		broken = broken || report.Failed()
		log.Info("played", "fault", s.ID, "acked", report.Verdict.Acked, "took", report.Took.Round(time.Second), "broken", report.Failed())
	}
	if err := faultlab.WriteTable(os.Stdout, reports); err != nil {
		return err
	}
	if broken {
		return errors.Join(errBroken, dir.Remove())
	}
	return dir.Remove()
}

func check(path string) error {
	file, err := os.Open(path) //nolint:gosec // Reading the given file is the purpose.
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // It was only read.
	events, err := faultlab.ReadHistory(file)
	if err != nil {
		return err
	}
	verdict := faultlab.Check(events)
	fmt.Println(verdict)
	if verdict.Broken() {
		return errBroken
	}
	return nil
}
