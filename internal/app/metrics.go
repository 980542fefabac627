package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"maska/internal/metrics"
)

// openMetrics listens for Prometheus, if it is wanted. The listener is apart from the public one: what
// it shows is for the operator.
func (a *App) openMetrics(ctx context.Context, version string) (err error) {
	if a.cfg.MetricsAddr == "" {
		return nil
	}
	if a.scrapes, err = new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.MetricsAddr); err != nil {
		return fmt.Errorf("METRICS_ADDR: cannot listen on %s: %w", a.cfg.MetricsAddr, err)
	}
	a.metrics = metrics.New(version, a.log)
	return nil
}

// MetricsURL is where Prometheus reads, or "".
func (a *App) MetricsURL() string {
	if a.scrapes == nil {
		return ""
	}
	return "http://" + a.scrapes.Addr().String() + "/metrics"
}

// serveMetrics answers scrapes until stop, which comes after the drain.
func (a *App) serveMetrics() (stop func() error) {
	if a.scrapes == nil {
		return func() error { return nil }
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: scrapeLimit, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.scrapes) }()
	return func() error {
		err := server.Close()
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}
}

// scrapeLimit is how long the answer to a scrape may take to leave.
const scrapeLimit = 10 * time.Second

// meter measures the write path. It is a message.Meter.
type meter struct {
	batch  func(float64)
	answer func(float64)
}

func (m meter) Appended(messages int)       { m.batch(float64(messages)) }
func (m meter) Answered(took time.Duration) { m.answer(took.Seconds()) }

// newMeter returns nil if nobody reads what it measures.
func (a *App) newMeter() *meter {
	if a.metrics == nil {
		return nil
	}
	return &meter{
		batch:  a.metrics.Histogram("maska_append_batch_size", "Messages that one transaction took.", metrics.PowersOfTwo(9)),
		answer: a.metrics.Histogram("maska_ack_seconds", "From the arrival of a message until its sender is told that it is stored.", metrics.Seconds()),
	}
}

// measured tells of requests; nil if nobody reads it.
func (a *App) measured() func(route string, status int, took time.Duration) {
	if a.metrics == nil {
		return nil
	}
	observe := a.metrics.Histograms("maska_http_request_seconds", "Requests by route and class of status, without those of sockets.",
		metrics.Seconds(), "route", "status")
	return func(route string, status int, took time.Duration) {
		observe(took.Seconds(), route, strconv.Itoa(status/100)+"xx")
	}
}

// showParts has the counters of all parts read at each scrape.
func (a *App) showParts() {
	if a.metrics == nil {
		return
	}
	a.metrics.Read(a.showHealth)
	a.metrics.Read(a.showSockets)
	a.metrics.Read(a.showMessages)
	a.metrics.Read(a.showDatabase)
	a.metrics.Read(a.showBus)
}

func (a *App) showHealth(r *metrics.Reading) {
	ready := true
	for _, b := range a.backends() {
		up := b.Ping(context.Background()) == nil
		ready = ready && (up || b.Optional)
		if b.Name != selfBackend {
			r.Flag("maska_backend_up", "Whether a backend does its work.", up, "backend", b.Name)
		}
	}
	r.Flag("maska_ready", "Whether /readyz says yes.", ready)
	r.Flag("maska_draining", "Whether the server is on its way out.", a.draining.Load())
}

func (a *App) showSockets(r *metrics.Reading) {
	s := a.chat.sockets.Stats()
	const connections = "Connections now, by transport."
	r.Gauge("maska_connections", connections, float64(s.Polling), "transport", "polling")
	r.Gauge("maska_connections", connections, float64(s.WebSocket), "transport", "websocket")
	r.Gauge("maska_sockets", "Connections that have joined the chat.", float64(s.Sockets))
	r.Counter("maska_connections_opened_total", "Connections that were opened.", float64(s.Opened))
	for reason, n := range s.Closed {
		r.Counter("maska_connections_closed_total", "Connections that ended, by why.", float64(n), "reason", string(reason))
	}
	r.Counter("maska_packets_received_total", "Packets of clients, heartbeats included.", float64(s.PacketsIn))
	r.Counter("maska_packets_sent_total", "Packets given to clients, heartbeats included.", float64(s.PacketsOut))
	r.Counter("maska_socket_writes_total", "Writes to WebSockets.", float64(s.Writes))
	r.Gauge("maska_queue_bytes", "Bytes that wait for slow clients.", float64(s.QueueBytes))
	r.Gauge("maska_queue_packets", "Packets that wait for slow clients.", float64(s.QueuePackets))
	r.Counter("maska_deliveries_total", "Broadcast packets, counted for each receiver.", float64(s.Deliveries))
	r.Times("maska_delivery_seconds", "From the commit of a message, or its arrival from another node, until it was given to the sockets of all its receivers.",
		s.Latency.Bounds, s.Latency.Counts, s.Latency.Sum)

	h := a.chat.hub.Stats()
	r.Counter("maska_events_total", "Events of clients.", float64(h.Events))
	r.Counter("maska_socket_sign_ins_total", "Sockets that signed in.", float64(h.SignIns))
	r.Counter("maska_sockets_revoked_total", "Sockets that were ended because their session was over.", float64(h.Ended))
	for code, n := range h.Refused {
		r.Counter("maska_events_refused_total", "Events and sign-ins that were refused, by why.", float64(n), "code", string(code))
	}
}

func (a *App) showMessages(r *metrics.Reading) {
	s := a.chat.sender.Stats()
	r.Counter("maska_messages_stored_total", "Messages that were stored.", float64(s.Stored))
	r.Counter("maska_messages_repeated_total", "Messages that had been stored before.", float64(s.Repeated))
	for code, n := range s.Refused {
		r.Counter("maska_messages_refused_total", "Messages that were not stored, by why.", float64(n), "code", string(code))
	}
	r.Gauge("maska_messages_waiting", "Messages that wait to be stored.", float64(s.Waiting))
	r.Counter("maska_append_retries_total", "Transactions with messages that were tried again.", float64(s.Retries))

	f := a.chat.feed.Stats()
	r.Gauge("maska_rooms_followed", "Rooms whose deliveries this node looks after.", float64(f.Rooms))
	r.Counter("maska_gap_repairs_total", "Holes in what a room got that were filled from the database.", float64(f.Repairs))
	const catchUps = "Clients that came back and got what they had missed, by where it was read."
	r.Counter("maska_catch_ups_total", catchUps, float64(f.FromTail), "from", "memory")
	r.Counter("maska_catch_ups_total", catchUps, float64(f.FromStore), "from", "database")
}

func (a *App) showDatabase(r *metrics.Reading) {
	load := a.store.Load()
	r.Gauge("maska_database_connections", "Connections to the database.", float64(load.Open))
	r.Gauge("maska_database_connections_busy", "Connections to the database that are in use.", float64(load.InUse))
	r.Counter("maska_database_waits_total", "How often somebody waited for a connection to the database.", float64(load.Waits))
}

func (a *App) showBus(r *metrics.Reading) {
	if a.chat.nodes == nil {
		return
	}
	r.Flag("maska_bus_up", "Whether this node hears the others.", !a.chat.nodes.Down())
	r.Counter("maska_bus_lost_total", "Messages of other nodes that came faster than they were handled.", float64(a.chat.nodes.bus.Lost()))
	r.Counter("maska_bus_unsent_total", "Batches that the other nodes could not be told of.", float64(a.chat.feed.Stats().Unsent))
	r.Counter("maska_limiter_fallbacks_total", "Uses that were counted on this node alone.", float64(a.fallbacks()))
}
