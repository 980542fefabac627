package cluster_test

import (
	"sync/atomic"
	"testing"

	"maska/internal/cluster"
	"maska/internal/limit"
	"maska/internal/testkit/testredis"
)

// BenchmarkRedisBus is one message of 300 bytes from many publishers to another node.
func BenchmarkRedisBus(b *testing.B) {
	prefix := testredis.Prefix()
	from, to := join(b, shared(b, prefix), "a", nil), join(b, shared(b, prefix), "b", nil)
	var got atomic.Int64
	to.Subscribe("room:1", func([]byte) { got.Add(1) })
	payload := make([]byte, 300)
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := from.Publish(b.Context(), "room:1", payload); err != nil {
				b.Error(err)
			}
		}
	})
	until(b, "the messages", func() bool { return got.Load()+int64(to.Lost()) >= int64(b.N) }) //nolint:gosec // a count of a few thousand
}

func BenchmarkRedisLimiter(b *testing.B) {
	l := cluster.NewRedisLimiter(shared(b, testredis.Prefix()), []byte("key"))
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := l.Take(b.Context(), limit.Message, "someone", 1); err != nil {
				b.Error(err)
			}
		}
	})
}
