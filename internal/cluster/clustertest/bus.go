package clustertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Bus is the bus of package cluster, where its promise is written.
type Bus interface {
	Publish(ctx context.Context, channel string, payload []byte) error
	Subscribe(channel string, handle func(payload []byte)) (cancel func())
}

// patience is how long the suite waits for a message before it calls it lost.
const patience = 10 * time.Second

// RunBus runs the suite. start returns two nodes of one bus that nobody else uses.
func RunBus(t *testing.T, start func(t *testing.T) (a, b Bus)) {
	t.Run("brings every message once, in order, unchanged", func(t *testing.T) {
		a, b := start(t)
		got := listen(t, b, "room:1")
		var want []string
		for i := range 500 {
			want = append(want, fmt.Sprintf("%d \x00\xff %s", i, bytes.Repeat([]byte("x"), i)))
			publish(t, a, "room:1", want[i])
		}
		got.exactly(t, want...)
	})

	t.Run("gives no node its own echo", func(t *testing.T) {
		a, b := start(t)
		atA, atB := listen(t, a, "room:1"), listen(t, b, "room:1")
		publish(t, a, "room:1", "from a")
		publish(t, b, "room:1", "from b")
		atB.exactly(t, "from a")
		atA.exactly(t, "from b")
	})

	t.Run("keeps channels apart", func(t *testing.T) {
		a, b := start(t)
		one, two := listen(t, b, "room:1"), listen(t, b, "room:10")
		publish(t, a, "room:1", "1")
		publish(t, a, "room:10", "10")
		publish(t, a, "room:", "none")
		publish(t, a, "room:*", "no pattern")
		publish(t, a, "room:1", "1 again")
		one.exactly(t, "1", "1 again")
		two.exactly(t, "10")
	})

	t.Run("serves each subscription of a channel", func(t *testing.T) {
		a, b := start(t)
		first, second := listen(t, b, "room:1"), listen(t, b, "room:1")
		publish(t, a, "room:1", "x")
		first.exactly(t, "x")
		second.exactly(t, "x")
		first.cancel()
		publish(t, a, "room:1", "y")
		second.exactly(t, "x", "y")
		first.exactly(t, "x")
	})

	t.Run("ends with cancel, from anywhere and as often as one likes", func(t *testing.T) {
		a, b := start(t)
		witness := listen(t, b, "room:1")
		once := &inbox{}
		ready := make(chan struct{})
		cancel := b.Subscribe("room:1", func(payload []byte) {
			<-ready
			once.cancel()
			once.add(payload)
		})
		once.cancel = cancel
		close(ready)
		publish(t, a, "room:1", "first")
		publish(t, a, "room:1", "second")
		witness.exactly(t, "first", "second")
		once.exactly(t, "first")
		cancel()
		cancel()
		again := listen(t, b, "room:1")
		publish(t, a, "room:1", "third")
		again.exactly(t, "third")
		once.exactly(t, "first")
	})

	t.Run("lets a handle publish and subscribe", func(t *testing.T) {
		a, b := start(t)
		answers := listen(t, a, "answers")
		defer b.Subscribe("questions", func(payload []byte) {
			b.Subscribe("later", func([]byte) {})()
			publish(t, b, "answers", "re: "+string(payload))
		})()
		publish(t, a, "questions", "who?")
		answers.exactly(t, "re: who?")
	})

	t.Run("keeps the order of each of many publishers", func(t *testing.T) {
		a, b := start(t)
		var want []string
		boxes := make([]*inbox, 8)
		for i := range boxes {
			boxes[i] = listen(t, b, "room:"+strconv.Itoa(i))
		}
		for i := range 100 {
			want = append(want, strconv.Itoa(i))
		}
		var all sync.WaitGroup
		for i := range boxes {
			all.Go(func() {
				for _, text := range want {
					publish(t, a, "room:"+strconv.Itoa(i), text)
				}
			})
		}
		all.Wait()
		for _, box := range boxes {
			box.exactly(t, want...)
		}
	})
}

func publish(t *testing.T, bus Bus, channel, payload string) {
	t.Helper()
	if err := bus.Publish(t.Context(), channel, []byte(payload)); err != nil {
		t.Error(err)
	}
}

// inbox keeps what a subscription got.
type inbox struct {
	cancel func()

	mu      sync.Mutex
	got     []string
	changed chan struct{} // closed and replaced at every message
}

func listen(t *testing.T, bus Bus, channel string) *inbox {
	t.Helper()
	box := &inbox{}
	box.cancel = bus.Subscribe(channel, box.add)
	t.Cleanup(box.cancel)
	return box
}

func (b *inbox) add(payload []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, string(payload))
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

func (b *inbox) read() (got []string, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return slices.Clone(b.got), b.changed
}

// exactly waits for as many messages as are wanted, which must be these.
func (b *inbox) exactly(t *testing.T, want ...string) {
	t.Helper()
	lost := time.After(patience)
	for {
		got, changed := b.read()
		if len(got) >= len(want) {
			if !slices.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			return
		}
		select {
		case <-changed:
		case <-lost:
			t.Fatalf("got %d messages in %v, want %d: %q", len(got), patience, len(want), got)
		}
	}
}
