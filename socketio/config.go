package socketio

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Transport names one way of carrying a session, as the client spells it in
// the "transport" query parameter.
type Transport string

// The transports a server can offer.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
)

// Config holds the settings of a Server. The zero value of a field means its
// default; for limits a negative value means "no limit".
type Config struct {
	// Path the server answers on, with or without its final slash; every
	// other path is 404. Default "/socket.io/".
	Path string
	// Transports offered. Default both.
	Transports []Transport

	// PingInterval and PingTimeout are the heartbeat: a ping every interval,
	// the pong within the timeout. Defaults 25 s and 20 s.
	PingInterval, PingTimeout time.Duration
	// UpgradeTimeout bounds a polling session's move to WebSocket. Default 10 s.
	UpgradeTimeout time.Duration
	// ConnectTimeout bounds the life of a session that has joined no
	// namespace, and each OnConnect hook. Default 10 s.
	ConnectTimeout time.Duration
	// AckTimeout bounds the wait of EmitWithAck. Default 10 s.
	AckTimeout time.Duration
	// ReadTimeout bounds reading the body of one polling POST, and the arrival
	// of a packet's announced attachments. Default 10 s.
	ReadTimeout time.Duration

	// MaxPayload is the largest WebSocket message or polling body accepted, in
	// bytes. Default 1,000,000.
	MaxPayload int
	// MaxPostPackets is the most packets accepted in one polling POST. Default 256.
	MaxPostPackets int
	// MaxAttachments is the most binary attachments of one packet, at most 10
	// (the default). Their total is bounded by 2 × MaxPayload.
	MaxAttachments int
	// MaxPendingAcks is the most unanswered EmitWithAck calls of one socket.
	// Default 256.
	MaxPendingAcks int

	// MaxQueueBytes and MaxQueuePackets bound what waits for one slow peer; a
	// single packet is always accepted, whatever its size. Past them the
	// connection is closed with ReasonSlowConsumer. Defaults 256 KiB and 256.
	MaxQueueBytes, MaxQueuePackets int
	// WriteStall is how long a peer may take nothing of what waits for it
	// before it is closed with ReasonSlowConsumer. Default 5 s.
	WriteStall time.Duration

	// InboundRate and InboundBurst are a token bucket on the packets of one
	// connection, in packets per second and packets; a connection that
	// overdraws it is closed with ReasonRateLimit. Zero is off.
	InboundRate, InboundBurst float64
	// HandshakeRate and HandshakeBurst are a token bucket on new sessions of
	// one client address; what overdraws it is refused. Zero is off.
	HandshakeRate, HandshakeBurst float64
	// MaxSessions bounds the sessions of the whole server. Default no limit.
	MaxSessions int
	// MaxUnjoinedPerIP bounds the sessions of one client address that have
	// joined no namespace yet. Default 20.
	MaxUnjoinedPerIP int

	// ClientIP names the peer of a request, for the limits above and for
	// Handshake.RemoteAddr. Default: the address of the connection; set it
	// behind a trusted proxy.
	ClientIP func(*http.Request) string
	// AllowOrigin decides about the Origin header of a request. It is not asked
	// when the header is missing (native clients), which is allowed. The
	// default allows the server's own origin only, and never "null".
	AllowOrigin func(r *http.Request, origin string) bool
	// AllowAnyOrigin answers every origin with "*", "null" included; AllowOrigin
	// is not asked then.
	AllowAnyOrigin bool
	// AllowCredentials adds Access-Control-Allow-Credentials to answers for an
	// allowed foreign origin.
	AllowCredentials bool
	// Admit is asked before a session is opened; an error refuses it with
	// code 4, "Forbidden", or the message of a *RefusedError. It may block.
	Admit func(*http.Request) error

	// Recovery, if set, lets clients go on after a short loss.
	Recovery *Recovery

	// Engine, if set, makes the server speak Engine.IO without Socket.IO.
	Engine *Engine

	// Logger receives what the application cannot see otherwise: panics of
	// handlers, and at debug level why connections ended. Default: none.
	Logger *slog.Logger
}

// RefusedError is an Admit error whose message the client may read.
type RefusedError struct {
	Message string
}

func (e *RefusedError) Error() string { return e.Message }

// withDefaults returns the settings with every default filled in, or what is
// wrong with them.
func (c Config) withDefaults() (Config, error) {
	if c.Path == "" {
		c.Path = "/socket.io/"
	}
	c.Path = "/" + strings.Trim(c.Path, "/") + "/"
	if len(c.Transports) == 0 {
		c.Transports = []Transport{Polling, WebSocket}
	}
	for _, t := range c.Transports {
		if t != Polling && t != WebSocket {
			return c, fmt.Errorf("socketio: unknown transport %q", t)
		}
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.PingInterval, 25 * time.Second},
		{&c.PingTimeout, 20 * time.Second},
		{&c.UpgradeTimeout, 10 * time.Second},
		{&c.ConnectTimeout, 10 * time.Second},
		{&c.AckTimeout, 10 * time.Second},
		{&c.ReadTimeout, 10 * time.Second},
		{&c.WriteStall, 5 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
		if *d.value < 0 {
			return c, errors.New("socketio: a timeout is negative")
		}
	}
	for _, n := range []struct {
		value    *int
		standard int
	}{
		{&c.MaxPayload, 1_000_000},
		{&c.MaxPostPackets, 256},
		{&c.MaxAttachments, maxAttachments},
		{&c.MaxPendingAcks, 256},
		{&c.MaxQueueBytes, 256 << 10},
		{&c.MaxQueuePackets, 256},
		{&c.MaxSessions, -1},
		{&c.MaxUnjoinedPerIP, 20},
	} {
		if *n.value == 0 {
			*n.value = n.standard
		}
	}
	switch {
	case c.MaxPayload < 0:
		return c, errors.New("socketio: MaxPayload must be a limit")
	case c.MaxAttachments < 0 || c.MaxAttachments > maxAttachments:
		return c, fmt.Errorf("socketio: MaxAttachments is at most %d", maxAttachments)
	case c.InboundRate > 0 && c.InboundBurst < 1, c.HandshakeRate > 0 && c.HandshakeBurst < 1:
		return c, errors.New("socketio: a rate needs a burst of at least 1")
	case c.AllowAnyOrigin && c.AllowCredentials:
		return c, errors.New("socketio: credentials and any origin exclude each other")
	}
	if c.AllowOrigin == nil {
		c.AllowOrigin = sameOrigin
	}
	if c.ClientIP == nil {
		c.ClientIP = peerIP
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// maxAttachments is what Socket.IO parsers accept.
const maxAttachments = 10

// offers reports whether a transport is enabled.
func (c *Config) offers(t Transport) bool { return slices.Contains(c.Transports, t) }

// sameOrigin allows a page of the same host and port. The scheme is not
// compared: TLS may end before us.
func sameOrigin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// peerIP returns the address of the connection, without its port.
func peerIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
