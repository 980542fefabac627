// Package mail sends the product's mails: what they say in three languages, and the ways they go,
// SMTP or, in dev mode, the terminal.
package mail

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"maska/internal/session"
)

// Message is a mail as it is sent: plain text, one reader.
type Message struct{ To, Subject, Text string }

// Sender sends one message. An error that is no *PermanentError is worth another try.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// PermanentError is a refusal that another try would meet again.
type PermanentError struct{ Cause error }

func (e *PermanentError) Error() string { return e.Cause.Error() }

// Unwrap returns the refusal of the server.
func (e *PermanentError) Unwrap() error { return e.Cause }

const (
	workers  = 4
	capacity = 512
	// sendLimit bounds one try.
	sendLimit = 20 * time.Second
)

// pauses are the times between the tries of one letter.
var pauses = []time.Duration{2 * time.Second, 15 * time.Second}

// Outbox writes and sends letters one after another in the background. Letters that wait are lost when
// the process dies; whoever misses one asks for another.
type Outbox struct {
	sender    Sender
	publicURL string
	log       *slog.Logger
	letters   *letters

	mu     sync.RWMutex
	closed bool
	queue  chan func(context.Context) (*session.Letter, error)

	working sync.WaitGroup
	stop    context.CancelFunc
}

var _ session.Mailer = (*Outbox)(nil)

// NewOutbox starts the workers. Links in letters begin with publicURL, whatever host a request named.
func NewOutbox(sender Sender, publicURL string, log *slog.Logger) (*Outbox, error) {
	texts, err := readLetters()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	o := &Outbox{
		sender: sender, publicURL: publicURL, log: log, letters: texts,
		queue: make(chan func(context.Context) (*session.Letter, error), capacity), stop: stop,
	}
	for range workers {
		o.working.Go(func() {
			for write := range o.queue {
				o.deliver(ctx, write)
			}
		})
	}
	return o, nil
}

// Post has a letter written and sent. It is false when the outbox is full or closed.
func (o *Outbox) Post(write func(context.Context) (*session.Letter, error)) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.closed {
		return false
	}
	select {
	case o.queue <- write:
		return true
	default:
		return false
	}
}

// Close takes no more letters and sends those that wait, for as long as limit. It may be called again.
func (o *Outbox) Close(limit time.Duration) {
	o.mu.Lock()
	if !o.closed {
		o.closed = true
		close(o.queue)
	}
	o.mu.Unlock()
	sent := make(chan struct{})
	go func() {
		o.working.Wait()
		close(sent)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-sent:
	case <-timer.C:
	}
	o.stop()
	<-sent
}

// deliver writes a letter and tries to send it. What goes wrong is logged without address or text.
func (o *Outbox) deliver(ctx context.Context, write func(context.Context) (*session.Letter, error)) {
	letter, err := write(ctx)
	if err != nil {
		o.log.WarnContext(ctx, "a letter was not written", slog.Any("cause", err))
		return
	}
	if letter == nil {
		return
	}
	message, err := o.letters.write(*letter, o.publicURL)
	for try := 0; err == nil; try++ {
		if err = o.try(ctx, message); err == nil {
			return
		}
		if _, hopeless := errors.AsType[*PermanentError](err); !hopeless && try < len(pauses) && pause(ctx, pauses[try]) {
			err = nil
		}
	}
	o.log.WarnContext(ctx, "a letter was not sent", slog.String("kind", string(letter.Kind)), slog.Any("cause", err))
}

func (o *Outbox) try(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	return o.sender.Send(ctx, m)
}

// pause waits, and is false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
