package realtime_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/store"
	"maska/internal/testkit"
	"maska/internal/vault"
	"maska/socketio"
)

var dice = random.New(rand.Reader)

// people are the sessions of a test: whoever has a token is somebody.
type people struct {
	db *store.Store

	mu     sync.Mutex
	tokens map[string]realtime.Identity
	ended  map[string]errs.Code // sessions
	masks  map[vault.Tag]profile.Actor
	down   bool
}

func newPeople(db *store.Store) *people {
	return &people{db: db, tokens: map[string]realtime.Identity{}, ended: map[string]errs.Code{}, masks: map[vault.Tag]profile.Actor{}}
}

func (p *people) Authenticate(_ context.Context, token string) (realtime.Identity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	identity, ok := p.tokens[token]
	switch {
	case p.down:
		return realtime.Identity{}, errs.New(errs.Unavailable)
	case !ok:
		return realtime.Identity{}, errs.New(errs.TokenInvalid)
	}
	identity.Actor = p.masks[identity.Actor.LimitKey]
	return identity, nil
}

func (p *people) Standings(_ context.Context, identities []realtime.Identity) ([]realtime.Standing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return nil, errors.New("the sessions cannot be read")
	}
	standings := make([]realtime.Standing, len(identities))
	for i, identity := range identities {
		standings[i] = realtime.Standing{Ended: p.ended[identity.Session], Actor: p.masks[identity.Actor.LimitKey]}
	}
	return standings, nil
}

// person is an account with a mask and a token.
type person struct {
	token, session string
	key            vault.Tag
	profile        profile.Profile
}

// arrive makes somebody new.
func (p *people) arrive(t testing.TB) person {
	t.Helper()
	who := person{key: vault.Tag(dice.Bytes(32))}
	p.newMask(t, &who)
	p.sign(&who, time.Hour)
	return who
}

// newMask gives a person another mask.
func (p *people) newMask(t testing.TB, who *person) {
	t.Helper()
	id := profile.ID(dice.ID())
	name := fmt.Sprintf("Mask %d", id)
	ok, err := p.db.Profiles().Insert(t.Context(), profile.Row{
		ID: id, OwnerTag: vault.Tag(dice.Bytes(32)), Escrow: []byte{1}, Nickname: name, NicknameKey: name, Seed: "s", Color: 3,
		Day: profile.DayOf(time.Now()),
	})
	if err != nil || !ok {
		t.Fatalf("insert a mask: %v, %v", ok, err)
	}
	who.profile = profile.Profile{ID: id, Nickname: name, Color: 3, CreatedDay: profile.DayOf(time.Now()).Time()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.masks[who.key] = profile.Actor{Profile: who.profile, Role: profile.RoleUser, LimitKey: who.key}
}

// sign gives a person another session and token.
func (p *people) sign(who *person, life time.Duration) {
	who.token, who.session = dice.Letters(12), dice.Letters(12)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[who.token] = realtime.Identity{
		Session: who.session, Actor: profile.Actor{LimitKey: who.key}, ExpiresAt: time.Now().Add(life),
	}
}

// actor is a person as the chat knows him.
func (p *people) actor(who person) profile.Actor {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.masks[who.key]
}

func draftOf(t testing.TB, content string) message.Draft {
	t.Helper()
	d, err := message.NewDraft(message.Proposal{Room: room.Global, Content: content})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (p *people) end(session string, code errs.Code) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[session] = code
}

func (p *people) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// clock is the real one, and can be put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(by time.Duration) { c.ahead.Add(int64(by)) }

type settings struct {
	db        *store.Store
	people    *people
	bus       realtime.Bus
	timing    realtime.Timing
	limiter   message.Limiter
	unlimited bool
}

// chat is one node.
type chat struct {
	*people
	url    string
	clock  *clock
	db     *store.Store
	feed   *realtime.Feed
	hub    *realtime.Hub
	sender *message.Sender
	rooms  *room.Service
	server *socketio.Server
}

type nobodyLimits struct{}

func (nobodyLimits) Take(context.Context, string) (time.Duration, error) { return 0, nil }

var _ message.Limiter = limit.Bound{}

func newChat(t testing.TB, change func(*settings)) *chat {
	t.Helper()
	s := settings{bus: realtime.NoBus{}, limiter: nobodyLimits{}}
	s.timing.Tick = 5 * time.Millisecond
	if change != nil {
		change(&s)
	}
	if s.db == nil {
		s.db = testkit.SQLite(t).Store
	}
	if s.people == nil {
		s.people = newPeople(s.db)
	}
	c := &chat{people: s.people, clock: &clock{}, db: s.db}
	global, err := room.EnsureGlobal(t.Context(), s.db, dice, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if c.server, err = socketio.New(socketio.Config{MaxPayload: 64 << 10, MaxUnjoinedPerIP: -1}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	ns := c.server.Namespace("/")
	history := message.NewHistory(s.db)
	c.feed = realtime.NewFeed(realtime.FeedConfig{Audience: ns, History: history, Bus: s.bus, Now: c.clock.now, Log: log, Timing: s.timing})
	c.sender = message.NewSender(message.Config{
		Store: s.db, Limiter: s.limiter, Publisher: c.feed, DraftKey: []byte("key"), Random: dice, Now: c.clock.now, Log: log, Leaders: 1,
	})
	c.rooms = room.NewService(room.Config{Store: s.db, Limiter: nobodyLimits{}, Publisher: c.feed, Random: dice, Now: c.clock.now})
	c.hub = realtime.NewHub(realtime.HubConfig{
		Namespace: ns, Feed: c.feed, Sender: c.sender, Rooms: c.rooms, Auth: s.people, Global: global, Locale: locale.English,
		Now: c.clock.now, Log: log, Timing: s.timing, Unlimited: s.unlimited,
	})
	web := httptest.NewServer(c.server)
	c.url = web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := c.server.Shutdown(ctx, 0); err != nil {
			t.Error(err)
		}
		web.Close()
		c.hub.Close()
		c.sender.Close()
		c.feed.Close()
	})
	return c
}
