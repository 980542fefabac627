package faultlab

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"maska/internal/testkit/services"
)

// Link is a wire between two processes that can be slow, silent or cut. Everything that one of them
// sends to the other goes through it.
type Link struct {
	name     string
	listener net.Listener
	target   string
	rng      *rand.Rand // of the accepting goroutine
	running  sync.WaitGroup
	closed   context.Context // It ends with Close, and ends every wait.
	close    context.CancelFunc

	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	isCut    bool
	from, to time.Duration // delay of each direction
	gate     chan struct{} // closed while bytes flow
}

// NewLink makes a link to an address, whole and fast.
func NewLink(ctx context.Context, name, target string, rng *rand.Rand) (*Link, error) {
	address, err := services.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address)
	if err != nil {
		return nil, err
	}
	l := &Link{name: name, listener: listener, target: target, rng: rng, conns: map[net.Conn]struct{}{}, gate: make(chan struct{})}
	l.closed, l.close = context.WithCancel(context.WithoutCancel(ctx))
	close(l.gate)
	l.running.Go(l.accept)
	return l, nil
}

// Address is where the link begins.
func (l *Link) Address() string { return l.listener.Addr().String() }

// Cut ends every connection and lets none begin. By a reset the peers learn of it at once, and lose
// what was under way.
func (l *Link) Cut(reset bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	l.dropLocked(reset)
}

func (l *Link) dropLocked(reset bool) {
	for conn := range l.conns {
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0) // it may have ended
		}
	}
	for conn := range l.conns { // whoever copies notices, and closes the other side
		_ = conn.Close()
	}
}

// Drop ends every connection; new ones may begin at once.
func (l *Link) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropLocked(true)
}

// Silence lets nothing through and ends nothing: both sides believe to be connected. Whoever connects
// is accepted.
func (l *Link) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate = make(chan struct{})
}

// Delay makes everything take that long, in each direction.
func (l *Link) Delay(from, to time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.from, l.to = from, to
}

// Heal makes the link whole and fast.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut, l.from, l.to = false, 0, 0
	select {
	case <-l.gate:
	default:
		close(l.gate)
	}
}

// Close ends the link.
func (l *Link) Close() error {
	l.close()
	l.Cut(false)
	err := l.listener.Close()
	l.running.Wait()
	return err
}

func (l *Link) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		if !l.keep(conn) {
			_ = conn.Close() // cut
			continue
		}
		dice := rand.New(rand.NewPCG(l.rng.Uint64(), l.rng.Uint64())) //nolint:gosec // the same dice must fall again
		l.running.Go(func() { l.join(conn, dice) })
	}
}

// keep remembers a connection, for Cut.
func (l *Link) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *Link) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// join connects both sides until one of them ends.
func (l *Link) join(near net.Conn, dice *rand.Rand) {
	defer l.forget(near)
	defer near.Close() //nolint:errcheck // it ends either way
	if l.pass() != nil {
		return
	}
	far, err := (&net.Dialer{Timeout: dialLimit}).DialContext(l.closed, "tcp", l.target)
	if err != nil {
		return
	}
	if !l.keep(far) {
		_ = far.Close() // cut meanwhile
		return
	}
	defer l.forget(far)
	var both sync.WaitGroup
	one, other := rand.New(rand.NewPCG(dice.Uint64(), 1)), rand.New(rand.NewPCG(dice.Uint64(), 2)) //nolint:gosec // the same dice must fall again
	both.Go(func() { l.copy(near, far, one) })
	both.Go(func() { l.copy(far, near, other) })
	both.Wait()
}

// pass waits until bytes may flow.
func (l *Link) pass() error {
	l.mu.Lock()
	gate := l.gate
	l.mu.Unlock()
	select {
	case <-gate:
		return nil
	case <-l.closed.Done():
		return l.closed.Err()
	}
}

type chunk struct {
	bytes []byte
	due   time.Time
}

// copy brings bytes from one side to the other, in order, each as late as it should be.
func (l *Link) copy(from, to net.Conn, dice *rand.Rand) {
	const pending = 64
	chunks := make(chan chunk, pending)
	var writing sync.WaitGroup
	writing.Go(func() {
		defer to.Close() //nolint:errcheck // it ends either way
		for c := range chunks {
			if pause(l.closed, time.Until(c.due)) != nil || l.pass() != nil {
				continue
			}
			if _, err := to.Write(c.bytes); err != nil {
				_ = from.Close() // nothing can come of it any more
			}
		}
	})
	buffer := make([]byte, 8<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.mu.Lock()
			delay := between(dice, l.from, l.to)
			l.mu.Unlock()
			chunks <- chunk{append([]byte(nil), buffer[:n]...), time.Now().Add(delay)}
		}
		if err != nil {
			break
		}
	}
	close(chunks)
	writing.Wait()
}

// links are all of a lab.
type links []*Link

func (all links) close() error {
	var err error
	for _, l := range all {
		err = errors.Join(err, l.Close())
	}
	return err
}
