package store_test

import (
	"testing"
	"time"

	"maska/internal/testkit"
)

func TestSignInsThatWereNotCompletedAreDropped(t *testing.T) {
	t.Parallel()
	testkit.EachStore(t, func(t *testing.T, db *testkit.Database) {
		now := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
		for i, age := range []time.Duration{-time.Minute, time.Minute, time.Hour} {
			db.Exec(t, `INSERT INTO challenges (hash, purpose, token_epoch, methods, detail, device, client, os, ip, country, factors, code_factor, attempts, used, expires_at)
				VALUES ($1, '', 0, '', '', '', '', '', '', '', '', '', 0, false, $2)`, []byte{byte(i)}, now.Add(-age).UnixMilli())
		}
		for _, want := range []int64{1, 1, 0} {
			if n, err := db.DropExpiredChallenges(t.Context(), now, 1); n != want || err != nil {
				t.Fatalf("dropped %d, %v; want %d", n, err, want)
			}
		}
		if n := db.Count(t, `SELECT COUNT(*) FROM challenges`); n != 1 {
			t.Errorf("%d are left", n)
		}
	})
}
