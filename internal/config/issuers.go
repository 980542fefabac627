package config

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Issuer is another service that people may sign in with.
type Issuer struct {
	Name, URL, ClientID, ClientSecret string
}

// issuerName is what fits in a path; telegram is Telegram's own.
var issuerName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (c *Config) checkIssuers(wrong func(format string, args ...any)) {
	for _, text := range c.OIDCIssuers {
		one, err := parseIssuer(strings.TrimSpace(text))
		if err != nil {
			wrong("OIDC_ISSUERS: %w", err)
			continue
		}
		if slices.ContainsFunc(c.Issuers, func(other Issuer) bool { return other.Name == one.Name }) {
			wrong("OIDC_ISSUERS names %s twice", one.Name)
		}
		c.Issuers = append(c.Issuers, one)
	}
	if len(c.Issuers) > 0 && c.PublicURL == "" {
		wrong("OIDC_ISSUERS needs PUBLIC_URL, where people are sent back to")
	}
	if u, err := url.Parse(c.TelegramOIDCIssuer); err != nil || !secure(u) {
		wrong("TELEGRAM_OIDC_ISSUER must begin with https://")
	}
	if c.TelegramOIDCSecret != "" && (c.Dev || c.PublicURL == "") {
		wrong("TELEGRAM_OIDC_SECRET needs TELEGRAM_BOT_TOKEN, whose bot it belongs to, and PUBLIC_URL, where people are sent back to")
	}
}

// parseIssuer never quotes what it was given, which holds a secret.
func parseIssuer(text string) (Issuer, error) {
	name, address, found := strings.Cut(text, "=")
	u, err := url.Parse(address)
	if !found || err != nil || u.User == nil || u.User.Username() == "" {
		return Issuer{}, errors.New("each is written as name=https://client-id:client-secret@issuer")
	}
	if !issuerName.MatchString(name) || name == "telegram" {
		return Issuer{}, errors.New("a name has up to 32 small letters, digits and hyphens, and is not telegram")
	}
	secret, _ := u.User.Password()
	one := Issuer{Name: name, ClientID: u.User.Username(), ClientSecret: secret}
	u.User = nil
	if !secure(u) || u.RawQuery != "" || u.Fragment != "" {
		return Issuer{}, errors.New("the address of " + name + " must begin with https:// and have no query")
	}
	one.URL = u.String()
	return one, nil
}

// secure tells whether nobody on the way can read what is sent to an address.
func secure(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}
