package app

import (
	"context"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"maska/internal/account"
	"maska/internal/cluster"
	"maska/internal/errs"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/session"
	"maska/internal/vault"
)

const (
	// newsChannel carries what happened to sessions and masks to all nodes.
	newsChannel = "news"
	// publishers is how many batches may be on their way to Redis at once, each of another room.
	publishers = 8
	// unpublished is how many batches may wait for one of them.
	unpublished = 256
	// censusEvery is how often nodes tell how many people they have.
	censusEvery = 5 * time.Second
	// censusLife is how long the numbers of others hold when they cannot be renewed.
	censusLife = 15 * time.Second
	// censusAtOnce is how many numbers are told at once; they share a few writes.
	censusAtOnce = 64
)

// nodes is what this node tells the others, and what it hears from them. To the feed it is the bus.
//
// What it loses does no harm: messages are found by comparing heads, ended sessions and changed masks
// by the sweep of the sockets and the short life of cached sessions.
type nodes struct {
	bus    *cluster.RedisBus
	census *cluster.RedisCensus
	log    *slog.Logger

	feed     *realtime.Feed
	hub      *realtime.Hub
	sessions *session.Service
	vault    *vault.Vault

	mu     sync.Mutex // guards what follows, and is held to put something in line
	rooms  map[room.ID]*followed
	closed bool

	lines   [publishers]chan parcel
	sending sync.WaitGroup
	stop    chan struct{}
	running sync.WaitGroup
}

var _ realtime.Subscriber = (*nodes)(nil)

type followed struct {
	ready  chan struct{} // closed when cancel is set
	cancel func()
}

// parcel is something that waits to be published. lost is called if it cannot be.
type parcel struct {
	channel string
	payload []byte
	lost    func()
}

// news is what happened to sessions and masks. It names accounts, never a mask.
type news struct {
	Ended   []string   `json:"ended,omitempty"`
	Changed account.ID `json:"changed,omitempty"` // its mask
	Dropped account.ID `json:"dropped,omitempty"` // what is remembered of its roles and state
}

// joinNodes makes this node one of many.
func joinNodes(redis *cluster.Redis, node string, sharded bool, log *slog.Logger) *nodes {
	n := &nodes{
		census: cluster.NewRedisCensus(redis, node), log: log, rooms: map[room.ID]*followed{}, stop: make(chan struct{}),
	}
	n.bus = cluster.NewRedisBus(redis, cluster.RedisBusOptions{Node: node, Sharded: sharded, Log: log, Missed: n.missed})
	for i := range n.lines {
		n.lines[i] = make(chan parcel, unpublished)
		n.sending.Go(func() { n.send(n.lines[i]) })
	}
	return n
}

// serve begins to hear the others.
func (n *nodes) serve(feed *realtime.Feed, hub *realtime.Hub, sessions *session.Service, keys *vault.Vault) {
	n.mu.Lock()
	n.feed, n.hub, n.sessions, n.vault = feed, hub, sessions, keys
	n.mu.Unlock()
	n.bus.Subscribe(newsChannel, n.hear)
	n.running.Go(n.count)
}

// close publishes what waits, and leaves.
func (n *nodes) close() {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return
	}
	n.closed = true
	for _, line := range n.lines {
		close(line)
	}
	close(n.stop)
	n.mu.Unlock()
	n.sending.Wait()
	n.running.Wait()
	n.bus.Close()
}

// missed runs when the bus may have lost something.
func (n *nodes) missed() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.feed != nil {
		n.feed.Recheck()
	}
}

// Publish is [realtime.Bus]. Batches of one room leave in order.
func (n *nodes) Publish(id room.ID, batch []byte) {
	lost := func() { n.feed.Unsent(id) }
	if !n.enqueue(uint64(id)%publishers, parcel{channelOf(id), batch, lost}) { //nolint:gosec // ids are positive
		lost()
	}
}

func channelOf(id room.ID) string { return "room:" + strconv.FormatInt(int64(id), 10) }

// Follow is [realtime.Subscriber].
func (n *nodes) Follow(id room.ID) {
	n.mu.Lock()
	f := n.rooms[id]
	first := f == nil
	if first {
		f = &followed{ready: make(chan struct{})}
		n.rooms[id] = f
	}
	n.mu.Unlock()
	if !first {
		<-f.ready
		return
	}
	f.cancel = n.bus.Subscribe(channelOf(id), n.receive)
	close(f.ready)
}

// Unfollow is [realtime.Subscriber].
func (n *nodes) Unfollow(id room.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.rooms[id]
	delete(n.rooms, id)
	if f != nil && !n.closed {
		n.running.Go(func() {
			<-f.ready
			f.cancel()
		})
	}
}

// Down is [realtime.Subscriber].
func (n *nodes) Down() bool { return n.bus.Down() }

// Ping tells whether this node hears the others.
func (n *nodes) Ping(context.Context) error {
	if n.Down() {
		return cluster.ErrDown
	}
	return nil
}

func (n *nodes) receive(batch []byte) {
	if err := n.feed.Receive(batch); err != nil {
		n.log.Warn("a batch of another node was dropped", slog.Any("cause", err))
	}
}

// tell lets the other nodes know what happened to sessions and masks.
func (n *nodes) tell(what news) {
	text, err := json.Marshal(what)
	if err != nil {
		n.log.Error("news could not be encoded", slog.Any("cause", err))
		return
	}
	lost := func() { n.log.Warn("other nodes could not be told of a session; their sweep will find it") }
	if !n.enqueue(0, parcel{newsChannel, text, lost}) {
		lost()
	}
}

func (n *nodes) hear(text []byte) {
	var what news
	if err := json.Unmarshal(text, &what); err != nil {
		n.log.Warn("news of another node were dropped", slog.Any("cause", err))
		return
	}
	n.sessions.Forget(what.Ended)
	for _, id := range what.Ended {
		n.hub.Revoked(id, errs.SessionRevoked)
	}
	if what.Dropped != 0 {
		n.sessions.DropAccount(what.Dropped)
	}
	if what.Changed != 0 {
		n.sessions.DropAccount(what.Changed)
		n.hub.MaskChanged(n.vault.LimitKey(int64(what.Changed)))
	}
}

// enqueue reports false if nothing more fits.
func (n *nodes) enqueue(line uint64, p parcel) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	select {
	case n.lines[line] <- p:
		return true
	default:
		return false
	}
}

func (n *nodes) send(line <-chan parcel) {
	for p := range line {
		if err := n.bus.Publish(context.Background(), p.channel, p.payload); err != nil {
			p.lost()
		}
	}
}

// count tells the others now and then how many people are here, and learns how many are elsewhere.
func (n *nodes) count() {
	ticker := time.NewTicker(censusEvery)
	defer ticker.Stop()
	told := crowds{}
	for {
		told = n.exchange(told, n.feed.Crowds())
		select {
		case <-n.stop:
			n.exchange(told, nil)
			return
		case <-ticker.C:
		}
	}
}

// crowds says of rooms when the others were told last how many people are here.
type crowds map[room.ID]time.Time

// exchange tells the numbers of this node, and 0 for rooms that have none any more.
func (n *nodes) exchange(told crowds, here map[room.ID]int) crowds {
	numbers := maps.Clone(here)
	if numbers == nil {
		numbers = map[room.ID]int{}
	}
	for id := range told {
		numbers[id] += 0
	}
	var mu sync.Mutex
	now := crowds{}
	var exchanging errgroup.Group
	exchanging.SetLimit(censusAtOnce)
	for id, count := range numbers {
		exchanging.Go(func() error {
			all, err := n.census.Tell(context.Background(), channelOf(id), count)
			at := told[id]
			switch {
			case err == nil:
				at = time.Now()
				n.feed.Elsewhere(id, all-count)
			case time.Since(at) > censusLife:
				n.feed.Elsewhere(id, 0)
			}
			mu.Lock()
			defer mu.Unlock()
			if _, still := here[id]; still || err != nil && time.Since(at) <= censusLife {
				now[id] = at
			}
			return nil
		})
	}
	_ = exchanging.Wait() // nothing fails: what could not be told is told the next time
	return now
}
