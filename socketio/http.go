package socketio

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// refusal is an answer to a request that opens or finds no session. The codes
// are Engine.IO's.
type refusal struct {
	code    int
	message string
	status  int
}

var (
	unknownTransport = &refusal{0, "Transport unknown", http.StatusBadRequest}
	unknownSession   = &refusal{1, "Session ID unknown", http.StatusBadRequest}
	badMethod        = &refusal{2, "Bad handshake method", http.StatusBadRequest}
	badRequest       = &refusal{3, "Bad request", http.StatusBadRequest}
	forbidden        = &refusal{4, "Forbidden", http.StatusForbidden}
	badRevision      = &refusal{5, "Unsupported protocol version", http.StatusBadRequest}

	// justClosed is the poll that a client's own close has overtaken.
	justClosed = &refusal{}

	refusedClosing = &refusal{4, "Server is shutting down", http.StatusServiceUnavailable}
	refusedFull    = &refusal{4, "Server is full", http.StatusServiceUnavailable}
	refusedPeer    = &refusal{4, "Too many sessions", http.StatusTooManyRequests}
)

// refusedBy translates an admission.
func refusedBy(a admission) *refusal {
	switch a {
	case serverClosing:
		return refusedClosing
	case serverFull:
		return refusedFull
	case peerFull, admitted:
	}
	return refusedPeer
}

// ServeHTTP answers handshakes, polls, posts and WebSocket upgrades.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrade := wantsUpgrade(r)
	if r.ContentLength != 0 {
		s.limitBody(w)
		if !upgrade { // a connection that was taken over has times of its own
			defer s.limitBody(w)
		}
	}
	if path := r.URL.Path; path != s.cfg.Path && path+"/" != s.cfg.Path {
		http.NotFound(w, r)
		return
	}
	s.allowCORS(w, r)
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	sess, refused := s.route(r, upgrade)
	switch {
	case refused == justClosed:
		_ = writePayload(w, []*Packet{noopPacket}) // the peer is gone
	case refused != nil && upgrade:
		refused.writePlain(w)
	case refused != nil:
		refused.write(w)
	case upgrade:
		s.serveUpgrade(w, r, sess)
	case sess == nil:
		s.servePollingHandshake(w, r)
	case r.Method == http.MethodGet:
		s.servePoll(w, r, sess)
	case r.Method == http.MethodPost:
		s.servePost(w, r, sess)
	default:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// limitBody bounds the time for what is still to come of a request's body. What we do not read of it,
// net/http reads when the request is answered, and would wait for ever for a peer that has announced more
// than it sends. An error means that the connection knows no deadlines.
func (s *Server) limitBody(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.cfg.ReadTimeout))
}

func (f *refusal) write(w http.ResponseWriter) {
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{f.code, f.message})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // the peer is gone
}

// writePlain answers an upgrade request, as the reference server does.
func (f *refusal) writePlain(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.Error(w, f.message, http.StatusBadRequest)
}

// route checks a request in the order of the reference server and returns its
// session, nil for a handshake.
func (s *Server) route(r *http.Request, upgrade bool) (*session, *refusal) {
	query := r.URL.Query()
	transport := Transport(query.Get("transport"))
	if !s.cfg.offers(transport) {
		return nil, unknownTransport
	}
	if !printable(r.Header.Get("Origin")) {
		return nil, badRequest
	}
	var sess *session
	if sid := query.Get("sid"); sid != "" {
		if sess = s.find(sid); sess == nil {
			if transport == Polling && r.Method == http.MethodGet && !upgrade && s.takeNote(sid) {
				return nil, justClosed
			}
			return nil, unknownSession
		}
		if onWS := sess.carrier.Load() == onWebSocket; !upgrade && onWS != (transport == WebSocket) || query.Get("EIO") != "4" {
			return nil, badRequest
		}
	} else if r.Method != http.MethodGet {
		return nil, badMethod
	}
	if upgrade != (transport == WebSocket) {
		return nil, badRequest
	}
	if !s.allowsOrigin(r) {
		return nil, forbidden
	}
	if sess == nil && s.cfg.Admit != nil {
		if err := s.cfg.Admit(r); err != nil {
			return nil, refusedWith(err)
		}
	}
	if query.Get("EIO") != "4" {
		return nil, badRevision
	}
	if sess == nil && len(r.URL.RawQuery) > maxKeptURL {
		return nil, badRequest
	}
	return sess, nil
}

func refusedWith(err error) *refusal {
	if public, ok := errors.AsType[*RefusedError](err); ok && public.Message != "" {
		return &refusal{forbidden.code, public.Message, forbidden.status}
	}
	return forbidden
}

// printable reports whether a header value has only the bytes that HTTP allows.
func printable(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F })
}

// wantsUpgrade reports whether a request asks for a WebSocket.
func wantsUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// hasToken looks for a word in a comma-separated header.
func hasToken(h http.Header, key, token string) bool {
	for _, value := range h[key] {
		for word := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(word), token) {
				return true
			}
		}
	}
	return false
}

// allowsOrigin judges the Origin header; its absence is a native client.
func (s *Server) allowsOrigin(r *http.Request) bool {
	origin, present := r.Header["Origin"]
	switch {
	case !present, s.cfg.AllowAnyOrigin:
		return true
	case len(origin) != 1 || !printable(origin[0]):
		return false
	}
	return s.cfg.AllowOrigin(r, origin[0])
}

// allowCORS adds the headers that let a page of an allowed origin read the
// answer, errors included.
func (s *Server) allowCORS(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if s.cfg.AllowAnyOrigin {
		h.Set("Access-Control-Allow-Origin", "*")
		return
	}
	h.Add("Vary", "Origin")
	if r.Header.Get("Origin") == "" || !s.allowsOrigin(r) {
		return
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	if s.cfg.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers OPTIONS.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET,POST,OPTIONS")
		h.Set("Access-Control-Max-Age", "600")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" && printable(asked) {
			h.Set("Access-Control-Allow-Headers", asked)
			h.Add("Vary", "Access-Control-Request-Headers")
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
