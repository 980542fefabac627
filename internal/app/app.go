// Package app puts the server together: New, Serve, Close. It is the only package that knows all
// others.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"maska/internal/cluster"
	"maska/internal/config"
	"maska/internal/geo"
	"maska/internal/httpapi"
	"maska/internal/limit"
	"maska/internal/mail"
	"maska/internal/metrics"
	"maska/internal/password"
	"maska/internal/profile"
	"maska/internal/profile/nickname"
	"maska/internal/random"
	"maska/internal/session"
	"maska/internal/store"
	"maska/internal/telegram"
	"maska/internal/vault"
	"maska/web"
)

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
	// drainLimit ends the drain whatever is still under way.
	drainLimit = 10 * time.Second
	// limiterKeys bounds the memory of the limiter.
	limiterKeys = 1 << 20
)

// App is a server that listens. Serve it, then it is closed; or Close it without serving.
type App struct {
	cfg      config.Config
	log      *slog.Logger
	now      func() time.Time
	store    *store.Store
	release  func() error   // gives the data folder back
	redis    *cluster.Redis // nil if this node is alone
	node     string         // this node's name among the others
	sessions *session.Service
	profiles *profile.Service
	mail     *mail.Outbox
	chat     *chat
	api      *httpapi.API
	listener net.Listener
	database *watch
	probe    *store.Probe

	metrics   *metrics.Metrics // nil if METRICS_ADDR is not set
	scrapes   net.Listener     // and so is this
	fallbacks func() uint64    // of the limiter

	places     *geo.DB // nil without GEOIP_DB
	firstAdmin string  // the code that makes its user an admin, while it stands
	madeKey    string  // path of a root key that was made at this start
	draining   atomic.Bool
}

// Migrate brings the database to the state of this binary and names the database.
func Migrate(ctx context.Context, cfg config.Config) (string, error) {
	db, release, err := openStore(ctx, cfg)
	if err != nil {
		return "", err
	}
	return db.Name(), errors.Join(db.Migrate(ctx), db.Close(), release())
}

// New opens what the settings name, listens, and leaves everything ready for Serve.
func New(ctx context.Context, cfg config.Config, version string, log *slog.Logger) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, now: time.Now}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", cfg.Address()); err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; is another server running there? choose another PORT", cfg.Address(), err)
	}
	if err := a.openMetrics(ctx, version); err != nil {
		return nil, err
	}
	if a.store, a.release, err = openStore(ctx, cfg); err != nil {
		return nil, err
	}
	if a.probe, err = a.store.NewProbe(); err != nil {
		return nil, err
	}
	a.database = &watch{name: "database", ask: a.probe.Ask, log: log}
	if err := a.store.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("migrate the database: %w", err)
	}
	return a, a.assemble(ctx, version)
}

func (a *App) assemble(ctx context.Context, version string) error {
	source := random.New(rand.Reader)
	keys, made, err := openVault(ctx, a.cfg, a.store)
	if err != nil {
		return err
	}
	a.madeKey = made
	tokens, dev := a.cfg.Tokens(), (*httpapi.Dev)(nil)
	if a.cfg.Dev {
		token, err := devToken(keys)
		if err != nil {
			return err
		}
		tokens, dev = []string{token}, &httpapi.Dev{Token: token, Now: a.now}
	}
	verifier, err := telegram.NewVerifier(tokens, telegram.Limits{MaxAge: a.cfg.AuthMaxAge, MaxSkew: telegram.DefaultMaxSkew})
	if err != nil {
		return err
	}
	a.node = source.Letters(16)
	a.redis = openRedis(a.cfg, a.log) //nolint:contextcheck // the connection outlives the start
	limiter, err := a.limiter(keys)
	if err != nil {
		return err
	}
	a.profiles = profile.NewService(a.store.Profiles(), nickname.New(rand.Reader), keys, source, a.now)
	accessKey := []byte(a.cfg.JWTSecret)
	if len(accessKey) == 0 {
		if accessKey, err = keys.Key("jwt"); err != nil {
			return err
		}
	}
	if a.mail, err = openMail(a.cfg, a.URL(), a.log); err != nil { //nolint:contextcheck // it outlives the start
		return err
	}
	sessionConfig := session.Config{
		AccessKey: accessKey, AccessLife: a.cfg.AccessLife, OnceOnly: a.cfg.Replay == "once", Language: a.cfg.Locale,
		Passwords: password.NewHasher(passwordParams(a.cfg), runtime.GOMAXPROCS(0), source), Policy: password.Policy(a.cfg.AuthPolicy), Mailer: a.mail,
		SignupClosed: a.cfg.Signup == "closed", VerifyFirst: a.cfg.EmailVerification == "required",
	}
	for _, previous := range a.cfg.JWTSecretPrevious {
		sessionConfig.PreviousKeys = append(sessionConfig.PreviousKeys, []byte(previous))
	}
	sessionConfig.Texts = a.texts()
	if err := a.signAsSet(&sessionConfig); err != nil {
		return err
	}
	if err := a.openPlaces(&sessionConfig); err != nil {
		return err
	}
	if a.sessions, err = session.New(sessionConfig, a.store, a.profiles, verifier, keys, limiter, source, a.now); err != nil {
		return err
	}
	a.sessions.WhenNoticed(a.sessions.MailNotice)
	if a.firstAdmin, err = a.sessions.OfferFirstAdmin(ctx); err != nil {
		return err
	}
	files, err := fs.Sub(web.Dist, "dist")
	if err != nil {
		return err
	}
	origins := a.cfg.CORSOrigins
	if a.cfg.Dev {
		origins = append(origins, "http://localhost:5173") // Vite
	}
	if a.chat, err = a.openChat(ctx, keys, limiter, source, origins); err != nil {
		return err
	}
	a.api, err = httpapi.New(httpapi.Config{ //nolint:contextcheck // requests bring contexts of their own
		PublicURL: a.cfg.PublicURL, Origins: origins, Proxies: a.cfg.Proxies, Locale: a.cfg.Locale, BotUsername: a.cfg.BotUsername, BotID: a.cfg.BotID(),
		Settings: httpapi.Promises{MessageDays: a.cfg.MessageDays, RoomMessageDays: a.cfg.RoomMessageDays, MaskDays: a.cfg.ProfileTTL, MaskLinkDays: a.cfg.MaskLinkDays},
		Dev:      dev, Version: version, ServiceSecrets: a.cfg.IntrospectionSecrets,
	}, httpapi.Deps{
		Sessions: a.sessions, Issuers: a.openIssuers(keys, source), Profiles: a.profiles, Sockets: a.chat, SocketIO: a.chat.sockets, Sender: a.chat.sender, History: a.chat.history, Rooms: a.chat.rooms, Online: a.chat.feed.Online, Vault: keys, Limiter: limiter,
		Random: source, Log: a.log, Web: files,
		Backends: a.backends(), Measured: a.measured(),
	})
	a.showParts()
	return err
}

func passwordParams(cfg config.Config) password.Params {
	if cfg.CheapPasswords {
		return password.Params{Memory: 64, Passes: 1, Lanes: 1}
	}
	return password.DefaultParams()
}

// limiter counts over all nodes, or in this process; RATE_LIMITS=off and RATE_LIMIT_SCALE are applied here.
func (a *App) limiter(keys *vault.Vault) (limit.Limiter, error) {
	scale := a.cfg.RateLimitScale
	if a.cfg.LimitsOff {
		scale = 0
	}
	own := cluster.NewMemoryLimiter(a.now, limiterKeys)
	a.fallbacks = func() uint64 { return 0 }
	if a.redis == nil {
		return limit.Scaled(own, scale), nil
	}
	key, err := keys.Key("limiter")
	if err != nil {
		return nil, err
	}
	either := cluster.NewFallbackLimiter(cluster.NewRedisLimiter(a.redis, key), own, a.log)
	a.fallbacks = either.Fallbacks
	return limit.Scaled(either, scale), nil
}

// backends are what /readyz asks.
func (a *App) backends() []httpapi.Backend {
	all := []httpapi.Backend{{Name: a.database.name, Ping: a.database.Ping}, {Name: selfBackend, Ping: a.notDraining}}
	if a.chat.nodes != nil {
		all = append(all, httpapi.Backend{Name: "redis", Ping: a.chat.nodes.Ping, Optional: true})
	}
	return all
}

// selfBackend is the name of this server among its backends: it is not ready while it drains.
const selfBackend = "server"

func (a *App) notDraining(context.Context) error {
	if a.draining.Load() {
		return errors.New("draining")
	}
	return nil
}

// URL is where the server can be reached from this machine.
func (a *App) URL() string {
	host, port, err := net.SplitHostPort(a.listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Greeting is what the operator reads at start: which parts were chosen, without secrets.
func (a *App) Greeting() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Maska listens on %s\n", a.listener.Addr())
	place := ""
	if a.cfg.DatabaseURL == "" {
		place = " in " + a.cfg.DataDir
	}
	fmt.Fprintf(&b, "database: %s%s · bus: %s · limits: %s · mail: %s\n", a.store.Name(), place, a.busInWords(), a.limitsInWords(), a.mailInWords())
	if url := a.MetricsURL(); url != "" {
		fmt.Fprintf(&b, "metrics: %s\n", url)
	}
	if a.madeKey != "" {
		fmt.Fprintf(&b, "A root key was made: %s. Back it up apart from the database; without it masks lose their owners.\n", a.madeKey)
	}
	if a.firstAdmin != "" {
		fmt.Fprintf(&b, "Nobody is an admin yet. Whoever signs in and sends this code becomes one, once: %s\n(POST /api/admin/claim; or type, after you have signed in: maska admin grant tg:<your Telegram id> admin)\n", a.firstAdmin)
	}
	if a.cfg.Dev {
		fmt.Fprintf(&b, "No TELEGRAM_BOT_TOKEN: developer mode, this machine only.\nOpen %s/dev\n", a.URL())
	} else if a.cfg.PublicURL != "" {
		fmt.Fprintf(&b, "The bot's Mini App is %s\n", a.cfg.PublicURL)
	} else {
		b.WriteString("PUBLIC_URL is not set: errors and links cannot name this server.\n")
	}
	return b.String()
}

func (a *App) busInWords() string {
	if a.redis == nil {
		return "this process"
	}
	return "Redis (" + a.cfg.RedisPubSub + ")"
}

func (a *App) limitsInWords() string {
	switch {
	case a.cfg.LimitsOff:
		return "OFF, for load tests only"
	case a.cfg.RateLimitScale != 1:
		return fmt.Sprintf("× %g", a.cfg.RateLimitScale)
	}
	return "on"
}

// Serve answers until ctx ends, then drains: not ready any more, sockets closed one after another
// while they are still served, requests finished, database last. It closes the app.
func (a *App) Serve(ctx context.Context) error {
	for _, warning := range a.cfg.Warnings {
		a.log.WarnContext(ctx, "a setting is hardly meant so", "why", warning)
	}
	if a.cfg.LimitsOff {
		a.log.WarnContext(ctx, "RATE_LIMITS=off: nobody is limited")
	}
	server := &http.Server{
		Handler: a.api, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug), // what clients do wrong on the wire
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() { a.runJobs(working) })
	background.Go(func() { a.runWebhooks(working) })
	background.Go(func() { a.database.run(working) })
	stopMetrics := a.serveMetrics()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(a.listener) }()

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		a.draining.Store(true)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		a.log.InfoContext(limit, "draining")
		// New requests are taken until the sockets are gone: polling clients need them to hear of it.
		err = errors.Join(a.chat.drain(limit, a.cfg.DrainSpread), server.Shutdown(limit))
		cancel()
	}
	stop()
	background.Wait()
	return errors.Join(err, stopMetrics(), a.Close())
}

// Close gives everything back. It may be called again.
func (a *App) Close() error {
	var err error
	if a.listener != nil {
		if closing := a.listener.Close(); !errors.Is(closing, net.ErrClosed) {
			err = closing
		}
	}
	if a.scrapes != nil {
		if closing := a.scrapes.Close(); !errors.Is(closing, net.ErrClosed) {
			err = errors.Join(err, closing)
		}
	}
	if a.chat != nil {
		a.chat.close()
	}
	if a.mail != nil { // what waits is written to the database before it is sent
		a.mail.Close(mailLimit)
	}
	if a.redis != nil {
		a.redis.Close()
	}
	if a.probe != nil {
		err = errors.Join(err, a.probe.Close())
		a.probe = nil
	}
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
		a.store = nil
	}
	if a.places != nil {
		err = errors.Join(err, a.places.Close())
		a.places = nil
	}
	if a.release != nil {
		err = errors.Join(err, a.release())
		a.release = nil
	}
	return err
}
