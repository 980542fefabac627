package realtime_test

import (
	"slices"
	"testing"
	"time"

	"maska/internal/store"
	"maska/internal/testkit"
)

// BenchmarkSendToAck sends over a WebSocket and waits for the ack, one message after another.
func BenchmarkSendToAck(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{
		"SQLite":     func(t testing.TB) *store.Store { return testkit.SQLite(t).Store },
		"PostgreSQL": func(t testing.TB) *store.Store { return testkit.Postgres(t).Store },
	} {
		b.Run(name, func(b *testing.B) {
			c := newChat(b, func(s *settings) { s.db, s.unlimited = open(b), true })
			cl := c.enter(b, c.arrive(b).token)
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			for i := range took {
				began := time.Now()
				cl.call("message", `{"roomId":1,"content":"a message as people write them, some words long"}`)
				took[i] = time.Since(began)
				cl.forget()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// forget drops what has arrived, so that a long run stays small.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inbox = nil
	clear(c.acks)
}
