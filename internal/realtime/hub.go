// Package realtime is the chat over Socket.IO: who is behind a socket, what it may ask, and the
// rooms it hears (chat contract, section 3; auth contract, section 7.4).
package realtime

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/message"
	"maska/internal/room"
	"maska/socketio"
)

// Limits of sockets (chat contract, section 3).
const (
	maxConnections = 5   // of one account on this node
	maxStrangers   = 100 // of one address, without a token
	crowdedRetry   = 5 * time.Second
	eventBurst     = 60
	eventWindow    = 10 * time.Second
	sweepChunk     = 500
)

// HubConfig holds what a Hub needs.
type HubConfig struct {
	Namespace *socketio.Namespace
	Feed      *Feed
	Sender    *message.Sender
	Rooms     *room.Service
	Auth      Authenticator
	// Global is the global room as it was at the start.
	Global room.Room
	// Locale is the language of clients that do not name one of ours.
	Locale locale.Lang
	Now    func() time.Time
	Log    *slog.Logger
	Timing Timing
	// Unlimited lifts the limits of connections and events, for load tests.
	Unlimited bool
}

// Hub serves the sockets of this node.
type Hub struct {
	HubConfig

	mu        sync.Mutex // guards what follows; never held together with a conn's lock
	conns     map[*conn]struct{}
	strangers map[string]int         // by address
	accounts  map[accountKey][]*conn // signed in
	closed    bool

	stop    chan struct{}
	running sync.WaitGroup

	counters struct{ events, signIns, ended atomic.Uint64 }

	refusedMu sync.Mutex
	refused   map[errs.Code]uint64
}

// accountKey stands for an account without naming it.
type accountKey [32]byte

// NewHub registers the chat's handlers with the namespace and starts to look after its sockets; end
// it with Close after the Socket.IO server has been shut down.
func NewHub(cfg HubConfig) *Hub {
	h := &Hub{HubConfig: cfg, conns: map[*conn]struct{}{}, strangers: map[string]int{}, accounts: map[accountKey][]*conn{}, refused: map[errs.Code]uint64{}, stop: make(chan struct{})}
	h.Timing = h.Timing.withDefaults()
	h.Namespace.OnConnect(h.connect)
	h.Namespace.OnConnected(h.connected)
	h.Namespace.OnDisconnect(h.disconnected)
	h.registerEvents()
	h.running.Go(h.run)
	return h
}

// Close ends the hub's own activity.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.stop)
	}
	h.mu.Unlock()
	h.running.Wait()
}

func (h *Hub) run() {
	tick, sweep := time.NewTicker(h.Timing.Tick), time.NewTicker(h.Timing.Sweep)
	defer tick.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
			h.expire(h.Now())
		case <-sweep.C:
			h.check(h.signedIn())
		}
	}
}

// all returns every socket, signedIn those with an identity.
func (h *Hub) all() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		conns = append(conns, c)
	}
	return conns
}

func (h *Hub) signedIn() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := make([]*conn, 0, len(h.conns))
	for _, some := range h.accounts {
		conns = append(conns, some...)
	}
	return conns
}

// expire ends what has waited too long: for a token at all, or for a fresh one.
func (h *Hub) expire(now time.Time) {
	for _, c := range h.all() {
		switch c.due(now, &h.Timing) {
		case dueNothing:
		case dueSignIn:
			c.end("auth_error", errs.New(errs.TokenMissing))
		case dueWarning:
			c.emit("auth_required", errs.New(errs.TokenExpired))
		case dueEnd:
			c.socket.Disconnect()
		}
	}
}

// check asks what has become of the sessions behind sockets and acts on it.
func (h *Hub) check(conns []*conn) {
	for len(conns) > 0 {
		n := min(len(conns), sweepChunk)
		h.checkSome(conns[:n])
		conns = conns[n:]
	}
}

func (h *Hub) checkSome(conns []*conn) {
	identities := make([]Identity, 0, len(conns))
	asked := make([]*conn, 0, len(conns))
	for _, c := range conns {
		if identity, ok := c.who(); ok {
			identities, asked = append(identities, identity), append(asked, c)
		}
	}
	if len(asked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.Timing.ReadLimit)
	defer cancel()
	standings, err := h.Auth.Standings(ctx, identities)
	if err != nil {
		h.Log.Warn("sessions of sockets could not be checked", "error", err)
		return
	}
	for i, c := range asked {
		h.act(c, identities[i], standings[i])
	}
}

func (h *Hub) act(c *conn, was Identity, now Standing) {
	if now.Ended != "" {
		if c.isSession(was.Session) {
			h.counters.ended.Add(1)
			c.end("session_revoked", errs.New(now.Ended))
		}
		return
	}
	was.Actor = now.Actor
	h.rebind(c, was)
}

// Revoked ends the sockets of a session at once; code is why.
func (h *Hub) Revoked(session string, code errs.Code) {
	for _, c := range h.signedIn() {
		if c.isSession(session) {
			h.counters.ended.Add(1)
			c.end("session_revoked", errs.New(code))
		}
	}
}

// MaskChanged makes the sockets of an account act under its present mask and role. It asks the
// Authenticator and does not wait for the answer.
func (h *Hub) MaskChanged(limitKey [32]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := append([]*conn(nil), h.accounts[limitKey]...)
	if h.closed || len(conns) == 0 {
		return
	}
	h.running.Go(func() { h.check(conns) })
}

// Online is how many masks are in the global room here, as a rounded lower bound.
func (h *Hub) Online() int { return h.Feed.Online(room.Global) }

// HubStats is a reading of a Hub's counters.
type HubStats struct {
	Sockets int    // connected now, signed in or not
	Events  uint64 // received since the start
	SignIns uint64 // sockets that signed in since the start
	Ended   uint64 // sockets ended because their session was over

	Refused map[errs.Code]uint64 // events and CONNECTs answered with an error since the start, by code
}

// Stats reads the counters.
func (h *Hub) Stats() HubStats {
	h.mu.Lock()
	sockets := len(h.conns)
	h.mu.Unlock()
	h.refusedMu.Lock()
	defer h.refusedMu.Unlock()
	return HubStats{
		Sockets: sockets, Events: h.counters.events.Load(), SignIns: h.counters.signIns.Load(), Ended: h.counters.ended.Load(),
		Refused: maps.Clone(h.refused),
	}
}

// noteRefusal counts a refusal.
func (h *Hub) noteRefusal(err error) {
	h.refusedMu.Lock()
	defer h.refusedMu.Unlock()
	h.refused[errs.CodeOf(err)]++
}

// connectError refuses a CONNECT.
func connectError(c *conn, err error) error {
	c.hub.noteRefusal(err)
	refusal := c.refusal(err)
	return &socketio.ConnectError{Message: refusal.Message, Data: refusal}
}

// orUnavailable gives a failure without a code one that the client may act on.
func orUnavailable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errs.Wrap(errs.Unavailable, err)
	}
	return err
}
