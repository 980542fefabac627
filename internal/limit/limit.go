// Package limit says how often something may be done: the rules, and what a
// counter of uses promises. The counters are in cluster.
package limit

import (
	"context"
	"math"
	"time"
)

// Rule allows Burst uses at once and gives back Max of them evenly over Per. So
// any stretch of length Per sees at most Burst + Max uses, and a steady user
// Max. A rule whose Max is 0 allows everything.
type Rule struct {
	Name  string // part of the key: rules with different names count apart
	Max   int
	Per   time.Duration
	Burst int  // 0 means Max
	Fixed bool // not a rate but a rule of the product: Scale leaves it alone
}

// Scale multiplies how much is allowed, to no less than one use; 0 switches the
// rule off.
func (r Rule) Scale(factor float64) Rule {
	if r.Fixed {
		return r
	}
	r.Max, r.Burst = scale(r.Max, factor), scale(r.Burst, factor)
	return r
}

func scale(n int, factor float64) int {
	if n <= 0 || factor <= 0 {
		return 0
	}
	return int(min(max(1, math.Round(float64(n)*factor)), math.MaxInt32))
}

// Off reports whether the rule allows everything.
func (r Rule) Off() bool { return r.Max <= 0 || r.Per <= 0 }

// Capacity is how many uses are allowed at once.
func (r Rule) Capacity() int {
	if r.Burst > 0 {
		return r.Burst
	}
	return r.Max
}

// Interval is the time after which one use is given back.
func (r Rule) Interval() time.Duration { return max(1, r.Per/time.Duration(r.Max)) }

// Result is the state of a key under a rule. With a rule that is off, Allowed is
// true and the rest 0.
type Result struct {
	Allowed   bool
	Limit     int // uses allowed at once
	Remaining int // uses allowed now
	// RetryAfter is above 0 when refused: the time after which the same is
	// allowed, if nobody else takes it. More uses than Limit are never allowed;
	// it is Per for them.
	RetryAfter time.Duration
	Reset      time.Duration // until Remaining is Limit again
}

// Limiter counts uses per rule and key. It is safe for concurrent use: of any
// number of callers at the same moment, as many are allowed as the rule says.
type Limiter interface {
	// Take uses n. Refused uses are not counted.
	Take(ctx context.Context, rule Rule, key string, n int) (Result, error)
	// Peek says whether one use would be allowed, and counts nothing.
	Peek(ctx context.Context, rule Rule, key string) (Result, error)
}

// Bound is one rule of a limiter, for those who need no more.
type Bound struct {
	Limiter Limiter
	Rule    Rule
}

// Take uses one. If that is refused, wait is above 0.
func (b Bound) Take(ctx context.Context, key string) (wait time.Duration, err error) {
	result, err := b.Limiter.Take(ctx, b.Rule, key, 1)
	return result.RetryAfter, err
}

// Scaled is a limiter that scales every rule before it counts.
func Scaled(limiter Limiter, factor float64) Limiter { return scaled{limiter, factor} }

type scaled struct {
	limiter Limiter
	factor  float64
}

func (s scaled) Take(ctx context.Context, rule Rule, key string, n int) (Result, error) {
	return s.limiter.Take(ctx, rule.Scale(s.factor), key, n)
}

func (s scaled) Peek(ctx context.Context, rule Rule, key string) (Result, error) {
	return s.limiter.Peek(ctx, rule.Scale(s.factor), key)
}
