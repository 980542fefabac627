// Package clustertest holds what every implementation of a part of cluster must
// do.
package clustertest

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"maska/internal/limit"
)

// Clock is a clock that stands still until it is moved. It is safe for
// concurrent use.
type Clock struct{ passed atomic.Int64 }

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(time.Duration(c.passed.Load()))
}

// Move moves the clock on.
func (c *Clock) Move(by time.Duration) { c.passed.Add(int64(by)) }

// granularity is the finest step of time that a limiter must tell apart.
const granularity = time.Millisecond

// RunLimiter runs the suite. start returns a limiter that counts nothing yet and
// goes by the clock.
func RunLimiter(t *testing.T, start func(t *testing.T, now func() time.Time) limit.Limiter) {
	begin := func(t *testing.T) (*caller, *Clock) {
		t.Helper()
		clock := &Clock{}
		return &caller{t: t, limiter: start(t, clock.Now)}, clock
	}
	fivePerHour := limit.Rule{Name: "five", Max: 5, Per: time.Hour}

	t.Run("allows as many at once as the rule says, then refuses", func(t *testing.T) {
		c, _ := begin(t)
		for left := 4; left >= 0; left-- {
			got := c.take(fivePerHour, "a", 1)
			want := limit.Result{
				Allowed: true, Limit: 5, Remaining: left, Reset: time.Duration(5-left) * 12 * time.Minute,
			}
			c.equal(got, want)
		}
		c.equal(c.take(fivePerHour, "a", 1), limit.Result{Limit: 5, RetryAfter: 12 * time.Minute, Reset: time.Hour})
	})

	t.Run("gives back one at a time, at the moment it told", func(t *testing.T) {
		c, clock := begin(t)
		c.take(fivePerHour, "a", 5)
		for range 3 {
			wait := c.take(fivePerHour, "a", 1).RetryAfter
			clock.Move(wait - granularity)
			c.allowed(fivePerHour, "a", 1, false)
			clock.Move(granularity)
			c.allowed(fivePerHour, "a", 1, true)
			c.allowed(fivePerHour, "a", 1, false)
		}
	})

	t.Run("is as new after the reset time, and never better", func(t *testing.T) {
		c, clock := begin(t)
		clock.Move(c.take(fivePerHour, "a", 5).Reset)
		c.equal(c.peek(fivePerHour, "a"), limit.Result{Allowed: true, Limit: 5, Remaining: 5})
		clock.Move(1000 * time.Hour)
		c.equal(c.peek(fivePerHour, "a"), limit.Result{Allowed: true, Limit: 5, Remaining: 5})
		c.allowed(fivePerHour, "a", 5, true)
		c.allowed(fivePerHour, "a", 1, false)
	})

	t.Run("takes a burst apart from the rate", func(t *testing.T) {
		c, clock := begin(t)
		message := limit.Rule{Name: "message", Max: 1, Per: time.Second, Burst: 3}
		c.allowed(message, "a", 3, true)
		c.equal(c.take(message, "a", 1), limit.Result{Limit: 3, RetryAfter: time.Second, Reset: 3 * time.Second})
		for range 10 {
			clock.Move(time.Second)
			c.allowed(message, "a", 1, true)
			c.allowed(message, "a", 1, false)
		}
	})

	t.Run("takes several at once or none", func(t *testing.T) {
		c, clock := begin(t)
		c.allowed(fivePerHour, "a", 3, true)
		c.equal(c.take(fivePerHour, "a", 4), limit.Result{
			Limit: 5, Remaining: 2, RetryAfter: 24 * time.Minute, Reset: 36 * time.Minute,
		})
		c.allowed(fivePerHour, "a", 2, true)
		clock.Move(time.Hour)
		c.allowed(fivePerHour, "a", 5, true)
	})

	t.Run("never allows more than the limit at once, and says so without harm", func(t *testing.T) {
		c, clock := begin(t)
		for range 2 {
			got := c.take(fivePerHour, "a", 6)
			if got.Allowed || got.RetryAfter != time.Hour {
				t.Errorf("got %+v", got)
			}
			clock.Move(100 * time.Hour)
		}
		c.allowed(fivePerHour, "a", 5, true)
	})

	t.Run("does not count what it refuses, nor what is looked at", func(t *testing.T) {
		c, clock := begin(t)
		for range 10 {
			c.peek(fivePerHour, "a")
			c.take(fivePerHour, "a", 0)
			c.take(fivePerHour, "a", -1)
		}
		c.allowed(fivePerHour, "a", 5, true)
		for range 10 {
			c.allowed(fivePerHour, "a", 1, false)
			c.equal(c.peek(fivePerHour, "a"), limit.Result{Limit: 5, RetryAfter: 12 * time.Minute, Reset: time.Hour})
		}
		clock.Move(12 * time.Minute)
		c.allowed(fivePerHour, "a", 1, true)
	})

	t.Run("counts keys and rules apart", func(t *testing.T) {
		c, _ := begin(t)
		other := fivePerHour
		other.Name = "other"
		c.allowed(fivePerHour, "a", 5, true)
		c.allowed(fivePerHour, "b", 5, true)
		c.allowed(fivePerHour, "", 5, true)
		c.allowed(other, "a", 5, true)
		joined := limit.Rule{Name: "fivea", Max: 5, Per: time.Hour}
		c.allowed(joined, "", 5, true)
		c.allowed(fivePerHour, "a", 1, false)
	})

	t.Run("allows everything under a rule that is off", func(t *testing.T) {
		c, _ := begin(t)
		for range 100 {
			c.equal(c.take(fivePerHour.Scale(0), "a", 1000), limit.Result{Allowed: true})
			c.equal(c.peek(fivePerHour.Scale(0), "b"), limit.Result{Allowed: true})
		}
		c.allowed(fivePerHour, "a", 5, true)
	})

	t.Run("allows exactly the limit to many at the same moment", func(t *testing.T) {
		c, _ := begin(t)
		var allowed atomic.Int32
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				for range 4 {
					if c.take(limit.Rule{Name: "many", Max: 100, Per: time.Hour}, "a", 1).Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if allowed.Load() != 100 {
			t.Errorf("%d allowed, want 100", allowed.Load())
		}
	})

	t.Run("agrees with a bucket that is refilled drop by drop", func(t *testing.T) {
		rule := limit.Rule{Name: "bucket", Max: 6, Per: time.Minute, Burst: 4}
		round := 0
		c, clock := begin(t)
		rapid.Check(t, func(r *rapid.T) {
			round++
			key := strconv.Itoa(round)
			bucket, last := 4*rule.Interval(), clock.Now()
			for range rapid.IntRange(1, 30).Draw(r, "steps") {
				clock.Move(time.Duration(rapid.IntRange(0, 30_000).Draw(r, "pause in ms")) * time.Millisecond)
				n := rapid.IntRange(1, 5).Draw(r, "n")
				bucket = min(bucket+clock.Now().Sub(last), 4*rule.Interval())
				last = clock.Now()
				want := time.Duration(n)*rule.Interval() <= bucket
				if want {
					bucket -= time.Duration(n) * rule.Interval()
				}
				got := c.take(rule, key, n)
				if got.Allowed != want || got.Remaining != int(bucket/rule.Interval()) || got.Allowed == (got.RetryAfter > 0) {
					r.Fatalf("taking %d: %+v, want %t with %v left", n, got, want, bucket)
				}
			}
		})
	})
}

// caller calls a limiter and fails the test for errors.
type caller struct {
	t       *testing.T
	limiter limit.Limiter
}

func (c *caller) take(rule limit.Rule, key string, n int) limit.Result {
	c.t.Helper()
	result, err := c.limiter.Take(c.t.Context(), rule, key, n)
	if err != nil {
		c.t.Error(err)
	}
	return result
}

func (c *caller) peek(rule limit.Rule, key string) limit.Result {
	c.t.Helper()
	result, err := c.limiter.Peek(c.t.Context(), rule, key)
	if err != nil {
		c.t.Error(err)
	}
	return result
}

func (c *caller) allowed(rule limit.Rule, key string, n int, want bool) {
	c.t.Helper()
	if got := c.take(rule, key, n); got.Allowed != want {
		c.t.Fatalf("taking %d of %s %q: %+v, want allowed %t", n, rule.Name, key, got, want)
	}
}

func (c *caller) equal(got, want limit.Result) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("got %+v, want %+v", got, want)
	}
}
