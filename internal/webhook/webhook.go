// Package webhook tells other systems of the operator what happened to accounts, as Standard Webhooks
// says: a signed POST, again until somebody takes it.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"maska/internal/audit"
)

const (
	lookEvery = time.Second
	atOnce    = 20
	patience  = 10 * time.Second
	// The first pause after a failure; each is twice the one before, up to the longest.
	firstPause   = 5 * time.Second
	longestPause = time.Hour
	// grid is what times of attempts are rounded up to: they are kept beside the account, and must not tell
	// when it did something.
	grid = 5 * time.Minute
	// maxTries are made within about four days.
	maxTries = 100
)

// Store keeps what is still to be told.
type Store interface {
	DueAnnouncements(ctx context.Context, now time.Time, n int) ([]audit.Announcement, error)
	TakeAnnouncement(ctx context.Context, a audit.Announcement, next time.Time) (bool, error)
	DropAnnouncement(ctx context.Context, id int64) error
}

// Config is whom to tell, and how.
type Config struct {
	URL    string
	Key    []byte // of HMAC-SHA-256
	Store  Store
	Client *http.Client // nil for one that waits ten seconds and follows no redirects
	Now    func() time.Time
	Log    *slog.Logger
}

// Teller tells. Any number of nodes may run one: each announcement is taken by one at a time. It is told
// at least once, so its receiver looks at webhook-id. What happened to one account is told in order.
type Teller struct{ cfg Config }

// New makes a teller.
func New(cfg Config) *Teller {
	if cfg.Client == nil {
		cfg.Client = &http.Client{
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Teller{cfg}
}

// Run tells until ctx ends.
func (t *Teller) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := t.Tell(ctx); err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "announcements could not be read", slog.Any("cause", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tell tells once what is due.
func (t *Teller) Tell(ctx context.Context) error {
	due, err := t.cfg.Store.DueAnnouncements(ctx, t.cfg.Now(), atOnce)
	if err != nil {
		return err
	}
	for _, a := range due {
		// The next attempt is set before this one, so that a node that dies delays it and loses nothing.
		taken, err := t.cfg.Store.TakeAnnouncement(ctx, a, next(t.cfg.Now(), a.Tries))
		if err != nil {
			return err
		}
		if !taken {
			continue
		}
		err = t.post(ctx, a)
		if err != nil {
			t.cfg.Log.WarnContext(ctx, "webhook was not taken", slog.Int64("id", a.ID), slog.Int("tries", a.Tries+1), slog.Any("cause", err))
		}
		if err == nil || a.Tries+1 >= maxTries {
			if err := t.cfg.Store.DropAnnouncement(ctx, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// next is when an announcement is tried again that is tried now.
func next(now time.Time, tries int) time.Time {
	return now.Add(patience + min(longestPause, firstPause<<min(tries, 20)) + grid - 1).Truncate(grid)
}

// message is what is told.
type message struct {
	Type string `json:"type"`
	Data data   `json:"data"`
}

type data struct {
	ID string `json:"id"` // the account id; the subject of access tokens
}

func (t *Teller) post(ctx context.Context, a audit.Announcement) (err error) {
	name, _ := a.Event.Announced()
	body, err := json.Marshal(message{Type: name, Data: data{ID: strconv.FormatInt(a.Account, 10)}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("WEBHOOK_URL is no address")
	}
	id, at := "msg_"+strconv.FormatInt(a.ID, 10), strconv.FormatInt(t.cfg.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", Sign(t.cfg.Key, id, at, body))
	answer, err := t.cfg.Client.Do(r)
	if err != nil {
		return errors.New("the receiver does not answer") // the cause would print the address
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("the receiver answered %d", answer.StatusCode)
	}
	return nil
}

// Sign makes the signature of a message (Standard Webhooks, "Signature scheme", v1).
func Sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
