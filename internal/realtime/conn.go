package realtime

import (
	"errors"
	"sync"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// conn is one socket and who is behind it.
type conn struct {
	hub    *Hub
	socket *socketio.Socket
	lang   locale.Lang
	since  time.Time         // of CONNECT
	places map[room.ID]Place // what CONNECT told about rooms, until they are entered

	strangerAt string // guarded by the hub: the address under which it waits for a token

	mu       sync.Mutex
	identity *Identity // nil until a token was accepted
	account  accountKey
	warnedAt time.Time // of auth_required; zero while the token is good
	ended    bool
	rooms    map[room.ID]struct{} // small ones that it hears, perhaps some that it has lost

	// The bucket of events; only the handlers of this connection use it, one at a time.
	allowance float64
	filledAt  time.Time
}

// who returns the identity, false before sign-in and after the end.
func (c *conn) who() (Identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.identity == nil || c.ended {
		return Identity{}, false
	}
	return *c.identity, true
}

func (c *conn) isSession(session string) bool {
	identity, ok := c.who()
	return ok && identity.Session == session
}

type due int

const (
	dueNothing due = iota
	dueSignIn      // no token came in time
	dueWarning     // the token has ended; told once
	dueEnd         // and no other came
)

func (c *conn) due(now time.Time, t *Timing) due {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
	case c.identity == nil:
		if now.Sub(c.since) >= t.SignIn {
			return dueSignIn
		}
	case !c.warnedAt.IsZero():
		if now.Sub(c.warnedAt) >= t.RenewalGrace {
			c.ended = true
			return dueEnd
		}
	case now.Sub(c.identity.ExpiresAt) >= t.ExpiryGrace:
		c.warnedAt = now
		return dueWarning
	}
	return dueNothing
}

// end says why and ends the socket for good: the client does not come back by itself.
func (c *conn) end(event string, reason error) {
	c.mu.Lock()
	ended := c.ended
	c.ended = true
	c.mu.Unlock()
	if !ended {
		c.emit(event, reason)
		c.socket.Disconnect()
	}
}

// emit sends an event about a failure. That the socket has gone is no concern of the sender.
func (c *conn) emit(event string, err error) { c.send(event, c.refusal(err)) }

func (c *conn) send(event string, payload any) {
	packet, err := eventPacket(c.hub.Namespace, event, payload)
	if err != nil {
		c.hub.Log.Error("an event could not be encoded", "event", event, "error", err)
		return
	}
	if err := c.socket.Send(packet); err != nil {
		c.hub.Log.Debug("an event found its socket gone", "event", event)
	}
}

func (c *conn) refusal(err error) view.Refusal {
	switch {
	case errors.Is(err, socketio.ErrDisconnected):
		c.hub.Log.Debug("an event found its socket gone")
	case errs.From(err).Code == errs.Internal:
		c.hub.Log.Error("an event failed", "error", err)
	}
	return view.NewRefusal(err, c.lang)
}

// allow takes one event out of what is allowed, or tells how long to wait.
func (c *conn) allow(now time.Time) time.Duration {
	if c.hub.Unlimited {
		return 0
	}
	const perSecond = float64(eventBurst) / float64(eventWindow/time.Second)
	c.allowance = min(eventBurst, c.allowance+max(0, now.Sub(c.filledAt).Seconds())*perSecond)
	c.filledAt = now
	if c.allowance >= 1 {
		c.allowance--
		return 0
	}
	return time.Duration((1 - c.allowance) / perSecond * float64(time.Second))
}
