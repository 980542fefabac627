package cluster

import "time"

// ByClock makes a limiter go by a clock of the test's.
func (l *RedisLimiter) ByClock(now func() time.Time) *RedisLimiter {
	l.now = now
	return l
}
