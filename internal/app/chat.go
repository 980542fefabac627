package app

import (
	"context"
	"runtime"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/httpapi"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/random"
	"maska/internal/realtime"
	"maska/internal/room"
	"maska/internal/session"
	"maska/internal/vault"
	"maska/socketio"
)

// maxFrame is the longest frame and the longest polling body, in bytes (decision 41).
const maxFrame = 64 << 10

// What one address may open (one address can be a whole school or a mobile carrier): sockets that wait
// to be signed in, and new ones a second after a burst.
const (
	maxUnjoined    = 200
	handshakeRate  = 20
	handshakeBurst = 400
)

// chat is the part of the app behind the sockets.
type chat struct {
	sockets *socketio.Server
	sender  *message.Sender
	history *message.History
	feed    *realtime.Feed
	rooms   *room.Service
	hub     *realtime.Hub
	vault   *vault.Vault
	nodes   *nodes // nil if this one is alone
}

func (a *App) openChat(ctx context.Context, keys *vault.Vault, limiter limit.Limiter, source random.Source, origins []string) (*chat, error) {
	global, err := room.EnsureGlobal(ctx, a.store, source, a.now())
	if err != nil {
		return nil, err
	}
	draftKey, err := keys.Key("draft")
	if err != nil {
		return nil, err
	}
	sockets, err := socketio.New(socketio.Config{
		MaxPayload: maxFrame, AllowOrigin: httpapi.AllowOrigin(a.cfg.PublicURL, origins), Logger: a.log,
		ClientIP: httpapi.ClientIP(a.cfg.Proxies), MaxUnjoinedPerIP: a.unlimitedOr(maxUnjoined),
		HandshakeRate: float64(max(0, a.unlimitedOr(handshakeRate))), HandshakeBurst: handshakeBurst,
	})
	if err != nil {
		return nil, err
	}
	c := &chat{sockets: sockets, history: message.NewHistory(a.store), vault: keys}
	var bus realtime.Bus = realtime.NoBus{}
	if a.redis != nil {
		c.nodes = joinNodes(a.redis, a.node, a.cfg.RedisPubSub == "sharded", a.log) //nolint:contextcheck // the node outlives the start
		bus = c.nodes
	}
	namespace := sockets.Namespace("/")
	c.feed = realtime.NewFeed(realtime.FeedConfig{Audience: namespace, History: c.history, Bus: bus, Now: a.now, Log: a.log})
	var measuring message.Meter
	if m := a.newMeter(); m != nil {
		measuring = m
	}
	c.sender = message.NewSender(message.Config{ //nolint:contextcheck // what is submitted outlives the start
		Store: a.store, Limiter: limit.Bound{Limiter: limiter, Rule: limit.Message}, Publisher: c.feed, DraftKey: draftKey,
		Random: source, Now: a.now, Log: a.log, Leaders: a.leaders(), Meter: measuring,
	})
	c.rooms = room.NewService(room.Config{
		Store: a.store, Limiter: limit.Bound{Limiter: limiter, Rule: limit.NewRoom}, Publisher: c.feed, Random: source, Now: a.now,
	})
	a.profiles.WhenPutDown(c.rooms.LeaveAll)
	a.sessions.WhenEnded(c.revoked)
	a.sessions.WhenChanged(c.accountChanged)
	c.hub = realtime.NewHub(realtime.HubConfig{
		Namespace: namespace, Feed: c.feed, Sender: c.sender, Rooms: c.rooms, Auth: authenticator{a.sessions, a.cfg.Locale}, Global: global,
		Locale: a.cfg.Locale, Now: a.now, Log: a.log, Unlimited: a.cfg.LimitsOff,
	})
	if c.nodes != nil {
		c.nodes.serve(c.feed, c.hub, a.sessions, keys) //nolint:contextcheck // it listens until the end
	}
	return c, nil
}

// unlimitedOr is -1, which lifts a limit of the sockets, when limits are off.
func (a *App) unlimitedOr(n int) int {
	if a.cfg.LimitsOff {
		return -1
	}
	return n
}

// leaders is how many transactions of the write path may be under way at once: SQLite has one writer.
func (a *App) leaders() int {
	if a.cfg.DatabaseURL == "" {
		return 1
	}
	return max(2, runtime.GOMAXPROCS(0))
}

// revoked closes the connections of ended sessions.
func (c *chat) revoked(sessions []string) {
	for _, id := range sessions {
		c.hub.Revoked(id, errs.SessionRevoked)
	}
	if c.nodes != nil && len(sessions) > 0 {
		c.nodes.tell(news{Ended: sessions})
	}
}

// accountChanged makes the other nodes forget what they remember of an account.
func (c *chat) accountChanged(id account.ID) {
	if c.nodes != nil {
		c.nodes.tell(news{Dropped: id})
	}
}

// MaskChanged gives the connections of an account its new mask, on all nodes.
func (c *chat) MaskChanged(id account.ID) {
	c.hub.MaskChanged(c.vault.LimitKey(int64(id)))
	if c.nodes != nil {
		c.nodes.tell(news{Changed: id})
	}
}

// aloneSpread bounds the spread of a server without others: whoever is sent away finds nobody until it is
// back, and is to wait five seconds at most (guarantee G8).
const aloneSpread = 2 * time.Second

// drain closes the sockets one after another over spread, so that clients do not all come back in the
// same moment (decision 28), and serves each until then.
func (c *chat) drain(ctx context.Context, spread time.Duration) error {
	if c.nodes == nil {
		spread = min(spread, aloneSpread)
	}
	return c.sockets.Shutdown(ctx, spread)
}

// close ends the parts in the order in which they depend on each other: nobody asks, nothing is
// stored any more, nothing is delivered.
func (c *chat) close() {
	c.hub.Close()
	c.sender.Close()
	if c.nodes != nil {
		c.nodes.close()
	}
	c.feed.Close()
}

// authenticator shows sessions to the sockets, which know masks only.
type authenticator struct {
	sessions *session.Service
	lang     locale.Lang
}

func (s authenticator) Authenticate(ctx context.Context, token string) (realtime.Identity, error) {
	actor, err := s.sessions.Authenticate(ctx, token)
	if err != nil {
		return realtime.Identity{}, err
	}
	chat, err := s.sessions.ChatActor(ctx, actor, s.lang)
	if err != nil {
		return realtime.Identity{}, err
	}
	return realtime.Identity{Session: actor.Session, Actor: chat, ExpiresAt: actor.ExpiresAt}, nil
}

func (s authenticator) Standings(ctx context.Context, identities []realtime.Identity) ([]realtime.Standing, error) {
	ids := make([]string, len(identities))
	for i, identity := range identities {
		ids[i] = identity.Session
	}
	found, err := s.sessions.Standings(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]realtime.Standing, len(found))
	for i, standing := range found {
		all[i] = realtime.Standing(standing)
	}
	return all, nil
}
