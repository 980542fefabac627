package cluster_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"maska/internal/cluster"
	"maska/internal/cluster/clustertest"
	"maska/internal/limit"
	"maska/internal/testkit/testredis"
)

var silent = slog.New(slog.DiscardHandler)

// shared connects to the server that all tests share.
func shared(t testing.TB, prefix string) *cluster.Redis {
	t.Helper()
	return connect(t, strings.TrimPrefix(testredis.URL(t), "redis://"), prefix)
}

func connect(t testing.TB, address, prefix string) *cluster.Redis {
	t.Helper()
	redis := cluster.OpenRedis(cluster.RedisOptions{Addresses: []string{address}, Prefix: prefix, Log: silent})
	t.Cleanup(redis.Close)
	return redis
}

func join(t testing.TB, redis *cluster.Redis, node string, change func(*cluster.RedisBusOptions)) *cluster.RedisBus {
	t.Helper()
	options := cluster.RedisBusOptions{Node: node, Log: silent}
	if change != nil {
		change(&options)
	}
	bus := cluster.NewRedisBus(redis, options)
	t.Cleanup(bus.Close)
	return bus
}

func TestRedisBusPassesTheSuite(t *testing.T) {
	for name, sharded := range map[string]bool{"plain": false, "sharded": true} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t, slowToStop()) })
			clustertest.RunBus(t, func(t *testing.T) (a, b clustertest.Bus) {
				prefix := testredis.Prefix()
				how := func(o *cluster.RedisBusOptions) { o.Sharded = sharded }
				return join(t, shared(t, prefix), "a", how), join(t, shared(t, prefix), "b", how)
			})
		})
	}
}

func TestRedisLimiterPassesTheSuite(t *testing.T) {
	clustertest.RunLimiter(t, func(t *testing.T, now func() time.Time) limit.Limiter {
		return cluster.NewRedisLimiter(shared(t, testredis.Prefix()), []byte("key")).ByClock(now)
	})
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// until waits for something that a bus or a connection knows by itself.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestAfterAKillTheBusSaysThatMessagesMayBeMissing(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t, slowToStop()) })
	server := testredis.Start(t)
	missed := make(chan struct{}, 1)
	a := join(t, connect(t, server.Address(), ""), "a", nil)
	b := join(t, connect(t, server.Address(), ""), "b", func(o *cluster.RedisBusOptions) {
		o.Missed = func() {
			select {
			case missed <- struct{}{}:
			default:
			}
		}
	})
	got := make(chan string, 16)
	defer b.Subscribe("room:1", func(payload []byte) { got <- string(payload) })()
	publish := func(text string) error { return a.Publish(t.Context(), "room:1", []byte(text)) }
	receive := func(want string) {
		t.Helper()
		select {
		case text := <-got:
			if text != want {
				t.Fatalf("got %q, want %q", text, want)
			}
		case <-time.After(patience):
			t.Fatalf("%q did not come", want)
		}
	}
	if err := publish("before"); err != nil {
		t.Fatal(err)
	}
	receive("before")
	if b.Down() || len(missed) > 0 {
		t.Fatal("a bus that has missed nothing says so")
	}

	server.Kill()
	until(t, "both to notice", func() bool { return a.Down() && b.Down() })
	began := time.Now()
	if err := publish("lost"); !errors.Is(err, cluster.ErrDown) || time.Since(began) > time.Second {
		t.Errorf("publishing to a dead server: %v after %v", err, time.Since(began))
	}
	// Without Redis a subscription is taken all the same, and comes to life with it.
	defer b.Subscribe("room:2", func(payload []byte) { got <- string(payload) })()
	if time.Since(began) > time.Second {
		t.Errorf("a dead server held up a subscription for %v", time.Since(began))
	}

	server.Run()
	select {
	case <-missed:
	case <-time.After(patience):
		t.Fatal("nobody said that messages may be missing")
	}
	until(t, "the bus", func() bool { return !a.Down() && !b.Down() })
	if err := publish("after"); err != nil {
		t.Fatal(err)
	}
	receive("after")
	if err := a.Publish(t.Context(), "room:2", []byte("new")); err != nil {
		t.Fatal(err)
	}
	receive("new")
}

func TestAServerThatHangsHoldsNobodyUp(t *testing.T) {
	server := testredis.Start(t)
	redis := connect(t, server.Address(), "")
	bus := join(t, redis, "a", nil)
	server.Signal(syscall.SIGSTOP)
	defer server.Signal(syscall.SIGCONT)
	began := time.Now()
	if err := bus.Publish(t.Context(), "room:1", []byte("x")); err == nil {
		t.Error("a server that hangs took a message")
	}
	until(t, "the connection to notice", func() bool { return redis.Ping(t.Context()) != nil })
	if passed := time.Since(began); passed > 5*time.Second {
		t.Errorf("it took %v", passed)
	}
	began = time.Now()
	for range 1000 {
		if err := bus.Publish(t.Context(), "room:1", []byte("x")); !errors.Is(err, cluster.ErrDown) {
			t.Fatalf("publishing gave %v", err)
		}
	}
	if passed := time.Since(began); passed > time.Second {
		t.Errorf("1000 refusals took %v", passed)
	}
}

func TestANodeThatStartsWithoutRedisFindsItLater(t *testing.T) {
	server := testredis.Start(t)
	server.Kill()
	a, b := connect(t, server.Address(), ""), connect(t, server.Address(), "")
	if a.Ping(t.Context()) == nil {
		t.Fatal("a dead server answers")
	}
	var got atomic.Int32
	defer join(t, b, "b", nil).Subscribe("room:1", func([]byte) { got.Add(1) })()
	server.Run()
	bus := join(t, a, "a", nil)
	until(t, "a message", func() bool {
		if err := bus.Publish(t.Context(), "room:1", []byte("x")); err != nil && !errors.Is(err, cluster.ErrDown) {
			t.Fatal(err)
		}
		return got.Load() > 0
	})
}

func TestASlowHandleLosesMessagesAndHearsOfIt(t *testing.T) {
	prefix := testredis.Prefix()
	redis := shared(t, prefix)
	missed := make(chan struct{}, 1)
	slow := join(t, redis, "slow", func(o *cluster.RedisBusOptions) {
		o.Missed = func() {
			select {
			case missed <- struct{}{}:
			default:
			}
		}
	})
	release := make(chan struct{})
	slow.Subscribe("room:1", func([]byte) { <-release })
	defer close(release)
	quick := join(t, redis, "quick", nil)
	received := make(chan struct{}, 1)
	quick.Subscribe("room:1", func([]byte) { received <- struct{}{} })
	publisher := join(t, redis, "publisher", nil)
	for range 1500 {
		if err := publisher.Publish(t.Context(), "room:1", []byte("x")); err != nil {
			t.Fatal(err)
		}
		<-received
	}
	select {
	case <-missed:
	case <-time.After(patience):
		t.Fatal("nobody said that messages were lost")
	}
	if slow.Lost() == 0 || quick.Lost() != 0 {
		t.Errorf("lost: %d by the slow node, %d by the quick one", slow.Lost(), quick.Lost())
	}
}

func TestLeavingAChannelTellsRedis(t *testing.T) {
	for name, sharded := range map[string]bool{"plain": false, "sharded": true} {
		t.Run(name, func(t *testing.T) {
			server := testredis.Start(t)
			bus := join(t, connect(t, server.Address(), ""), "a", func(o *cluster.RedisBusOptions) { o.Sharded = sharded })
			listeners := func() string {
				command := "PUBLISH room:1 x"
				if sharded {
					command = "S" + command
				}
				answer, err := server.Command(command)
				if err != nil {
					t.Fatal(err)
				}
				return answer
			}
			for range 3 {
				cancel := bus.Subscribe("room:1", func([]byte) {})
				if got := listeners(); got != ":1" {
					t.Fatalf("subscribed: %s listeners", got)
				}
				cancel()
				until(t, "Redis to forget the channel", func() bool { return listeners() == ":0" })
			}
			if bus.Down() {
				t.Error("a channel that was left is missed")
			}
		})
	}
}

var tries = limit.Rule{Name: "tries", Max: 3, Per: time.Hour}

func TestLimitsCountAcrossNodesAndGoByTheClockOfRedis(t *testing.T) {
	prefix := testredis.Prefix()
	a := cluster.NewRedisLimiter(shared(t, prefix), []byte("key"))
	b := cluster.NewRedisLimiter(shared(t, prefix), []byte("key"))
	for i, l := range []limit.Limiter{a, b, a} {
		if got, err := l.Take(t.Context(), tries, "someone", 1); err != nil || !got.Allowed || got.Remaining != 2-i {
			t.Fatalf("use %d: %+v %v", i+1, got, err)
		}
	}
	got, err := b.Take(t.Context(), tries, "someone", 1)
	if err != nil || got.Allowed || got.RetryAfter < 19*time.Minute || got.RetryAfter > 20*time.Minute {
		t.Errorf("the fourth: %+v %v", got, err)
	}
	short := limit.Rule{Name: "short", Max: 1, Per: 50 * time.Millisecond}
	if got, err := a.Take(t.Context(), short, "someone", 1); err != nil || !got.Allowed {
		t.Fatalf("%+v %v", got, err)
	}
	until(t, "time to give it back", func() bool {
		got, err := b.Take(t.Context(), short, "someone", 1)
		return err == nil && got.Allowed
	})
}

func TestRedisHoldsNobodysNameAndForgetsUses(t *testing.T) {
	server := testredis.Start(t)
	l := cluster.NewRedisLimiter(connect(t, server.Address(), ""), []byte("key"))
	if _, err := l.Take(t.Context(), tries, "7400000001", 1); err != nil {
		t.Fatal(err)
	}
	if got, err := server.Command("EVAL \"return #redis.call('KEYS','*7400000001*')\" 0"); got != ":0" || err != nil {
		t.Errorf("%s keys name the person (%v)", got, err)
	}
	if got, err := server.Command("EVAL \"return redis.call('PTTL',redis.call('KEYS','*')[1])\" 0"); err != nil || len(got) != len(":1199990") || got > ":1200000" {
		t.Errorf("the key lives for %s ms (%v), want the 20 minutes until it says nothing", got, err)
	}
}

func TestWithoutRedisLimitsCountOnTheNodeAndThatIsSaidOnce(t *testing.T) {
	server := testredis.Start(t)
	redis := connect(t, server.Address(), "")
	var log lines
	l := cluster.NewFallbackLimiter(cluster.NewRedisLimiter(redis, []byte("key")), cluster.NewMemoryLimiter(time.Now, 16), slog.New(slog.NewTextHandler(&log, nil)))
	allowed := func() (n int) {
		for range 10 {
			got, err := l.Take(t.Context(), tries, "someone", 1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Allowed {
				n++
			}
		}
		return n
	}
	if n := allowed(); n != 3 || l.Fallbacks() != 0 {
		t.Errorf("with Redis: %d allowed, %d fallbacks", n, l.Fallbacks())
	}
	server.Kill()
	if n := allowed(); n != 3 || l.Fallbacks() != 10 {
		t.Errorf("without Redis: %d allowed, %d fallbacks", n, l.Fallbacks())
	}
	if said := strings.Count(log.String(), "this node alone"); said != 1 {
		t.Errorf("said %d times:\n%s", said, log.String())
	}
	server.Run()
	until(t, "Redis", func() bool { // a connection that was cut is found out by a use
		before := l.Fallbacks()
		_, err := l.Peek(t.Context(), tries, "someone")
		return err == nil && l.Fallbacks() == before
	})
	before := l.Fallbacks()
	if n := allowed(); n != 3 || l.Fallbacks() > before+1 {
		t.Errorf("with a Redis that lost everything: %d allowed, %d fallbacks", n, l.Fallbacks()-before)
	}
	if got, err := l.Take(t.Context(), tries.Scale(0), "someone", 1000); err != nil || !got.Allowed {
		t.Errorf("a rule that is off: %+v %v", got, err)
	}
}

func TestACensusAddsUpTheNodesThatLive(t *testing.T) {
	prefix := testredis.Prefix()
	a, b := cluster.NewRedisCensus(shared(t, prefix), "a"), cluster.NewRedisCensus(shared(t, prefix), "b")
	for _, step := range []struct {
		census    *cluster.RedisCensus
		what      string
		here, sum int
	}{
		{a, "room:1", 7, 7},
		{b, "room:1", 5, 12},
		{b, "room:2", 1, 1},
		{a, "room:1", 2, 7},
		{b, "room:1", 0, 2},
		{a, "room:1", 0, 0},
	} {
		got, err := step.census.Tell(t.Context(), step.what, step.here)
		if err != nil || got != step.sum {
			t.Errorf("%d in %s: %d everywhere (%v), want %d", step.here, step.what, got, err, step.sum)
		}
	}
}

func TestTheCountOfANodeThatDiedIsForgotten(t *testing.T) {
	server := testredis.Start(t)
	census := cluster.NewRedisCensus(connect(t, server.Address(), ""), "lives")
	// A node that told its count, and another that did so 15 seconds ago.
	if answer, err := server.Command("HSET census:room:1 fresh 5:99999999999999 dead 5:1000000000000"); err != nil || answer != ":2" {
		t.Fatal(answer, err)
	}
	if got, err := census.Tell(t.Context(), "room:1", 1); err != nil || got != 6 {
		t.Errorf("%d everywhere (%v), want 6", got, err)
	}
	if answer, err := server.Command("HEXISTS census:room:1 dead"); err != nil || answer != ":0" {
		t.Errorf("the dead node is still counted: %s %v", answer, err)
	}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// slowToStop is a goroutine of the Redis client that sleeps for five seconds whatever happens, also
// after a client of a Cluster was closed.
func slowToStop() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2")
}
