package realtime

import (
	"context"
	"slices"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// connect admits a socket: with a good token it is signed in, without one it may sign in by auth.
func (h *Hub) connect(ctx context.Context, s *socketio.Socket) error {
	shake := s.Handshake()
	now := h.Now()
	c := &conn{
		hub: h, socket: s, lang: locale.FromHeader(shake.Header.Get("Accept-Language"), h.Locale),
		since: now, filledAt: now, allowance: eventBurst,
	}
	s.SetData(c)
	var p authPayload
	if len(shake.Auth) > 0 {
		if err := decode(shake.Auth, &p); err != nil {
			return connectError(c, err)
		}
	}
	if p.token() == "" {
		return nil
	}
	var err error
	if c.places, err = p.places(); err != nil {
		return connectError(c, err)
	}
	identity, err := h.authenticate(ctx, p.token())
	if err == nil {
		err = h.seatFor(identity)
	}
	if err != nil {
		return connectError(c, err)
	}
	c.identity = &identity
	return nil
}

// authenticate does not wait for a database that does not answer.
func (h *Hub) authenticate(ctx context.Context, token string) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timing.ReadLimit)
	defer cancel()
	identity, err := h.Auth.Authenticate(ctx, token)
	return identity, orUnavailable(err)
}

// seatFor refuses an account that has as many sockets as it may.
func (h *Hub) seatFor(identity Identity) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seatForLocked(accountKey(identity.Actor.LimitKey))
}

func (h *Hub) seatForLocked(account accountKey) error {
	if !h.Unlimited && len(h.accounts[account]) >= maxConnections {
		return errs.Limited(crowdedRetry)
	}
	return nil
}

// connected runs right after the CONNECT reply.
func (h *Hub) connected(s *socketio.Socket) {
	c, ok := s.Data().(*conn)
	if !ok {
		return
	}
	h.mu.Lock()
	h.conns[c] = struct{}{}
	h.mu.Unlock()
	identity, ok := c.who()
	if !ok {
		if err := h.admitStranger(c, s.Handshake().RemoteAddr); err != nil {
			c.end("auth_error", err)
		}
		return
	}
	if err := h.seat(c, identity); err != nil {
		c.end("auth_error", err)
		return
	}
	h.welcome(s.Context(), c, c.places)
	c.places = nil
}

// admitStranger counts a socket that has shown no token yet, and refuses one too many of an address:
// whoever waits holds memory for nothing.
func (h *Hub) admitStranger(c *conn, address string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.Unlimited && h.strangers[address] >= maxStrangers {
		return errs.Limited(crowdedRetry)
	}
	h.strangers[address]++
	c.strangerAt = address
	return nil
}

// knownLocked ends what admitStranger began.
func (h *Hub) knownLocked(c *conn) {
	if c.strangerAt == "" {
		return
	}
	if h.strangers[c.strangerAt]--; h.strangers[c.strangerAt] == 0 {
		delete(h.strangers, c.strangerAt)
	}
	c.strangerAt = ""
}

func (h *Hub) disconnected(s *socketio.Socket, _ socketio.Reason) {
	c, ok := s.Data().(*conn)
	if !ok {
		return
	}
	c.mu.Lock()
	c.ended = true
	account := c.account
	identity := c.identity
	c.mu.Unlock()

	h.mu.Lock()
	delete(h.conns, c)
	h.knownLocked(c)
	seated := slices.Contains(h.accounts[account], c)
	if rest := slices.DeleteFunc(h.accounts[account], func(other *conn) bool { return other == c }); len(rest) > 0 {
		h.accounts[account] = rest
	} else {
		delete(h.accounts, account)
	}
	h.mu.Unlock()
	h.leaveRooms(c)
	if seated {
		h.Feed.crowd.leave(identity.Actor.Profile.ID)
	}
}

// seat makes a socket one of its account's. From then on the sweep may find it and give it another
// mask, so the mask it comes with is counted before.
func (h *Hub) seat(c *conn, identity Identity) error {
	account, mask := accountKey(identity.Actor.LimitKey), identity.Actor.Profile.ID
	c.mu.Lock()
	c.identity, c.account = &identity, account
	c.mu.Unlock()
	h.Feed.crowd.come(mask)
	h.mu.Lock()
	err := h.seatForLocked(account)
	if err == nil {
		h.accounts[account] = append(h.accounts[account], c)
		h.knownLocked(c)
	}
	h.mu.Unlock()
	if err != nil {
		c.mu.Lock()
		c.identity = nil
		c.mu.Unlock()
		h.Feed.crowd.leave(mask)
		return err
	}
	h.counters.signIns.Add(1)
	return nil
}

// welcome tells a socket that it is in, and lets it hear the global room and those it names.
func (h *Hub) welcome(ctx context.Context, c *conn, places map[room.ID]Place) {
	// The limit is for all rooms together: whoever names thirty of them must not be deaf for a minute when
	// the database does not answer.
	ctx, cancel := context.WithTimeout(ctx, h.Timing.ReadLimit)
	defer cancel()
	c.send("joined", view.Joined{Room: view.GlobalRoom})
	var seen *Place
	if place, ok := places[room.Global]; ok {
		seen = &place
	}
	if err := h.Feed.Enter(ctx, c, seen); err != nil {
		c.send("error", view.Error{Event: "sync", Refusal: c.refusal(orUnavailable(err))})
	}
	h.reenter(ctx, c, places)
	c.send("presence", view.Presence{RoomID: int64(room.Global), Online: h.Online()})
}

// onAuth signs a socket in, or renews its token.
func (h *Hub) onAuth(c *conn, payload []byte, r reply) {
	var p authPayload
	if err := decode(payload, &p); err != nil {
		r.fail(err)
		return
	}
	if p.token() == "" {
		r.fail(errs.New(errs.TokenMissing))
		return
	}
	places, err := p.places()
	if err != nil {
		r.fail(err)
		return
	}
	ctx := c.socket.Context()
	identity, err := h.authenticate(ctx, p.token())
	if err != nil {
		r.fail(err)
		if status := errs.CodeOf(err).Status(); status < 500 && status != 429 {
			c.end("auth_error", err)
		}
		return
	}
	was, signedIn := c.who()
	switch {
	case !signedIn:
		err = h.seat(c, identity)
	case was.Actor.LimitKey != identity.Actor.LimitKey:
		err = errs.New(errs.Forbidden)
	default:
		h.renew(c, identity)
	}
	if err != nil {
		r.fail(err)
		return
	}
	if !signedIn || len(places) > 0 {
		h.welcome(ctx, c, places)
	} else {
		c.send("joined", view.Joined{Room: view.GlobalRoom})
	}
	h.acknowledgeAuth(ctx, identity, r)
}

func (h *Hub) acknowledgeAuth(ctx context.Context, identity Identity, r reply) {
	rooms, err := h.ownRooms(ctx, identity.Actor.Profile.ID)
	if err != nil {
		r.fail(orUnavailable(err))
		return
	}
	r.ok(view.Welcome{Profile: view.NewProfile(identity.Actor.Profile), Rooms: rooms})
}

// renew gives a signed-in socket another token of the same account.
func (h *Hub) renew(c *conn, identity Identity) {
	c.mu.Lock()
	c.identity.Session, c.identity.ExpiresAt, c.warnedAt = identity.Session, identity.ExpiresAt, time.Time{}
	c.mu.Unlock()
	h.rebind(c, identity)
}

// rebind makes a socket act as the identity says and tells it if the mask is another one or looks
// different. It does nothing if the socket belongs to another session by now.
func (h *Hub) rebind(c *conn, now Identity) {
	different, another := h.exchange(c, now)
	if another {
		h.leaveRooms(c)
	}
	if different {
		c.send("mask", view.Mask{Profile: view.NewProfile(now.Actor.Profile)})
	}
}

// exchange puts another actor behind a socket and reports whether others see a difference, and
// whether it is another mask. The masks are counted under the socket's lock, or its end could come between the two.
func (h *Hub) exchange(c *conn, now Identity) (different, another bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.identity == nil || c.ended || c.identity.Session != now.Session {
		return false, false
	}
	was := c.identity.Actor
	c.identity.Actor = now.Actor
	if another = was.Profile.ID != now.Actor.Profile.ID; another {
		h.Feed.crowd.leave(was.Profile.ID)
		h.Feed.crowd.come(now.Actor.Profile.ID)
	}
	return was.Profile != now.Actor.Profile, another
}
