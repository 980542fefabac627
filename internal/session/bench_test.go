package session_test

import (
	"sync/atomic"
	"testing"

	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/testkit"
)

func BenchmarkAuthenticate(b *testing.B) {
	w := newScaledWorld(b, testkit.SQLite(b), session.Config{}, 0)
	access := w.enter(1).Access
	w.authenticate(access) // from now on it is remembered
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Authenticate(b.Context(), access); err != nil {
			b.Fatal(err)
		}
	}
}

// People come at once, as they do; the answer of each waits for his own commits.
const atOnce = 16

func BenchmarkSignInOfNewPeople(b *testing.B) {
	eachStore(b, func(b *testing.B, w *world) {
		var next atomic.Int64
		b.SetParallelism(atOnce)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := w.SignInTelegram(b.Context(), w.initData(next.Add(1)), false, client, locale.English); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "people/s")
	})
}

func BenchmarkSignInOfKnownPeople(b *testing.B) {
	eachStore(b, func(b *testing.B, w *world) {
		const people = 1000
		for id := range people {
			w.enter(int64(id + 1))
		}
		var next atomic.Int64
		b.SetParallelism(atOnce)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := w.SignInTelegram(b.Context(), w.initData(next.Add(1)%people+1), false, client, locale.English); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "people/s")
	})
}

func BenchmarkRefresh(b *testing.B) {
	eachStore(b, func(b *testing.B, w *world) {
		var next atomic.Int64
		b.SetParallelism(atOnce)
		b.RunParallel(func(pb *testing.PB) {
			token := w.enter(next.Add(1)).Refresh
			for pb.Next() {
				tokens, err := w.Refresh(b.Context(), token, client, locale.English)
				if err != nil {
					b.Error(err)
				}
				token = tokens.Refresh
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refreshes/s")
	})
}

func eachStore(b *testing.B, run func(b *testing.B, w *world)) {
	b.Run("SQLite", func(b *testing.B) { run(b, newScaledWorld(b, testkit.SQLite(b), session.Config{}, 0)) })
	b.Run("PostgreSQL", func(b *testing.B) { run(b, newScaledWorld(b, testkit.Postgres(b), session.Config{}, 0)) })
}
