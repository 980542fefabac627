package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// ErrDown is the answer while Redis does not answer: nobody waits for it.
var ErrDown = errors.New("cluster: redis does not answer")

const (
	dialLimit    = 2 * time.Second
	silenceLimit = 2 * time.Second        // a connection that says nothing for so long although asked is broken
	commandLimit = 500 * time.Millisecond // longest wait for one command
	probeUp      = time.Second            // between two probes while Redis answers
	probeDown    = 100 * time.Millisecond // while it does not
	probePause   = 20 * time.Millisecond  // at least, however much is doubted
	bufferSize   = 64 << 10               // of each direction of a connection; the client's default is 512 KiB
)

// RedisOptions say where Redis is.
type RedisOptions struct {
	// Addresses are host:port. Several are members of a Cluster, or Sentinels if Master is set.
	Addresses []string
	// Master is the name by which Sentinels know the server.
	Master             string
	Username, Password string
	// SentinelUsername and SentinelPassword are for the Sentinels themselves.
	SentinelUsername, SentinelPassword string
	Database                           int
	TLS                                bool
	// Prefix begins the names of all keys and channels.
	Prefix string
	Log    *slog.Logger
}

// Redis is this node's connection to the Redis that all nodes share. It knows at any time whether
// Redis answers, so that nobody waits for one that does not, and comes back by itself.
type Redis struct {
	options RedisOptions
	log     *slog.Logger

	doubt   chan struct{} // somebody's command failed
	stop    chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	clients *redisClients // nil until Redis was reached for the first time
	up      bool
	changed chan struct{} // closed and made anew when up changes
	closed  bool
}

// redisClients are two, because a reader that waits for the answer of a command must not stand behind
// messages of the bus.
type redisClients struct{ commands, messages rueidis.Client }

// OpenRedis connects, and goes on trying if Redis cannot be reached: a node serves without it. End it
// with Close.
func OpenRedis(options RedisOptions) *Redis {
	r := &Redis{
		options: options, log: options.Log,
		doubt: make(chan struct{}, 1), stop: make(chan struct{}), changed: make(chan struct{}),
	}
	err := r.probe()
	r.set(err)
	if err != nil {
		r.log.Warn("redis does not answer; this node serves without it", slog.Any("cause", err))
	}
	r.running.Go(r.watch)
	return r
}

// Close ends the connections.
func (r *Redis) Close() {
	r.mu.Lock()
	closed, clients := r.closed, r.clients
	r.closed = true
	if !closed {
		close(r.stop)
	}
	r.mu.Unlock()
	if closed {
		return
	}
	r.running.Wait()
	r.set(ErrClosed)
	if clients != nil {
		clients.commands.Close()
		clients.messages.Close()
	}
}

// Ping tells whether Redis answered a moment ago.
func (r *Redis) Ping(context.Context) error {
	if _, up, _ := r.state(); !up {
		return ErrDown
	}
	return nil
}

func (r *Redis) state() (clients *redisClients, up bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clients, r.up, r.changed
}

// await returns the clients as soon as Redis answers, nil if ctx ends before.
func (r *Redis) await(ctx context.Context) *redisClients {
	for ctx.Err() == nil {
		clients, up, changed := r.state()
		if up {
			return clients
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// watch keeps the state true.
func (r *Redis) watch() {
	timer := time.NewTimer(probeUp)
	defer timer.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-r.doubt:
		case <-timer.C:
		}
		err := r.probe()
		r.set(err)
		wait := probeUp
		if err != nil {
			wait = probeDown
		}
		pause := time.NewTimer(probePause)
		select {
		case <-r.stop:
			pause.Stop()
			return
		case <-pause.C:
		}
		timer.Reset(wait)
	}
}

// set notes the outcome of a probe, and says a change once.
func (r *Redis) set(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if up := err == nil; up != r.up {
		r.up = up
		close(r.changed)
		r.changed = make(chan struct{})
		switch {
		case up:
			r.log.Info("redis answers")
		case !r.closed:
			r.log.Warn("redis has gone; this node serves without it", slog.Any("cause", err))
		}
	}
}

func (r *Redis) probe() error {
	clients, _, _ := r.state()
	if clients == nil {
		var err error
		if clients, err = r.connect(); err != nil {
			return err
		}
		r.mu.Lock()
		r.clients = clients
		r.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	return clients.commands.Do(ctx, clients.commands.B().Ping().Build()).Error()
}

func (r *Redis) connect() (*redisClients, error) {
	o := r.options
	dialer := net.Dialer{Timeout: dialLimit, KeepAlive: time.Second}
	option := rueidis.ClientOption{
		InitAddress: o.Addresses, Username: o.Username, Password: o.Password, SelectDB: o.Database, ClientName: "maska",
		Sentinel: rueidis.SentinelOption{
			MasterSet: o.Master, Username: o.SentinelUsername, Password: o.SentinelPassword, ClientName: "maska",
			Dialer: dialer, TopologyRefreshInterval: 5 * time.Second,
		},
		Dialer: dialer, ConnWriteTimeout: silenceLimit, ReadBufferEachConn: bufferSize, WriteBufferEachConn: bufferSize,
		DisableCache: true,
		// Silent retries would hide the moment at which messages are lost.
		DisableRetry: true,
	}
	if o.TLS {
		option.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		option.Sentinel.TLSConfig = option.TLSConfig
	}
	commands, err := rueidis.NewClient(option)
	if err != nil {
		return nil, err
	}
	option.PipelineMultiplex = -1 // one connection: subscriptions of a node are few and its order matters
	messages, err := rueidis.NewClient(option)
	if err != nil {
		commands.Close()
		return nil, err
	}
	return &redisClients{commands, messages}, nil
}

// do runs a command, unless Redis is known not to answer.
func (r *Redis) do(ctx context.Context, run func(context.Context, rueidis.Client) rueidis.RedisResult) rueidis.RedisResult {
	clients, up, _ := r.state()
	if !up {
		return rueidis.NewErrorResult(ErrDown)
	}
	limited, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	result := run(limited, clients.commands)
	if result.NonRedisError() != nil && ctx.Err() == nil {
		r.suspect()
	}
	return result
}

// suspect makes the state be looked at now.
func (r *Redis) suspect() {
	select {
	case r.doubt <- struct{}{}:
	default:
	}
}

// name is a key's or a channel's in Redis.
func (r *Redis) name(parts ...string) string { return r.options.Prefix + strings.Join(parts, ":") }
