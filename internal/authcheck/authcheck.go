// Package authcheck walks through signing in on a running server, as a client does, and tells step by
// step whether the server keeps the auth contract. A deployer runs it as maska authcheck.
package authcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"maska/internal/telegram"
)

// Person is the Telegram id of the made-up person who signs in: the highest that Telegram may give, and
// it gives them in order. It is always the same one, so that checks leave no more than one account.
const Person = telegram.UserIDLimit - 1

// Config is what is checked.
type Config struct {
	Server   *url.URL
	BotToken string
	// Client sends the requests; its time limit is that of a step.
	Client *http.Client
	Now    func() time.Time
}

// check is a walk under way.
type check struct {
	cfg     Config
	first   tokens // the session that lives to the end
	second  tokens // the one that is thrown away
	renewed tokens
	signed  int // launch data made so far
}

// step is one thing that must hold. What follows builds on it.
type step struct {
	promise string
	hold    func(*check, context.Context) error
}

func steps() []step {
	return []step{
		{"the server is ready", (*check).ready},
		{"signed launch data signs in", (*check).signIn},
		{"forged launch data is refused", (*check).refuseForged},
		{"stale launch data is refused", (*check).refuseStale},
		{"the account is closed to who has no token", (*check).refuseGuest},
		{"the account opens with the access token", (*check).readAccount},
		{"an altered access token is refused", (*check).refuseAltered},
		{"a refresh token gives new tokens", (*check).refresh},
		{"the same refresh token, sent twice in a row, gives the same tokens", (*check).repeat},
		{"a second device signs in", (*check).signInAgain},
		{"an old refresh token is taken for stolen", (*check).reuse},
		{"the stolen session is over", (*check).reusedIsOver},
		{"the other session goes on", (*check).otherGoesOn},
		{"logging out ends the session", (*check).logout},
		{"neither of its tokens works any more", (*check).loggedOut},
	}
}

// Run walks, and writes a line for each step: ✓ it holds, ✗ it does not. It reports whether all hold; the
// error is one of writing.
func Run(ctx context.Context, cfg Config, out io.Writer) (bool, error) {
	c := &check{cfg: cfg}
	all := steps()
	for i, s := range all {
		if err := s.hold(c, ctx); err != nil {
			_, wrote := fmt.Fprintf(out, "✗ %s: %v\n", s.promise, err)
			if left := len(all) - i - 1; left > 0 && wrote == nil {
				_, wrote = fmt.Fprintf(out, "%d of %d steps hold; the other %d build on this one\n", i, len(all), left)
			}
			return false, wrote
		}
		if _, err := fmt.Fprintf(out, "✓ %s\n", s.promise); err != nil {
			return false, err
		}
	}
	_, err := fmt.Fprintf(out, "all %d steps hold\n", len(all))
	return true, err
}

func (c *check) ready(ctx context.Context) error {
	return c.send(ctx, http.MethodGet, "/readyz", "", nil).agrees()
}

func (c *check) refuseForged(ctx context.Context) error {
	forged := strings.Replace(c.initData(c.cfg.Now()), "Maska", "Maskb", 1)
	return c.signInWith(ctx, forged).refuses("init_data_invalid")
}

func (c *check) refuseStale(ctx context.Context) error {
	stale := c.initData(c.cfg.Now().Add(-8 * 24 * time.Hour)) // no setting allows a week
	return c.signInWith(ctx, stale).refuses("init_data_expired")
}

func (c *check) signIn(ctx context.Context) error {
	err := c.signInWith(ctx, c.initData(c.cfg.Now())).signsIn(&c.first)
	if refused, ok := errors.AsType[*mismatch](err); ok && refused.code == "init_data_invalid" {
		return fmt.Errorf("%w; is this the server's bot token?", err)
	}
	return err
}

func (c *check) refuseGuest(ctx context.Context) error {
	return c.profile(ctx, "").refuses("token_missing")
}

func (c *check) readAccount(ctx context.Context) error { return c.isOpen(ctx, c.first.Access) }

func (c *check) refuseAltered(ctx context.Context) error {
	token := []byte(c.first.Access)
	if i := len(token) / 2; token[i] == 'A' {
		token[i] = 'B'
	} else {
		token[i] = 'A'
	}
	return c.profile(ctx, string(token)).refuses("token_invalid")
}

func (c *check) refresh(ctx context.Context) error {
	if err := c.refreshWith(ctx, c.first.Refresh).signsIn(&c.renewed); err != nil {
		return err
	}
	if c.renewed.Refresh == c.first.Refresh {
		return errors.New("the refresh token is the old one")
	}
	return nil
}

func (c *check) repeat(ctx context.Context) error {
	var again tokens
	if err := c.refreshWith(ctx, c.first.Refresh).signsIn(&again); err != nil {
		return err
	}
	if again.Refresh != c.renewed.Refresh {
		return errors.New("another refresh token came")
	}
	c.first = again
	return c.isOpen(ctx, c.first.Access)
}

func (c *check) signInAgain(ctx context.Context) error {
	return c.signInWith(ctx, c.initData(c.cfg.Now())).signsIn(&c.second)
}

func (c *check) reuse(ctx context.Context) error {
	stolen := c.second.Refresh
	for range 2 {
		if err := c.refreshWith(ctx, c.second.Refresh).signsIn(&c.second); err != nil {
			return err
		}
	}
	return c.refreshWith(ctx, stolen).refuses("refresh_token_reused")
}

func (c *check) reusedIsOver(ctx context.Context) error { return c.isOver(ctx, c.second) }

func (c *check) otherGoesOn(ctx context.Context) error { return c.isOpen(ctx, c.first.Access) }

func (c *check) logout(ctx context.Context) error {
	return c.send(ctx, http.MethodPost, "/api/auth/logout", c.first.Access, map[string]string{"refresh_token": c.first.Refresh}).agrees()
}

func (c *check) loggedOut(ctx context.Context) error { return c.isOver(ctx, c.first) }

// isOpen fails unless the token opens the account of the made-up person.
func (c *check) isOpen(ctx context.Context, access string) error {
	return c.profile(ctx, access).shows(Person)
}

const (
	// spread is how long other nodes may take to hear of the end of a session (decision 29 says one
	// second for requests; the other is for the way there and back).
	spread   = 2 * time.Second
	askAgain = 100 * time.Millisecond
)

// isOver fails unless neither token of a session works, on any node that answers.
func (c *check) isOver(ctx context.Context, t tokens) error {
	if err := c.refreshWith(ctx, t.Refresh).refuses("session_revoked"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, spread)
	defer cancel()
	for {
		err := c.profile(ctx, t.Access).refuses("session_revoked")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, also after %v", err, spread)
		case <-time.After(askAgain):
		}
	}
}

// initData never makes the same twice: a server may let launch data sign in a single time.
func (c *check) initData(signed time.Time) string {
	c.signed++
	return telegram.SignInitData(c.cfg.BotToken, telegram.SignParams{
		User: telegram.User{ID: Person, FirstName: "Maska", LastName: "authcheck"}, AuthDate: signed, StartParam: fmt.Sprint(c.signed),
	})
}
