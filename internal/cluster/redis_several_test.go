package cluster_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/cluster"
	"maska/internal/cluster/clustertest"
	"maska/internal/limit"
	"maska/internal/testkit/testredis"
)

// member connects to a Cluster by one of its servers.
func member(t *testing.T, servers []*testredis.Server, prefix string) *cluster.Redis {
	t.Helper()
	addresses := make([]string, len(servers))
	for i, s := range servers {
		addresses[i] = s.Address()
	}
	redis := cluster.OpenRedis(cluster.RedisOptions{Addresses: addresses, Prefix: prefix, Log: silent})
	t.Cleanup(redis.Close)
	return redis
}

func TestAClusterPassesTheSuites(t *testing.T) {
	servers := testredis.StartCluster(t, 3)
	clustertest.RunBus(t, func(t *testing.T) (a, b clustertest.Bus) {
		prefix := testredis.Prefix()
		sharded := func(o *cluster.RedisBusOptions) { o.Sharded = true }
		return join(t, member(t, servers, prefix), "a", sharded), join(t, member(t, servers, prefix), "b", sharded)
	})
	clustertest.RunLimiter(t, func(t *testing.T, now func() time.Time) limit.Limiter {
		return cluster.NewRedisLimiter(member(t, servers, testredis.Prefix()), []byte("key")).ByClock(now)
	})
}

// Servers of a Cluster pass plain messages on to each other, so those of one channel may overtake
// each other on the way. A room's cursor puts them in order.
func TestPlainMessagesReachAllServersOfACluster(t *testing.T) {
	servers := testredis.StartCluster(t, 3)
	a, b := join(t, member(t, servers, ""), "a", nil), join(t, member(t, servers, ""), "b", nil)
	const each = 50
	var got atomic.Int32
	var cancels []func()
	for i := range 8 {
		cancels = append(cancels, b.Subscribe("room:"+strconv.Itoa(i), func([]byte) { got.Add(1) }))
	}
	for range each {
		for i := range 8 {
			if err := a.Publish(t.Context(), "room:"+strconv.Itoa(i), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	until(t, "all messages", func() bool { return got.Load() == 8*each })
	for _, cancel := range cancels {
		cancel()
	}
	until(t, "the servers to forget the channels", func() bool {
		for _, s := range servers {
			if answer, err := s.Command("PUBSUB NUMSUB room:0"); err != nil || answer != "*2" {
				t.Fatal(answer, err)
			}
			if answer, err := s.Command("PUBLISH room:0 x"); err != nil || answer != ":0" {
				return false
			}
		}
		return true
	})
}

func TestSentinelsLeadToTheNewMaster(t *testing.T) {
	master, sentinel := testredis.StartSentinels(t, "mymaster")
	connectVia := func() *cluster.Redis {
		redis := cluster.OpenRedis(cluster.RedisOptions{Addresses: []string{sentinel}, Master: "mymaster", Log: silent})
		t.Cleanup(redis.Close)
		return redis
	}
	missed := make(chan struct{}, 1)
	a := join(t, connectVia(), "a", nil)
	b := join(t, connectVia(), "b", func(o *cluster.RedisBusOptions) {
		o.Missed = func() {
			select {
			case missed <- struct{}{}:
			default:
			}
		}
	})
	var got atomic.Int32
	b.Subscribe("room:1", func([]byte) { got.Add(1) })
	reach := func() {
		t.Helper()
		before := got.Load()
		until(t, "a message", func() bool {
			_ = a.Publish(t.Context(), "room:1", []byte("x")) // refused while there is no master
			return got.Load() > before
		})
	}
	reach()
	master.Kill()
	select {
	case <-missed:
	case <-time.After(patience):
		t.Fatal("nobody said that messages may be missing")
	}
	reach()
}
