package store_test

import (
	"fmt"
	"testing"

	"maska/internal/message"
)

// BenchmarkAppend stores batches in one room and reports messages per second.
func BenchmarkAppend(b *testing.B) {
	for name, open := range map[string]func(testing.TB) database{"SQLite": sqliteDatabase, "PostgreSQL": postgresDatabase} {
		for _, size := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				db := open(b)
				db.room(b, 5)
				who := db.mask(b)
				batch := make([]message.Pending, size)
				b.ResetTimer()
				for range b.N {
					for i := range batch {
						batch[i] = pending(5, who, "a message as people write them, some words long, and not all of it ASCII: да")
					}
					db.append(b, batch...)
				}
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

// BenchmarkPage reads the newest 50 messages of a room of 20,000.
func BenchmarkPage(b *testing.B) {
	for name, open := range map[string]func(testing.TB) database{"SQLite": sqliteDatabase, "PostgreSQL": postgresDatabase} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			db.room(b, 5)
			who := db.mask(b)
			for range 100 {
				batch := make([]message.Pending, 200)
				for i := range batch {
					batch[i] = pending(5, who, "a message as people write them, some words long")
				}
				db.append(b, batch...)
			}
			history := message.NewHistory(db.Store)
			b.ResetTimer()
			for range b.N {
				if page, err := history.Before(b.Context(), 5, 0, message.DefaultPage); err != nil || len(page.Items) != message.DefaultPage {
					b.Fatal(len(page.Items), err)
				}
			}
		})
	}
}
