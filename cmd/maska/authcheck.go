package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"maska/internal/app"
	"maska/internal/authcheck"
)

// authcheckCmd tells a deployer whether signing in works.
type authcheckCmd struct {
	URL     *url.URL      `arg:"" placeholder:"URL" help:"The server, such as https://chat.example.org."`
	Token   string        `placeholder:"BOT_TOKEN" help:"The server's bot token (default: that of the settings, or of the dev mode in DATA_DIR)."`
	Timeout time.Duration `default:"10s" help:"Longest wait for an answer (default ${default})."`
}

// Validate refuses what is no address of a server.
func (c *authcheckCmd) Validate() error {
	if (c.URL.Scheme != "http" && c.URL.Scheme != "https") || c.URL.Host == "" {
		return errors.New("URL must begin with http:// or https://")
	}
	return nil
}

// Run prints a line for each step; exit code 1 means that one does not hold.
func (c *authcheckCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	token, err := c.botToken(env)
	if err != nil {
		return err
	}
	client := &http.Client{
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // tokens stay with the server
	}
	ok, err := authcheck.Run(ctx, authcheck.Config{Server: c.URL, BotToken: token, Client: client, Now: time.Now}, stdout)
	if err == nil && !ok {
		return exitError{code: 1}
	}
	return err
}

func (c *authcheckCmd) botToken(env environment) (string, error) {
	if c.Token != "" {
		return c.Token, nil
	}
	cfg, err := env.load()
	if err != nil {
		return "", err
	}
	return app.BotToken(cfg)
}
