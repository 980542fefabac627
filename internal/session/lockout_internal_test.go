package session

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// steps plays tries with pauses between them, and hands over what came of each.
func steps(t *rapid.T, pause *rapid.Generator[int64], each func(before, after Lockout, now time.Time, locks bool, wait time.Duration)) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	l := Lockout{Since: now}
	for range rapid.IntRange(1, 100).Draw(t, "tries") {
		now = now.Add(time.Duration(pause.Draw(t, "pause")))
		next, locks, wait := l.try(now)
		each(l, next, now, locks, wait)
		l = next
	}
}

func TestNoLockLastsLongerThanAQuarterAndEveryLockEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps(t, rapid.Int64Range(0, int64(30*time.Minute)), func(before, after Lockout, now time.Time, _ bool, wait time.Duration) {
			if wait < 0 || wait > 15*time.Minute || (wait > 0 && after != before) {
				t.Fatalf("a wait of %v changed %+v to %+v", wait, before, after)
			}
			if _, _, again := before.try(now.Add(wait)); again > 0 {
				t.Fatalf("%+v: after %v one still has to wait %v", before, wait, again)
			}
		})
	})
}

func TestFiveQuickTriesAlwaysLock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		row := 0
		steps(t, rapid.Int64Range(0, int64(time.Second)), func(before, after Lockout, now time.Time, locks bool, wait time.Duration) {
			if wait > 0 {
				row = 0
				return
			}
			if row++; locks != (row == 5) || locks != now.Before(after.LockedUntil) {
				t.Fatalf("try %d in a row: %+v became %+v", row, before, after)
			}
		})
	})
}

func TestAPatientAttackerGetsFewTriesADay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	end, tries := now.Add(24*time.Hour), 0
	for l := (Lockout{Since: now}); now.Before(end); {
		next, _, wait := l.try(now)
		if l = next; wait > 0 {
			now = now.Add(wait)
			continue
		}
		tries++
	}
	if tries > 500 {
		t.Errorf("%d tries", tries)
	}
}
