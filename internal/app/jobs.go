package app

import (
	"context"
	"log/slog"
	"time"

	"maska/internal/profile"
	"maska/internal/session"
)

const (
	jobsEvery = time.Hour
	jobChunk  = 500 // rows a transaction
)

// job is one kind of tidying. It does a chunk and reports how much it found; less than a chunk means
// that it is done.
type job struct {
	name string
	run  func(context.Context) (int, error)
}

// jobs keep the promises about how long things are kept (decision 26). Each is idempotent, so any
// number of nodes may run them.
func (a *App) jobs() []job {
	day := func(n int) profile.Day { return profile.DayOf(a.now()) - profile.Day(n) }
	ago := func(days int) time.Time { return a.now().Add(-time.Duration(days) * 24 * time.Hour) }
	counted := func(n int64, err error) (int, error) { return int(n), err }
	return []job{
		{"put down unused masks", func(ctx context.Context) (int, error) {
			return a.sessions.PutDownUnused(ctx, day(a.cfg.ProfileTTL), jobChunk)
		}},
		{"erase masks", func(ctx context.Context) (int, error) { return a.profiles.EraseDue(ctx, jobChunk) }},
		{"forget who wore a mask", func(ctx context.Context) (int, error) { return 0, a.profiles.ForgetOwners(ctx, a.cfg.MaskLinkDays) }},
		{"drop messages", func(ctx context.Context) (int, error) {
			return counted(a.store.DropMessages(ctx, false, ago(a.cfg.MessageDays), jobChunk))
		}},
		{"drop messages of small rooms", func(ctx context.Context) (int, error) {
			return counted(a.store.DropMessages(ctx, true, ago(a.cfg.RoomMessageDays), jobChunk))
		}},
		{"close rooms whose time is over", func(ctx context.Context) (int, error) { return a.chat.rooms.CloseExpired(ctx, jobChunk) }},
		{"give up seats of masks that were put down", func(ctx context.Context) (int, error) { return a.chat.rooms.VacateSeats(ctx, jobChunk) }},
		{"drop closed rooms", func(ctx context.Context) (int, error) { return a.chat.rooms.DropClosed(ctx, jobChunk) }},
		{"cut the times of refreshes", func(ctx context.Context) (int, error) {
			return 0, a.store.CutSteps(ctx, a.now().Add(-time.Minute))
		}},
		{"lay rows in key order", func(ctx context.Context) (int, error) { return 0, a.store.LayInKeyOrder(ctx) }},
		{"drop sessions", func(ctx context.Context) (int, error) {
			return counted(a.store.DropEndedSessions(ctx, ago(endedSessionDays), jobChunk))
		}},
		{"drop sign-ins that were not completed", func(ctx context.Context) (int, error) {
			return counted(a.store.DropExpiredChallenges(ctx, a.now(), jobChunk))
		}},
		{"drop mail tokens", func(ctx context.Context) (int, error) {
			return counted(a.store.DropExpiredMailTokens(ctx, a.now(), jobChunk))
		}},
		{"drop unfinished factors", func(ctx context.Context) (int, error) {
			return counted(a.store.DropUnfinishedFactors(ctx, a.now().Add(-session.EnrolmentLife), jobChunk))
		}},
		{"forget unlinked identities", func(ctx context.Context) (int, error) {
			return counted(a.store.DropUnbound(ctx, a.now(), jobChunk))
		}},
		{"forget failed proofs", func(ctx context.Context) (int, error) {
			return counted(a.store.DropLockouts(ctx, a.now().Add(-session.LocksForgotten), jobChunk))
		}},
		{"drop audit", func(ctx context.Context) (int, error) {
			return counted(a.store.DropAudit(ctx, ago(a.cfg.AuditRetention), jobChunk))
		}},
	}
}

// endedSessionDays is how long an ended session is kept, so that its tokens are told why they do not work.
const endedSessionDays = 7

// runJobs tidies at start and then every hour until ctx ends.
func (a *App) runJobs(ctx context.Context) {
	ticker := time.NewTicker(jobsEvery)
	defer ticker.Stop()
	for {
		if _, err := a.store.Alone(ctx, func() { a.Tidy(ctx) }); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "jobs did not run", slog.Any("cause", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tidy does all jobs once. One that fails is tried again in the next round.
func (a *App) Tidy(ctx context.Context) {
	for _, j := range a.jobs() {
		for ctx.Err() == nil {
			n, err := j.run(ctx)
			if err != nil {
				a.log.WarnContext(ctx, "job failed", slog.String("job", j.name), slog.Any("cause", err))
			}
			if err != nil || n < jobChunk {
				break
			}
		}
	}
}
