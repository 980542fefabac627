package config

import (
	"errors"
	"net/mail"
	"net/url"
	"strconv"
)

// SMTP says which server takes the mails, and how it is spoken to.
type SMTP struct {
	Host               string
	Port               int
	Username, Password string
	Security           string // "starttls", "tls" or "none"
	From               mail.Address
}

// Ports of submission servers (RFC 6409, RFC 8314).
const (
	submissionPort  = 587
	submissionsPort = 465
)

// parseSMTP reads SMTP_URL:
//
//	smtp://[user:password@]host[:port]              TLS from STARTTLS on, port 587
//	smtps://[user:password@]host[:port]             TLS from the first byte, port 465
//	smtp://host[:port]?tls=none                     no TLS, without a password: a server on this machine
//
// The URL may hold a password, so errors do not repeat it.
func parseSMTP(text string) (SMTP, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.Fragment != "" {
		return SMTP{}, errSMTPURL
	}
	s := SMTP{Host: u.Hostname(), Username: u.User.Username()}
	s.Password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.Port, s.Security = submissionPort, "starttls"
	case "smtps":
		s.Port, s.Security = submissionsPort, "tls"
	default:
		return SMTP{}, errSMTPURL
	}
	if u.Port() != "" {
		if s.Port, err = strconv.Atoi(u.Port()); err != nil || s.Port < 1 || s.Port > 65535 {
			return SMTP{}, errSMTPURL
		}
	}
	switch query := u.Query(); {
	case u.RawQuery == "":
	case len(query) != 1 || query.Get("tls") != "none" || u.Scheme != "smtp":
		return SMTP{}, errors.New("can end with ?tls=none, for smtp:// to a server on this machine, and with nothing else")
	case s.Username != "":
		return SMTP{}, errors.New("has a password that tls=none would send in the clear; leave one of them out")
	default:
		s.Security = "none"
	}
	if (s.Username == "") != (s.Password == "") {
		return SMTP{}, errors.New("has a user without a password, or the reverse")
	}
	return s, nil
}

var errSMTPURL = errors.New("is not an address such as smtp://user:password@mail.example.org:587 or smtps://…")

// checkMail checks what belongs to passwords and mail.
func (c *Config) checkMail(wrong func(format string, args ...any)) {
	if c.AuthPolicy != "compat" && c.AuthPolicy != "strict" {
		wrong("AUTH_POLICY is %q; it can be compat or strict", c.AuthPolicy)
	}
	if c.EmailVerification != "optional" && c.EmailVerification != "required" {
		wrong("EMAIL_VERIFICATION is %q; it can be optional or required", c.EmailVerification)
	}
	if c.Signup != "open" && c.Signup != "closed" {
		wrong("SIGNUP is %q; it can be open or closed", c.Signup)
	}
	if c.SMTPURL != "" {
		var err error
		if c.SMTP, err = parseSMTP(c.SMTPURL); err != nil {
			wrong("SMTP_URL %w", err)
			return
		}
	}
	from, err := mail.ParseAddress(c.MailFrom)
	switch {
	case c.MailFrom != "" && err != nil:
		wrong("MAIL_FROM must be an address such as Maska <noreply@example.org>")
	case c.SMTPURL == "" && c.EmailVerification == "required" && !c.Dev:
		wrong("EMAIL_VERIFICATION=required needs SMTP_URL: without mail nobody could prove an address")
	case c.SMTPURL == "":
	case c.MailFrom == "":
		wrong("MAIL_FROM must be set with SMTP_URL: it is the address that mails come from")
	case c.PublicURL == "" && !c.Dev:
		wrong("PUBLIC_URL must be set with SMTP_URL: the links in mails begin with it")
	default:
		c.SMTP.From = *from
	}
}
