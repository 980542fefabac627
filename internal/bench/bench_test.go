package bench_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"maska/internal/testkit"
)

// BenchmarkStart is the time from starting the process on an empty folder to its first answer.
func BenchmarkStart(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		took = append(took, start(b).started)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(quantile(took, 0.5)), "ms/start")
}

// BenchmarkSendAck is the time from sending a message to its ack, which comes after the commit: with
// one sender, and with 64 at once, on both databases.
func BenchmarkSendAck(b *testing.B) {
	for _, database := range []struct {
		name     string
		settings func(*testing.B) []string
	}{
		{"SQLite", func(*testing.B) []string { return nil }},
		{"PostgreSQL", func(b *testing.B) []string { b.Helper(); return []string{"DATABASE_URL=" + testkit.PostgresURL(b)} }},
	} {
		for _, senders := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/senders=%d", database.name, senders), func(b *testing.B) {
				sendAck(b, start(b, database.settings(b)...), senders)
			})
		}
	}
}

func sendAck(b *testing.B, p *process, senders int) {
	b.Helper()
	token := p.token(b, 1)
	sockets := make([]*websocket.Conn, senders)
	for i := range sockets {
		var err error
		if sockets[i], err = p.connect(b.Context(), token); err != nil {
			b.Fatal(err)
		}
		sockets[i].SetReadLimit(1 << 20)
	}
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	b.ResetTimer()
	for i, ws := range sockets {
		share := b.N / senders
		if i < b.N%senders {
			share++
		}
		all.Go(func() {
			own := make([]time.Duration, 0, share)
			for n := range share {
				began := time.Now()
				frame := fmt.Sprintf(`42%d["message",{"roomId":1,"content":"message %d of sender %d"}]`, n, n, i)
				err := ws.Write(b.Context(), websocket.MessageText, []byte(frame))
				var ack string
				if err == nil {
					ack, err = await(b.Context(), ws, fmt.Sprintf("43%d[", n))
				}
				if err != nil || strings.Contains(ack, `"error"`) {
					b.Errorf("no ack: %v %s", err, ack)
					return
				}
				own = append(own, time.Since(began))
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(milliseconds(quantile(took, 0.5)), "p50-ms")
	b.ReportMetric(milliseconds(quantile(took, 0.99)), "p99-ms")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkIdleSockets is the resident memory that 1,000 signed-in sockets add to the process.
func BenchmarkIdleSockets(b *testing.B) {
	const sockets = 1000
	for b.Loop() {
		p := start(b)
		token := p.token(b, 1)
		if ws, err := p.connect(b.Context(), token); err != nil { // what the first one sets up is not the price of each
			b.Fatal(err)
		} else {
			defer ws.CloseNow() //nolint:errcheck // the process is killed as well
		}
		before := p.resident(b)
		for range sockets {
			ws, err := p.connect(b.Context(), token)
			if err != nil {
				b.Fatal(err)
			}
			defer ws.CloseNow() //nolint:errcheck // the process is killed as well
		}
		after := p.resident(b)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(after-before)/sockets, "kB/socket")
		b.ReportMetric(float64(before), "kB-before")
	}
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, int(float64(len(all))*q))]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
