package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"maska/internal/config"
	"maska/internal/mail"
)

// mailLimit is how long waiting letters are still sent when the server ends.
const mailLimit = 5 * time.Second

// openMail is the one place that chooses how mail goes: SMTP if SMTP_URL names a server, else, in dev
// mode, to the terminal, else nowhere.
func openMail(cfg config.Config, ownURL string, log *slog.Logger) (*mail.Outbox, error) {
	site := cfg.PublicURL
	if site == "" {
		site = ownURL // dev mode: there is no other way to this machine
	}
	sender, err := mailSender(cfg)
	if err != nil {
		return nil, err
	}
	return mail.NewOutbox(sender, site, log)
}

func mailSender(cfg config.Config) (mail.Sender, error) {
	s := cfg.SMTP
	switch {
	case s.Host != "":
		security := map[string]mail.Security{"starttls": mail.StartTLS, "tls": mail.TLS, "none": mail.Plain}[s.Security]
		return mail.NewSMTP(mail.SMTPConfig{Host: s.Host, Port: s.Port, Username: s.Username, Password: s.Password, Secure: security, From: s.From})
	case cfg.Dev:
		return mail.NewPrinter(os.Stdout), nil
	}
	return nowhere{}, nil
}

// nowhere is the sender of a server that was given none.
type nowhere struct{}

func (nowhere) Send(context.Context, mail.Message) error {
	return &mail.PermanentError{Cause: errors.New("SMTP_URL is not set")}
}

// mailInWords is for the greeting.
func (a *App) mailInWords() string {
	switch {
	case a.cfg.SMTP.Host != "":
		return "SMTP"
	case a.cfg.Dev:
		return "printed here"
	}
	return "none (SMTP_URL is not set)"
}
