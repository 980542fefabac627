package message_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"maska/internal/store"
	"maska/internal/testkit"
)

// BenchmarkSend has so many senders wait for the ack of one message after another.
func BenchmarkSend(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{
		"SQLite":     func(t testing.TB) *store.Store { return testkit.SQLite(t).Store },
		"PostgreSQL": func(t testing.TB) *store.Store { return testkit.Postgres(t).Store },
	} {
		for _, senders := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", name, senders), func(b *testing.B) {
				s := newBench(b, open(b), nil)
				took := make([][]time.Duration, senders)
				b.ResetTimer()
				var running sync.WaitGroup
				for i := range senders {
					running.Go(func() {
						for range (b.N + senders - 1) / senders {
							began := time.Now()
							if _, err := s.sender.Send(b.Context(), s.actor, draft(b, "a message as people write them, some words long", [16]byte{})); err != nil {
								b.Error(err)
								return
							}
							took[i] = append(took[i], time.Since(began))
						}
					})
				}
				running.Wait()
				all := slices.Concat(took...)
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}
