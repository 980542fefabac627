package cluster

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	// subscribeLimit bounds how long Subscribe waits for Redis to confirm it.
	subscribeLimit = time.Second
	// backlogBytes bounds the memory of messages that wait for their handles; more are lost.
	backlogBytes = 16 << 20
	retryPause   = 50 * time.Millisecond // after a subscription was cut off
	refusedPause = 2 * time.Second       // after Redis did not want it
)

// RedisBusOptions say how the bus uses Redis.
type RedisBusOptions struct {
	// Node is this node's name, different from all others'. It may not hold a space.
	Node string
	// Sharded sends a message to the one server of a Cluster that holds the channel's slot, instead of
	// to all servers. It needs Redis 7.
	Sharded bool
	// Missed is called when messages may have been lost: a subscription was interrupted and is there
	// again, or messages came faster than they were handled. It must be quick.
	Missed func()
	Log    *slog.Logger
}

// RedisBus is the bus over Redis pub/sub. It is a [Bus].
//
// Redis forgets a message that nobody listens to at that moment, also one whose Publish returned no
// error, and tells nobody. What the bus can tell is when that may have happened: see Missed and Down.
type RedisBus struct {
	RedisBusOptions
	redis *Redis

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	waiting chan message
	bytes   atomic.Int64 // of what waits
	missing atomic.Int64 // subscriptions that Redis has not confirmed
	lost    atomic.Uint64

	mu       sync.Mutex // guards what follows, and is held to start goroutines
	closed   bool
	channels map[string]*redisChannel
}

var _ Bus = (*RedisBus)(nil)

// redisChannel is a channel that this node listens to.
type redisChannel struct {
	name     string
	handlers []*subscription // guarded by the bus; never changed in place
	left     atomic.Bool
	active   atomic.Bool // Redis has confirmed it
	cancel   context.CancelFunc
	ready    chan struct{} // closed at the first confirmation
	done     chan struct{} // closed when Redis has been told to stop
}

// NewRedisBus makes a bus; end it with Close before the Redis.
func NewRedisBus(redis *Redis, options RedisBusOptions) *RedisBus {
	b := &RedisBus{
		RedisBusOptions: options, redis: redis,
		waiting: make(chan message, backlog), channels: map[string]*redisChannel{},
	}
	if b.Missed == nil {
		b.Missed = func() {}
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.running.Go(b.deliver)
	return b
}

// Close leaves the bus. Nothing is handled after it returns, so it must not be called from a handle.
func (b *RedisBus) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.running.Wait()
}

// Down reports whether messages of other nodes may be missing just now.
func (b *RedisBus) Down() bool {
	_, up, _ := b.redis.state()
	return !up || b.missing.Load() > 0
}

// Lost is how many messages were dropped because they came faster than they were handled.
func (b *RedisBus) Lost() uint64 { return b.lost.Load() }

// Publish is [Bus]. With an error it is not known whether the message was sent.
func (b *RedisBus) Publish(ctx context.Context, channel string, payload []byte) error {
	if b.ctx.Err() != nil {
		return ErrClosed
	}
	var text strings.Builder
	text.Grow(len(b.Node) + 1 + len(payload))
	text.WriteString(b.Node)
	text.WriteByte(' ')
	text.Write(payload)
	name := b.redis.name(channel)
	return b.redis.do(ctx, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		if b.Sharded {
			return c.Do(ctx, c.B().Spublish().Channel(name).Message(text.String()).Build())
		}
		return c.Do(ctx, c.B().Publish().Channel(name).Message(text.String()).Build())
	}).Error()
}

// Subscribe is [Bus]. If Redis does not confirm it in time it returns all the same, and Down is true
// until it does.
func (b *RedisBus) Subscribe(channel string, handle func(payload []byte)) (cancel func()) {
	s := &subscription{handle}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return func() {}
	}
	c := b.channels[channel]
	if c == nil || c.left.Load() {
		c = b.open(channel, c)
	}
	c.handlers = append(slices.Clip(c.handlers), s)
	b.mu.Unlock()
	b.awaitReady(c)
	return func() { b.unsubscribe(c, s) }
}

// open begins to listen to a channel, after a former subscription has ended.
func (b *RedisBus) open(name string, former *redisChannel) *redisChannel {
	c := &redisChannel{name: name, ready: make(chan struct{}), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(b.ctx)
	c.cancel = cancel
	b.channels[name] = c
	b.missing.Add(1)
	b.running.Go(func() {
		if former != nil {
			<-former.done
		}
		b.listen(ctx, c)
	})
	return c
}

func (b *RedisBus) awaitReady(c *redisChannel) {
	if _, up, _ := b.redis.state(); !up {
		return
	}
	limit := time.NewTimer(subscribeLimit)
	defer limit.Stop()
	select {
	case <-c.ready:
	case <-limit.C:
	case <-b.ctx.Done():
	}
}

func (b *RedisBus) unsubscribe(c *redisChannel, s *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.handlers = slices.DeleteFunc(slices.Clone(c.handlers), func(other *subscription) bool { return other == s })
	if len(c.handlers) == 0 && !b.closed && c.left.CompareAndSwap(false, true) {
		b.running.Go(func() { b.leave(c) })
	}
}

// leave ends the subscription at Redis, which makes listen return. Should the subscription have come
// after that, nobody listens to what Redis sends until the connection ends: it costs its bytes only.
func (b *RedisBus) leave(c *redisChannel) {
	defer close(c.done)
	defer c.cancel()
	clients, up, _ := b.redis.state()
	if !up {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, commandLimit)
	defer cancel()
	name := b.redis.name(c.name)
	on := map[string]rueidis.Client{"": clients.messages}
	if !b.Sharded && clients.messages.Mode() == rueidis.ClientModeCluster {
		on = clients.messages.Nodes() // any of them may be the one that the client chose to subscribe at
	}
	for _, client := range on {
		var err error
		if b.Sharded {
			err = client.Do(ctx, client.B().Sunsubscribe().Channel(name).Build()).Error()
		} else {
			err = client.Do(ctx, client.B().Unsubscribe().Channel(name).Build()).Error()
		}
		if err != nil && b.ctx.Err() == nil {
			b.Log.Debug("a channel could not be left", slog.Any("cause", err))
		}
	}
}

// listen subscribes to a channel until it is left, as often as Redis comes back.
func (b *RedisBus) listen(ctx context.Context, c *redisChannel) {
	defer b.forget(c)
	hooked := rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if !strings.HasSuffix(s.Kind, "unsubscribe") {
			b.confirmed(c)
		}
	})
	for ctx.Err() == nil && !c.left.Load() {
		clients := b.redis.await(ctx)
		if clients == nil {
			return
		}
		err := clients.messages.Receive(hooked, b.subscribe(clients.messages, c), func(m rueidis.PubSubMessage) {
			b.take(c.name, m.Message)
		})
		if ctx.Err() != nil || c.left.Load() {
			return
		}
		if c.active.CompareAndSwap(true, false) {
			b.missing.Add(1)
		}
		b.interrupted(ctx, err)
	}
}

// confirmed runs on the connection's reader.
func (b *RedisBus) confirmed(c *redisChannel) {
	if !c.active.CompareAndSwap(false, true) {
		return
	}
	b.missing.Add(-1)
	select {
	case <-c.ready:
		b.Missed()
	default:
		close(c.ready)
	}
}

func (b *RedisBus) forget(c *redisChannel) {
	if !c.active.Load() {
		b.missing.Add(-1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.channels[c.name] == c {
		delete(b.channels, c.name)
	}
}

// interrupted waits a moment before a subscription is tried again.
func (b *RedisBus) interrupted(ctx context.Context, err error) {
	pause := retryPause
	if _, refused := rueidis.IsRedisErr(err); refused {
		pause = refusedPause
		b.Log.Warn("redis refuses a subscription", slog.Any("cause", err))
	} else {
		b.redis.suspect()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (b *RedisBus) subscribe(c rueidis.Client, to *redisChannel) rueidis.Completed {
	name := b.redis.name(to.name)
	if b.Sharded {
		return c.B().Ssubscribe().Channel(name).Build()
	}
	return c.B().Subscribe().Channel(name).Build()
}

// take puts a message in line. It never waits: behind it stands the reader of the connection.
func (b *RedisBus) take(channel, text string) {
	from, payload, _ := strings.Cut(text, " ")
	if from == b.Node {
		return
	}
	if b.bytes.Add(int64(len(payload))) <= backlogBytes {
		select {
		case b.waiting <- message{channel, []byte(payload)}:
			return
		default:
		}
	}
	b.bytes.Add(-int64(len(payload)))
	if b.lost.Add(1)%backlog == 1 {
		b.Log.Warn("messages of other nodes come faster than they are handled; they are read from the database")
	}
	b.Missed()
}

func (b *RedisBus) deliver() {
	for {
		select {
		case <-b.ctx.Done():
			return
		case m := <-b.waiting:
			b.bytes.Add(-int64(len(m.payload)))
			for _, s := range b.listeners(m.channel) {
				s.handle(m.payload)
			}
		}
	}
}

func (b *RedisBus) listeners(channel string) []*subscription {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.channels[channel]; c != nil {
		return c.handlers
	}
	return nil
}
