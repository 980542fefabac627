package app

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// askEvery and askLimit make a database that has gone known within 2.5 s, and one that is back as
	// soon (guarantee G10 allows 3 s).
	askEvery = 500 * time.Millisecond
	askLimit = 2 * time.Second
)

// watch knows at any time whether a backend does its work, so that nobody who asks for the server's
// health waits for it.
type watch struct {
	name string
	ask  func(context.Context) error
	log  *slog.Logger

	mu  sync.Mutex
	err error
}

// Ping tells how the backend was when it was asked last.
func (w *watch) Ping(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// run asks until ctx ends.
func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

func (w *watch) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	err := w.ask(limited)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	was := w.err
	w.err = err
	w.mu.Unlock()
	switch {
	case err != nil && was == nil:
		w.log.ErrorContext(ctx, "backend does not work", slog.String("backend", w.name), slog.Any("cause", err))
	case err == nil && was != nil:
		w.log.InfoContext(ctx, "backend works again", slog.String("backend", w.name))
	}
}
