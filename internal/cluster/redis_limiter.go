package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"maska/internal/limit"
)

//go:embed limiter.lua
var limiterScript string

// RedisLimiter counts uses over all nodes. It is a [limit.Limiter], by the same algorithm as
// [MemoryLimiter], in one script that goes by the clock of Redis, so that the clocks of nodes do not
// matter. It answers ErrDown at once while Redis does not answer; see [FallbackLimiter].
type RedisLimiter struct {
	redis  *Redis
	script *rueidis.Lua
	key    []byte
	now    func() time.Time // in place of the clock of Redis, for tests
}

var _ limit.Limiter = (*RedisLimiter)(nil)

// NewRedisLimiter makes a limiter. key, the same on all nodes, hides in Redis whose uses are counted.
func NewRedisLimiter(redis *Redis, key []byte) *RedisLimiter {
	return &RedisLimiter{redis: redis, script: rueidis.NewLuaScript(limiterScript), key: key}
}

// Take is [limit.Limiter].
func (l *RedisLimiter) Take(ctx context.Context, rule limit.Rule, key string, n int) (limit.Result, error) {
	return l.take(ctx, rule, key, n, true)
}

// Peek is [limit.Limiter].
func (l *RedisLimiter) Peek(ctx context.Context, rule limit.Rule, key string) (limit.Result, error) {
	return l.take(ctx, rule, key, 1, false)
}

func (l *RedisLimiter) take(ctx context.Context, rule limit.Rule, key string, n int, count bool) (limit.Result, error) {
	if rule.Off() {
		return limit.Result{Allowed: true}, nil
	}
	// Redis counts microseconds.
	capacity, interval := rule.Capacity(), max(time.Microsecond, rule.Interval().Truncate(time.Microsecond))
	n = min(max(0, n), capacity+1)
	full, taken := time.Duration(capacity)*interval, time.Duration(n)*interval
	allowed, used, err := l.run(ctx, l.name(rule, key), full, taken, count && n > 0)
	if err != nil {
		return limit.Result{}, err
	}
	result := limit.Result{Allowed: allowed, Limit: capacity, Remaining: int((full - used) / interval), Reset: used}
	switch {
	case n > capacity:
		result.RetryAfter = rule.Per
	case !allowed:
		result.RetryAfter = used + taken - full
	}
	return result, nil
}

// run tells whether taken fits into full, and how much is used after it.
func (l *RedisLimiter) run(ctx context.Context, name string, full, taken time.Duration, count bool) (allowed bool, used time.Duration, err error) {
	args := []string{micros(full), micros(taken), "0", ""}
	if count {
		args[2] = "1"
	}
	if l.now != nil {
		args[3] = strconv.FormatInt(l.now().UnixMicro(), 10)
	}
	got, err := l.redis.do(ctx, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return l.script.Exec(ctx, c, []string{name}, args)
	}).AsIntSlice()
	if err != nil {
		return false, 0, err
	}
	if len(got) != 2 {
		return false, 0, fmt.Errorf("cluster: the limiter's script answered %v", got)
	}
	return got[0] == 1, time.Duration(got[1]) * time.Microsecond, nil
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

// name hides the key: it may be an address, or the person behind an account.
func (l *RedisLimiter) name(rule limit.Rule, key string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(rule.Name))
	mac.Write([]byte{0})
	mac.Write([]byte(key))
	return l.redis.name("limit", base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:15]))
}

// FallbackLimiter counts over all nodes, and on this node alone while that fails. It is a
// [limit.Limiter] that never fails.
type FallbackLimiter struct {
	shared *RedisLimiter
	own    *MemoryLimiter
	log    *slog.Logger

	failing   atomic.Bool
	fallbacks atomic.Uint64
}

var _ limit.Limiter = (*FallbackLimiter)(nil)

// NewFallbackLimiter makes a limiter of two.
func NewFallbackLimiter(shared *RedisLimiter, own *MemoryLimiter, log *slog.Logger) *FallbackLimiter {
	return &FallbackLimiter{shared: shared, own: own, log: log}
}

// Fallbacks is how many uses were counted on this node alone.
func (l *FallbackLimiter) Fallbacks() uint64 { return l.fallbacks.Load() }

// Take is [limit.Limiter].
func (l *FallbackLimiter) Take(ctx context.Context, rule limit.Rule, key string, n int) (limit.Result, error) {
	return l.either(ctx, rule, func(by limit.Limiter) (limit.Result, error) { return by.Take(ctx, rule, key, n) })
}

// Peek is [limit.Limiter].
func (l *FallbackLimiter) Peek(ctx context.Context, rule limit.Rule, key string) (limit.Result, error) {
	return l.either(ctx, rule, func(by limit.Limiter) (limit.Result, error) { return by.Peek(ctx, rule, key) })
}

func (l *FallbackLimiter) either(ctx context.Context, rule limit.Rule, ask func(limit.Limiter) (limit.Result, error)) (limit.Result, error) {
	result, err := ask(l.shared)
	if err == nil {
		if !rule.Off() {
			l.failing.Store(false)
		}
		return result, nil
	}
	if ctx.Err() != nil {
		return limit.Result{}, err
	}
	l.fallbacks.Add(1)
	if l.failing.CompareAndSwap(false, true) {
		l.log.WarnContext(ctx, "limits are counted on this node alone", slog.Any("cause", err))
	}
	return ask(l.own)
}
