package cluster_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/cluster"
	"maska/internal/cluster/clustertest"
	"maska/internal/limit"
)

func TestMemoryLimiterPassesTheSuite(t *testing.T) {
	clustertest.RunLimiter(t, func(_ *testing.T, now func() time.Time) limit.Limiter {
		return cluster.NewMemoryLimiter(now, 1<<16)
	})
}

var hourly = limit.Rule{Name: "hourly", Max: 5, Per: time.Hour}

func take(tb testing.TB, l limit.Limiter, key string, n int) bool {
	tb.Helper()
	result, err := l.Take(tb.Context(), hourly, key, n)
	if err != nil {
		tb.Fatal(err)
	}
	return result.Allowed
}

func TestAFloodOfKeysIsBoundedAndDoesNotFreeWhoIsAtTheLimit(t *testing.T) {
	clock := &clustertest.Clock{}
	l := cluster.NewMemoryLimiter(clock.Now, 1600)
	for i := range 80 { // half of them would be in danger if the choice were blind
		take(t, l, "busy"+strconv.Itoa(i), 5)
	}
	for i := range 100_000 {
		take(t, l, "flood"+strconv.Itoa(i), 1)
	}
	if known := l.Len(); known > 1600 || known < 1500 {
		t.Errorf("%d keys are known, want at most 1600 and about so many", known)
	}
	freed := 0
	for i := range 80 {
		if take(t, l, "busy"+strconv.Itoa(i), 1) {
			freed++
		}
	}
	if freed > 4 { // the choice is among a few at random
		t.Errorf("%d of 80 keys at their limit were forgotten", freed)
	}
}

func TestUnusedKeysGoAsFastAsNewOnesCome(t *testing.T) {
	clock := &clustertest.Clock{}
	l := cluster.NewMemoryLimiter(clock.Now, 1<<20)
	for i := range 20_000 {
		take(t, l, "old"+strconv.Itoa(i), 1)
	}
	clock.Move(time.Hour)
	for i := range 20_000 {
		take(t, l, "new"+strconv.Itoa(i), 1)
	}
	if known := l.Len(); known > 22_000 {
		t.Errorf("%d keys are known, want little above 20000", known)
	}
}

func TestAClockThatGoesBackKeepsTheWaitThatWasTold(t *testing.T) {
	clock := &clustertest.Clock{}
	l := cluster.NewMemoryLimiter(clock.Now, 16)
	take(t, l, "a", 1)
	clock.Move(-1000 * time.Hour)
	result, err := l.Peek(t.Context(), hourly, "a")
	if err != nil || result != (limit.Result{Limit: 5, RetryAfter: 12 * time.Minute, Reset: time.Hour}) {
		t.Fatalf("got %+v, %v", result, err)
	}
	clock.Move(result.RetryAfter)
	if !take(t, l, "a", 1) {
		t.Error("still refused after the wait")
	}
}

func TestAScaledLimiterScalesEveryRuleButFixedOnes(t *testing.T) {
	clock := &clustertest.Clock{}
	once := limit.Rule{Name: "once", Max: 1, Per: time.Hour, Fixed: true}
	for factor, want := range map[float64]int{0.2: 1, 1: 5, 3: 15} {
		l := limit.Scaled(cluster.NewMemoryLimiter(clock.Now, 16), factor)
		if result, err := l.Peek(t.Context(), hourly, "a"); err != nil || result.Limit != want {
			t.Errorf("scaled by %g: %+v, %v", factor, result, err)
		}
		if !take(t, l, "a", want) || take(t, l, "a", 1) {
			t.Errorf("scaled by %g: want %d allowed", factor, want)
		}
	}
	off := limit.Scaled(cluster.NewMemoryLimiter(clock.Now, 16), 0)
	if !take(t, off, "a", 1000) {
		t.Error("switched off, it refused")
	}
	for _, want := range []bool{true, false} {
		if result, err := off.Take(t.Context(), once, "a", 1); err != nil || result.Allowed != want {
			t.Errorf("a fixed rule: %+v, %v; want allowed %t", result, err, want)
		}
	}
}

func TestABoundLimiterTellsTheWait(t *testing.T) {
	clock := &clustertest.Clock{}
	l := limit.Bound{
		Limiter: cluster.NewMemoryLimiter(clock.Now, 16),
		Rule:    limit.Rule{Name: "message", Max: 1, Per: time.Second, Burst: 3},
	}
	for i, want := range []time.Duration{0, 0, 0, time.Second, time.Second} {
		if wait, err := l.Take(t.Context(), "a"); err != nil || wait != want {
			t.Errorf("use %d: wait %v, %v; want %v", i+1, wait, err, want)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := cluster.NewMemoryLimiter(time.Now, 1<<17)
	rule := limit.Rule{Name: "bench", Max: 1 << 30, Per: time.Second}
	keys := make([]string, 1<<14)
	for i := range keys {
		keys[i] = "2001:db8:" + strconv.Itoa(i) + "::/64"
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := l.Take(b.Context(), rule, keys[i%len(keys)], 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		var starts atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for i := int(starts.Add(1)) * 1000; pb.Next(); i++ {
				if _, err := l.Take(b.Context(), rule, keys[i%len(keys)], 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("flood", func(b *testing.B) {
		small := cluster.NewMemoryLimiter(time.Now, 1<<14)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := small.Take(b.Context(), hourly, strconv.Itoa(i), 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
