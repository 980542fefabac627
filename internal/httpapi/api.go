// Package httpapi is the REST API, and serves the web app: routes on one screen (routes.go), one
// file a noun.
package httpapi

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/rs/cors"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/room"
	"maska/internal/session"
	"maska/internal/vault"
)

// Sockets is what the routes tell the live connections.
type Sockets interface {
	// MaskChanged gives the connections of an account its new mask.
	MaskChanged(id account.ID)
}

// Backend is a service that the server stands on, for /readyz.
type Backend struct {
	Name string
	// Ping tells how it is, as was found out before: it must answer at once.
	Ping func(context.Context) error
	// Optional is one without which the server does everything, if less well.
	Optional bool
}

// Config is what the routes need to know.
type Config struct {
	PublicURL   string
	Origins     []string // further origins that browsers may call from
	Proxies     []netip.Prefix
	Locale      locale.Lang
	Settings    Promises
	BotUsername string
	// BotID is the public number of the bot; empty when its login is not offered.
	BotID   string
	Dev     *Dev // nil unless the server runs in dev mode
	Version string
	// ServiceSecrets are what other services of the operator show to ask about tokens.
	ServiceSecrets []string
}

// Promises are how long things are kept, in days, as people are told.
type Promises struct{ MessageDays, RoomMessageDays, MaskDays, MaskLinkDays int }

// Deps are the services behind the routes.
type Deps struct {
	Sessions *session.Service
	Issuers  Issuers
	Profiles *profile.Service
	Sockets  Sockets
	SocketIO http.Handler
	Sender   Sender
	History  History
	Rooms    *room.Service
	Online   func(room.ID) int // how many are online in a room, as it may be shown
	Vault    *vault.Vault
	Limiter  limit.Limiter
	Random   random.Source
	Log      *slog.Logger
	Backends []Backend
	Web      fs.FS    // the built web app
	Measured Measured // may be nil
}

// API serves everything over HTTP, the sockets' handshakes included.
type API struct {
	cfg      Config
	sessions *session.Service
	issuers  Issuers
	profiles *profile.Service
	sockets  Sockets
	socketIO http.Handler
	sender   Sender
	history  History
	places   *room.Service
	online   func(room.ID) int
	vault    *vault.Vault
	limiter  limit.Limiter
	random   random.Source
	log      *slog.Logger
	backends []Backend
	measured Measured
	app      *webApp
	document func() ([]byte, error) // the OpenAPI document, made when it is asked for
	handler  http.Handler
}

// New makes the API. It fails when the web app was not built.
func New(cfg Config, d Deps) (*API, error) {
	app, err := openWebApp(d.Web, cfg)
	if err != nil {
		return nil, err
	}
	a := &API{
		cfg: cfg, sessions: d.Sessions, issuers: d.Issuers, profiles: d.Profiles, sockets: d.Sockets, socketIO: d.SocketIO, sender: d.Sender, history: d.History, places: d.Rooms, online: d.Online, vault: d.Vault,
		limiter: d.Limiter, random: d.Random, log: d.Log, backends: d.Backends, measured: d.Measured, app: app,
	}
	// Reflection makes it, which would be most of the time of a start.
	a.document = sync.OnceValues(func() ([]byte, error) { return document(cfg, operations()) })
	a.handler = a.build()
	return a, nil
}

// ServeHTTP answers any request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

func (a *API) build() http.Handler {
	mux := http.NewServeMux()
	for _, o := range operations() {
		mux.HandleFunc(o.method+" "+o.path, a.serve(o))
	}
	a.mountPages(mux)
	shared := cors.New(cors.Options{
		AllowedOrigins: orNobody(a.cfg.Origins, a.cfg.PublicURL),
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Accept-Language", "X-Device-Id"},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Content-Language"},
		MaxAge:         600,
	})
	// The sockets answer preflights and check origins by themselves.
	sockets := http.NewServeMux()
	sockets.Handle("/socket.io/", a.socketIO)
	sockets.Handle(everywhere, a.measure(a.inTime(shared.Handler(a.withProblems(mux)))))
	return a.identify(a.recoverPanics(a.guardDev(sockets)))
}

// serve makes a handler of an operation.
func (a *API) serve(o operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, lang: a.language(r), client: a.client(r)}
		if err := o.serve(o, a, w, c); err != nil {
			if errors.Is(err, context.DeadlineExceeded) && errs.CodeOf(err) == errs.Internal {
				err = errs.Wrap(errs.Unavailable, err) // answerLimit
			}
			if errs.CodeOf(err) == errs.RateLimited {
				a.noteLimit(r.Context(), c, o) // that of c has ended
			}
			a.refuse(w, r, err)
		}
	}
}

// noteLimit leaves a trace in the audit when somebody does too often what concerns accounts. What
// concerns the chat leaves none: it would lie beside the messages of a mask.
func (a *API) noteLimit(ctx context.Context, c *call, o operation) {
	if o.path != "/auth" && !strings.HasPrefix(o.path, "/api/auth/") && !strings.HasPrefix(o.path, "/api/user/") {
		return
	}
	if err := a.sessions.NoteLimited(ctx, c.actor, c.client, o.path); err != nil {
		a.log.WarnContext(ctx, "a refusal left no trace", slog.String("requestId", requestID(c.Request)), slog.Any("cause", err))
	}
}

// orNobody adds the server's own address, and keeps the CORS library from reading an empty list as
// "everybody".
func orNobody(origins []string, own string) []string {
	return append([]string{cmp.Or(own, "null.invalid")}, origins...)
}

// limit counts a request against the limit that holds for every route.
func (a *API) limit(w http.ResponseWriter, c *call, key string) error {
	result, err := a.limiter.Take(c.Context(), limit.Everything, key, 1)
	if err != nil {
		return errs.Wrap(errs.Unavailable, err)
	}
	announce(w, limit.Everything, result)
	if !result.Allowed {
		return errs.Limited(result.RetryAfter)
	}
	return nil
}

// errNoWebApp tells the operator what to do.
var errNoWebApp = errors.New("the web app is not built into this binary; build with: make build")
