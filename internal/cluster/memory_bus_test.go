package cluster_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"maska/internal/cluster"
	"maska/internal/cluster/clustertest"
)

func TestMemoryBusPassesTheSuite(t *testing.T) {
	defer goleak.VerifyNone(t, slowToStop())
	clustertest.RunBus(t, func(t *testing.T) (a, b clustertest.Bus) {
		hub := cluster.NewHub()
		return attach(t, hub), attach(t, hub)
	})
}

func attach(t *testing.T, hub *cluster.Hub) *cluster.Node {
	t.Helper()
	node := hub.Attach()
	t.Cleanup(node.Close)
	return node
}

func TestANodeAloneHasNobodyToTell(t *testing.T) {
	node := attach(t, cluster.NewHub())
	defer node.Subscribe("room:1", func(payload []byte) { t.Errorf("got the echo %q", payload) })()
	if err := node.Publish(t.Context(), "room:1", []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestASlowNodeHoldsNobodyUpAndLosesTheRest(t *testing.T) {
	hub := cluster.NewHub()
	publisher, slow, quick := attach(t, hub), attach(t, hub), attach(t, hub)
	begun, release, handled := make(chan struct{}, 1), make(chan struct{}), 0
	slow.Subscribe("room:1", func([]byte) {
		if handled == 0 {
			begun <- struct{}{}
			<-release
		}
		handled++
	})
	received := make(chan struct{})
	quick.Subscribe("room:1", func([]byte) { received <- struct{}{} })

	const published = 3000
	for range published {
		if err := publisher.Publish(t.Context(), "room:1", []byte("x")); err != nil {
			t.Fatal(err)
		}
		<-received
	}
	<-begun
	close(release)
	slow.Close()
	if handled < 1000 || handled > 1100 {
		t.Errorf("the slow node got %d of %d, want its backlog of 1024 and the one in hand", handled, published)
	}
}

func TestANodeThatLeftPublishesAndGetsNothing(t *testing.T) {
	hub := cluster.NewHub()
	stays, leaves := attach(t, hub), attach(t, hub)
	got := 0
	leaves.Subscribe("room:1", func([]byte) { got++ })
	if err := stays.Publish(t.Context(), "room:1", []byte("before")); err != nil {
		t.Fatal(err)
	}
	leaves.Close()
	leaves.Close()
	if err := stays.Publish(t.Context(), "room:1", []byte("after")); err != nil {
		t.Fatal(err)
	}
	if got != 1 {
		t.Errorf("got %d messages, want the one before it left", got)
	}
	if err := leaves.Publish(t.Context(), "room:1", nil); !errors.Is(err, cluster.ErrClosed) {
		t.Errorf("publishing gave %v", err)
	}
}

func TestAnEndedRequestPublishesNothing(t *testing.T) {
	node := attach(t, cluster.NewHub())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := node.Publish(ctx, "room:1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("publishing gave %v", err)
	}
}
