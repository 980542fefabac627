package session_test

import (
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/testkit"
)

// family is what auth contract, section 7.2, says about one session's refresh tokens, as a few lines.
type family struct {
	generation int // of the newest token
	confirmed  bool
	stepped    time.Time
	begun      time.Time
	revoked    bool
}

const hourOfGrace = time.Hour // times are kept to the hour where no more is needed

// refresh tells the generation that a token of generation g gets, or the refusal.
func (f *family) refresh(g int, now time.Time) (int, errs.Code) {
	switch {
	case f.revoked:
		return 0, errs.SessionRevoked
	case !now.Before(f.begun.Truncate(time.Hour).Add(session.AbsoluteLife)), !now.Before(f.stepped.Add(session.IdleLife + hourOfGrace)):
		return 0, errs.RefreshTokenExpired
	case g == f.generation:
		f.generation++
		f.confirmed, f.stepped = false, now
		return f.generation, ""
	case g == f.generation-1 && (!f.confirmed || now.Sub(f.stepped) <= 30*time.Second):
		return f.generation, ""
	}
	f.revoked = true
	return 0, errs.RefreshTokenReused
}

// use tells what an access token of generation g gets that has not expired.
func (f *family) use(g int) errs.Code {
	if f.revoked {
		return errs.SessionRevoked
	}
	f.confirmed = f.confirmed || g == f.generation
	return ""
}

func TestARefreshFamilyDoesWhatTheContractSays(t *testing.T) {
	t.Parallel()
	w := newScaledWorld(t, testkit.SQLite(t), session.Config{}, 0)
	var people atomic.Int64
	rapid.Check(t, func(r *rapid.T) {
		tokens := []session.Tokens{w.enter(people.Add(1))} // by generation, the first one is 1
		issued := []time.Time{w.now()}
		model := family{generation: 1, begun: w.now(), stepped: w.now().Truncate(time.Hour)}
		r.Repeat(map[string]func(*rapid.T){
			"refresh": func(r *rapid.T) {
				g := rapid.IntRange(max(1, len(tokens)-3), len(tokens)).Draw(r, "generation")
				want, code := model.refresh(g, w.now())
				got, err := w.Refresh(t.Context(), tokens[g-1].Refresh, client, locale.English)
				if errs.CodeOf(err) != code {
					r.Fatalf("generation %d: %v, want %q", g, err, code)
				}
				switch {
				case err != nil:
				case want > len(tokens):
					tokens, issued = append(tokens, got), append(issued, w.now())
				case got.Refresh != tokens[want-1].Refresh:
					r.Fatalf("generation %d got another token than %d did", g, want)
				default:
					tokens[want-1].Access, issued[want-1] = got.Access, w.now()
				}
			},
			"use": func(r *rapid.T) {
				g := rapid.IntRange(max(1, len(tokens)-2), len(tokens)).Draw(r, "generation")
				want := errs.TokenExpired
				if w.now().Before(issued[g-1].Add(time.Hour)) {
					want = model.use(g)
				}
				if _, err := w.Authenticate(t.Context(), tokens[g-1].Access); errs.CodeOf(err) != want {
					r.Fatalf("generation %d: %v, want %q", g, err, want)
				}
			},
			"wait": func(r *rapid.T) {
				w.advance(rapid.SampledFrom([]time.Duration{time.Second, 31 * time.Second, 2 * time.Minute, 2 * time.Hour, 9 * 24 * time.Hour, 31 * 24 * time.Hour}).Draw(r, "time"))
			},
		})
	})
}
