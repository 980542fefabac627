package authcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is what is read of an answer in bytes; those of a server that keeps the contract are shorter.
const maxAnswer = 1 << 20

// tokens are what a sign-in and a refresh must bring (auth contract, section 3.2).
type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	Type      string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"`
	User      user   `json:"user"`
}

type user struct {
	ShortID    string `json:"shortId"`
	TelegramID *int64 `json:"telegramId"`
}

// answer is what came back, or why nothing did.
type answer struct {
	err    error
	status int
	header http.Header
	body   []byte
}

func (c *check) signInWith(ctx context.Context, initData string) answer {
	return c.send(ctx, http.MethodPost, "/api/auth/telegram/login", "", map[string]string{"initData": initData, "deviceInfo": "maska authcheck"})
}

func (c *check) refreshWith(ctx context.Context, token string) answer {
	return c.send(ctx, http.MethodPost, "/api/auth/refresh", "", map[string]string{"refresh_token": token})
}

func (c *check) profile(ctx context.Context, access string) answer {
	return c.send(ctx, http.MethodGet, "/api/auth/profile", access, nil)
}

func (c *check) send(ctx context.Context, method, path, access string, body map[string]string) answer {
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{err: err}
		}
		text = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.cfg.Server.JoinPath(path).String(), text)
	if err != nil {
		return answer{err: err}
	}
	r.Header.Set("Accept-Language", "en")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	got, err := c.cfg.Client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	all, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	return answer{err: errors.Join(err, got.Body.Close()), status: got.StatusCode, header: got.Header, body: all}
}

// mismatch is an answer that is not the one that the contract asks for. It never holds a token.
type mismatch struct {
	want   string
	status int
	code   string
}

func (m *mismatch) Error() string {
	if m.code == "" {
		return fmt.Sprintf("want %s, got %d", m.want, m.status)
	}
	return fmt.Sprintf("want %s, got %d %s", m.want, m.status, m.code)
}

// agrees fails unless the server said yes in the way of the contract.
func (a answer) agrees() error {
	if a.err != nil {
		return a.err
	}
	if a.status != http.StatusOK {
		return &mismatch{want: "200", status: a.status, code: a.problem()}
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		return fmt.Errorf("Cache-Control is %q, want no-store; does a proxy change it?", got)
	}
	return nil
}

// refuses fails unless the server turned a proof down for the right reason.
func (a answer) refuses(code string) error {
	if a.err != nil {
		return a.err
	}
	if a.status != http.StatusUnauthorized || a.problem() != code {
		return &mismatch{want: "401 " + code, status: a.status, code: a.problem()}
	}
	return nil
}

func (a answer) signsIn(into *tokens) error {
	if err := a.agrees(); err != nil {
		return err
	}
	var t tokens
	if err := json.Unmarshal(a.body, &t); err != nil {
		return errors.New("the answer is not JSON")
	}
	if t.Access == "" || t.Refresh == "" || t.Type != "Bearer" || t.ExpiresIn <= 0 || t.User.ShortID == "" {
		return errors.New("the answer lacks tokens or the user")
	}
	*into = t
	return nil
}

func (a answer) shows(id int64) error {
	if err := a.agrees(); err != nil {
		return err
	}
	var u user
	if err := json.Unmarshal(a.body, &u); err != nil {
		return errors.New("the answer is not JSON")
	}
	if u.TelegramID == nil || *u.TelegramID != id {
		return errors.New("the account is another person's")
	}
	return nil
}

// problem is the code of a refusal, empty if there is none.
func (a answer) problem() string {
	var p struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	return p.Code
}
