package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"maska/internal/telegram"
)

const (
	requestLimit = 30 * time.Second
	largestBody  = 1 << 20
	// firstPerson is the Telegram id of person 0 with a bot token. Telegram gives ids in order, and these are
	// the highest that it may give, so that nobody real is meant; the very highest belongs to authcheck.
	firstPerson = telegram.UserIDLimit - 1 - maxConnections
	// firstDevPerson is person 0 of a dev mode, far from those whom its page offers to a developer.
	firstDevPerson = 1_000_001
)

// people signs made-up people in over REST, as their apps would.
type people struct {
	server   *url.URL
	botToken string // empty: the door of dev mode
	client   *http.Client
}

func newPeople(cfg *Config) *people {
	return &people{server: cfg.Server, botToken: cfg.BotToken, client: &http.Client{
		Timeout:   requestLimit,
		Transport: &http.Transport{MaxIdleConnsPerHost: cfg.Parallel, MaxConnsPerHost: cfg.Parallel},
	}}
}

// close ends the connections that are kept for the next request.
func (p *people) close() { p.client.CloseIdleConnections() }

// enter returns the access tokens of n people.
func (p *people) enter(ctx context.Context, n, parallel int) ([]string, error) {
	tokens := make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range tokens {
		group.Go(func() error {
			initData, err := p.initData(ctx, i)
			if err != nil {
				return err
			}
			var got struct {
				Token string `json:"token"`
			}
			err = p.post(ctx, "/auth", "", map[string]any{"initData": initData}, &got)
			if no, ok := errors.AsType[*refused](err); ok && no.code == "init_data_invalid" {
				return errors.New("the server has another bot token")
			}
			if err != nil {
				return err
			}
			tokens[i] = got.Token
			return nil
		})
	}
	return tokens, group.Wait()
}

// initData is Telegram's word for a person, signed with the bot's token or by the server's own dev mode.
func (p *people) initData(ctx context.Context, person int) (string, error) {
	if p.botToken != "" {
		return telegram.SignInitData(p.botToken, telegram.SignParams{
			User: telegram.User{ID: firstPerson + int64(person), FirstName: "Load"}, AuthDate: time.Now(),
		}), nil
	}
	var launch struct {
		URL string `json:"url"`
	}
	if err := p.post(ctx, "/dev/launch", "", map[string]any{"person": firstDevPerson + person, "theme": "light"}, &launch); err != nil {
		if no, ok := errors.AsType[*refused](err); ok && no.code != rateLimited {
			return "", errors.New("the server is not in dev mode, so its bot token is needed: --token or TELEGRAM_BOT_TOKEN")
		}
		return "", err
	}
	_, fragment, _ := strings.Cut(launch.URL, "#")
	values, err := url.ParseQuery(fragment)
	return values.Get("tgWebAppData"), err
}

// createRoom makes a small room that anybody may join, and returns its id.
func (p *people) createRoom(ctx context.Context, token string, index, seats int) (int64, error) {
	var room struct {
		ID int64 `json:"id"`
	}
	err := p.post(ctx, "/api/rooms", token, map[string]any{"title": "Load " + strconv.Itoa(index), "capacity": seats, "visibility": "public"}, &room)
	return room.ID, err
}

func (p *people) post(ctx context.Context, path, token string, body, into any) (err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.server.JoinPath(path).String(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	got, err := io.ReadAll(io.LimitReader(answer.Body, largestBody))
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s: %w", path, answer.Status, readRefusal(bytes.TrimSpace(got)))
	}
	return json.Unmarshal(got, into)
}
