package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/session"
)

type requestKey struct{}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

// identify gives every request an id, and writes one line about it when it is done. The line holds
// the route, never the address: paths can name masks.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := a.random.Token(12)
		ctx := context.WithValue(r.Context(), requestKey{}, id)
		r = r.WithContext(ctx)
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		began := time.Now()
		next.ServeHTTP(w, r)
		a.log.DebugContext(ctx, "request", slog.String("requestId", id), slog.String("route", r.Pattern), slog.Duration("took", time.Since(began)))
	})
}

// recoverPanics turns a mistake of ours into a 500, so that one request cannot end the process.
func (a *API) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch fault := recover(); fault {
			case nil:
			case http.ErrAbortHandler:
				panic(fault) // the server's own way to cut a connection
			default:
				a.refuse(w, r, fmt.Errorf("panic: %v", fault))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

const (
	// readLimit is how long a request may take to arrive, writeLimit how long its answer may take to
	// leave. Polls have times of their own.
	readLimit  = 10 * time.Second
	writeLimit = 30 * time.Second
)

// inTime ends connections that come or go too slowly. The server sets the read deadline anew for the
// next request; the write deadline is lifted here.
func (a *API) inTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := http.NewResponseController(w)
		err := errors.Join(conn.SetReadDeadline(time.Now().Add(readLimit)), conn.SetWriteDeadline(time.Now().Add(writeLimit)))
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
		if err := conn.SetWriteDeadline(time.Time{}); err != nil {
			a.log.DebugContext(r.Context(), "client went away", slog.String("requestId", requestID(r)))
		}
	})
}

// withProblems gives the mux's own answers, unknown route and wrong method, the body of all refusals.
func (a *API) withProblems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, pattern := mux.Handler(r)
		if pattern == screens {
			if others := otherMethods(mux, r); len(others) > 0 {
				w.Header().Set("Allow", strings.Join(others, ", "))
				a.refuse(w, r, errs.New(errs.MethodNotAllowed))
				return
			}
		}
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := headerProbe{header: http.Header{}}
		own.ServeHTTP(&probe, r)
		switch {
		case probe.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			a.refuse(w, r, errs.New(errs.MethodNotAllowed))
		case probe.header.Get("Location") != "":
			mux.ServeHTTP(w, r) // a path that only needs cleaning
		default:
			a.refuse(w, r, errs.New(errs.NotFound))
		}
	})
}

// otherMethods lists the methods that a path of the API has, when it is asked for with GET and the
// app's screens would answer.
func otherMethods(mux *http.ServeMux, r *http.Request) (methods []string) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := r.WithContext(r.Context())
		probe.Method = method
		if _, pattern := mux.Handler(probe); pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}

// headerProbe learns what a handler would answer, without the body.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }

// guardDev keeps foreign pages out of a server in dev mode: a name that resolves to loopback must
// not lead here (DNS rebinding; decision 39).
func (a *API) guardDev(next http.Handler) http.Handler {
	if a.cfg.Dev == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !loopbackHost(r.Host) || (origin != "" && origin != "http://"+r.Host && !a.allowedOrigin(origin)) {
			a.refuse(w, r, errs.New(errs.OriginForbidden))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		host = strings.TrimSuffix(inner, "]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func (a *API) allowedOrigin(origin string) bool {
	return slices.Contains(a.cfg.Origins, origin) || (origin == a.cfg.PublicURL && origin != "")
}

// AllowOrigin makes the rule for pages that may open a socket: our own, the public one, and those of
// the list.
func AllowOrigin(publicURL string, origins []string) func(*http.Request, string) bool {
	return func(r *http.Request, origin string) bool {
		own := origin == "http://"+r.Host || origin == "https://"+r.Host || origin == publicURL
		return own || slices.Contains(origins, origin)
	}
}

// client tells where a request came from.
func (a *API) client(r *http.Request) session.Client {
	return session.Client{IP: clientIP(r, a.cfg.Proxies), Agent: cut(r.UserAgent()), DeviceID: r.Header.Get("X-Device-Id"), RequestID: requestID(r)}
}

// ClientIP makes the rule by which a peer is named behind the given proxies.
func ClientIP(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string { return limit.IPKey(clientIP(r, trusted)) }
}

// clientIP is the socket's address; behind trusted proxies, the right-most address of
// X-Forwarded-For that is not one of them (auth contract, section 2).
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	isTrusted := func(addr netip.Addr) bool {
		for _, prefix := range trusted {
			if prefix.Contains(addr) {
				return true
			}
		}
		return false
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr.WithZone("").String()
}

// announce tells a client how much of a limit is left (draft-ietf-httpapi-ratelimit-headers).
func announce(w http.ResponseWriter, rule limit.Rule, result limit.Result) {
	seconds := func(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
	w.Header().Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", rule.Name, rule.Max, seconds(rule.Per)))
	w.Header().Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", rule.Name, result.Remaining, seconds(result.Reset)))
}
