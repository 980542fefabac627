// Package config is the only reader of the environment: every setting, its default and its check.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"maska/internal/locale"
)

// Config is every setting, checked. Empty addresses of services mean the embedded ones.
type Config struct {
	// Where the server listens and what the world calls it.
	Host           string   `env:"HOST"`
	Port           int      `env:"PORT" envDefault:"3000"`
	PublicURL      string   `env:"PUBLIC_URL"`
	CORSOrigins    []string `env:"CORS_ORIGINS"`
	TrustedProxies []string `env:"TRUSTED_PROXIES"`
	MetricsAddr    string   `env:"METRICS_ADDR"`

	// DrainSpread is the time over which clients are sent away before the end.
	DrainSpread time.Duration `env:"DRAIN_SPREAD" envDefault:"5s"`

	// Where things are kept.
	DataDir     string `env:"DATA_DIR" envDefault:"data"`
	DatabaseURL string `env:"DATABASE_URL"`
	RootKey     string `env:"ROOT_KEY"`

	// What nodes share.
	RedisURL    string `env:"REDIS_URL"`
	RedisPubSub string `env:"REDIS_PUBSUB" envDefault:"plain"`
	RedisPrefix string `env:"REDIS_PREFIX" envDefault:"maska:"`

	// Telegram.
	BotToken    string        `env:"TELEGRAM_BOT_TOKEN"`
	BotTokens   []string      `env:"TELEGRAM_BOT_TOKENS"`
	BotUsername string        `env:"TELEGRAM_BOT_USERNAME"`
	AuthMaxAge  time.Duration `env:"TELEGRAM_AUTH_MAX_AGE" envDefault:"24h"`
	Replay      string        `env:"TELEGRAM_REPLAY" envDefault:"allow"`

	// The second factor.
	SMSWebhookURL string `env:"SMS_WEBHOOK_URL"`

	// Tokens.
	JWTSecret         string   `env:"JWT_SECRET"`
	JWTSecretPrevious []string `env:"JWT_SECRET_PREVIOUS"`
	JWTAlg            string   `env:"JWT_ALG" envDefault:"HS256"`
	JWTExpiresIn      string   `env:"JWT_EXPIRES_IN" envDefault:"1h"`

	// Passwords and mail.
	AuthPolicy        string `env:"AUTH_POLICY" envDefault:"compat"`
	EmailVerification string `env:"EMAIL_VERIFICATION" envDefault:"optional"`
	Signup            string `env:"SIGNUP" envDefault:"open"`
	SMTPURL           string `env:"SMTP_URL"`
	MailFrom          string `env:"MAIL_FROM"`
	// Other services that people may sign in with.
	OIDCIssuers        []string `env:"OIDC_ISSUERS"`
	TelegramOIDCIssuer string   `env:"TELEGRAM_OIDC_ISSUER" envDefault:"https://oauth.telegram.org"`
	TelegramOIDCSecret string   `env:"TELEGRAM_OIDC_SECRET"`

	// Where people sign in from.
	GeoIPDB   string   `env:"GEOIP_DB"`
	GeoPolicy string   `env:"GEO_POLICY"`
	GeoAllow  []string `env:"GEO_ALLOW"`
	GeoDeny   []string `env:"GEO_DENY"`

	// Other systems of the operator.
	IntrospectionSecrets []string `env:"INTROSPECTION_SECRETS"`
	WebhookURL           string   `env:"WEBHOOK_URL"`
	WebhookSecret        string   `env:"WEBHOOK_SECRET"`

	// How long things are kept, in days.
	ProfileTTL      int `env:"PROFILE_TTL" envDefault:"30"`
	MaskLinkDays    int `env:"MASK_LINK_DAYS" envDefault:"14"`
	MessageDays     int `env:"MESSAGE_DAYS" envDefault:"30"`
	RoomMessageDays int `env:"ROOM_MESSAGE_DAYS" envDefault:"7"` // in small rooms
	AuditRetention  int `env:"AUDIT_RETENTION" envDefault:"180"`

	// Limits, language, log.
	RateLimits     string  `env:"RATE_LIMITS" envDefault:"on"`
	RateLimitScale float64 `env:"RATE_LIMIT_SCALE" envDefault:"1"`
	DefaultLocale  string  `env:"DEFAULT_LOCALE" envDefault:"zh-CN"`
	LogLevel       string  `env:"LOG_LEVEL" envDefault:"info"`

	// What follows from the settings above.
	Dev        bool           `env:"-"` // no bot token: the server signs launch data itself, on loopback only
	AccessLife time.Duration  `env:"-"`
	Proxies    []netip.Prefix `env:"-"`
	Locale     locale.Lang    `env:"-"`
	Level      slog.Level     `env:"-"`
	LimitsOff  bool           `env:"-"`
	Issuers    []Issuer       `env:"-"`
	WebhookKey []byte         `env:"-"`
	Redis      Redis          `env:"-"` // without addresses, this node is alone
	SMTP       SMTP           `env:"-"` // without a host, no mail is sent
	Warnings   []string       `env:"-"` // sentences about what is allowed and hardly meant

	// CheapPasswords makes hashes that cost nothing. No setting leads here: it is for tests.
	CheapPasswords bool `env:"-"`
}

// sampleValues are secrets printed in documents; a server that uses one is open to everybody.
var sampleValues = []string{
	"your_bot_token_here", "your_bot_username", "your-jwt-secret-here", "changeme", "secret",
}

// Load reads the environment after the .env file, if there is one; a variable that is set wins over
// the file. The error is one sentence for each mistake.
func Load(environ []string, dotenv string) (Config, error) {
	values, err := readFile(dotenv)
	if err != nil {
		return Config{}, err
	}
	warnings := misspelled(values)
	maps.Copy(values, env.ToMap(environ))
	for name, value := range values { // an empty variable is one that is not set
		if strings.TrimSpace(value) == "" {
			delete(values, name)
		}
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: values}); err != nil {
		if all, ok := errors.AsType[env.AggregateError](err); ok {
			return Config{}, parseMistakes(all)
		}
		return Config{}, err
	}
	c.Warnings = warnings
	return c, c.check()
}

func parseMistakes(all env.AggregateError) error {
	var mistakes []error
	for _, err := range all.Errors {
		if parse, ok := errors.AsType[env.ParseError](err); ok {
			mistakes = append(mistakes, fmt.Errorf("%s must be %s", settingName(parse.Name), inWords(parse.Type)))
			continue
		}
		mistakes = append(mistakes, err)
	}
	return errors.Join(mistakes...)
}

func inWords(kind reflect.Type) string {
	switch kind {
	case reflect.TypeFor[int]():
		return "a whole number"
	case reflect.TypeFor[float64]():
		return "a number"
	case reflect.TypeFor[time.Duration]():
		return "a time such as 24h or 90m"
	}
	return kind.String()
}

// check finds every mistake at once and fills in what follows from the settings.
func (c *Config) check() error {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }

	if c.Port < 0 || c.Port > 65535 {
		wrong("PORT is %d; it must lie between 1 and 65535, or be 0 for any free port", c.Port)
	}
	c.Dev = c.BotToken == "" && len(c.BotTokens) == 0
	for _, token := range c.Tokens() {
		if err := checkBotToken(token); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	c.BotUsername = strings.TrimPrefix(c.BotUsername, "@")
	switch {
	case slices.Contains(sampleValues, c.BotUsername):
		wrong("TELEGRAM_BOT_USERNAME is the sample value; write the name of your bot")
	case c.BotUsername != "" && !isUsername(c.BotUsername):
		wrong("TELEGRAM_BOT_USERNAME is %q; the name of a bot has 5 to 32 letters, digits and _", c.BotUsername)
	}
	switch {
	case c.Dev && c.Host == "":
		c.Host = "127.0.0.1"
	case c.Dev && !isLoopback(c.Host):
		wrong("HOST is %s, but without TELEGRAM_BOT_TOKEN the server opens the door to anybody and so listens on loopback only; set TELEGRAM_BOT_TOKEN or HOST=127.0.0.1", c.Host)
	case c.Host == "":
		c.Host = "0.0.0.0"
	}
	if c.PublicURL != "" {
		origin, err := originOf(c.PublicURL)
		if err != nil {
			wrong("PUBLIC_URL %w", err)
		}
		c.PublicURL = origin
	}
	for i, origin := range c.CORSOrigins {
		exact, err := originOf(strings.TrimSpace(origin))
		if err != nil {
			wrong("CORS_ORIGINS: %q %w", origin, err)
		}
		c.CORSOrigins[i] = exact
	}
	for _, proxy := range c.TrustedProxies {
		prefix, err := parseProxy(strings.TrimSpace(proxy))
		if err != nil {
			wrong("TRUSTED_PROXIES: %q is neither an address nor a network such as 10.0.0.0/8", proxy)
		}
		c.Proxies = append(c.Proxies, prefix)
	}
	if c.MetricsAddr != "" && !isListenAddress(c.MetricsAddr) {
		wrong("METRICS_ADDR is %q; it must be an address and a port such as 127.0.0.1:9464, or :9464 for every address", c.MetricsAddr)
	}
	if c.MetricsAddr != "" && c.Port != 0 && clash(c.MetricsAddr, c.Address()) {
		wrong("METRICS_ADDR is %s, where the server itself listens; give it a port of its own", c.MetricsAddr)
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		wrong("DATABASE_URL must begin with postgres:// ; leave it empty for SQLite in DATA_DIR")
	}
	if c.RedisURL != "" {
		redis, err := parseRedis(c.RedisURL)
		if err != nil {
			wrong("REDIS_URL %w", err)
		}
		c.Redis = redis
		if c.DatabaseURL == "" {
			c.Warnings = append(c.Warnings, "REDIS_URL is set without DATABASE_URL: nodes share messages only if they share one PostgreSQL")
		}
	}
	if c.SMSWebhookURL != "" {
		if gateway, err := url.Parse(c.SMSWebhookURL); err != nil || (gateway.Scheme != "https" && gateway.Scheme != "http") || gateway.Host == "" {
			wrong("SMS_WEBHOOK_URL must be an address such as https://gateway.example/send")
		}
	}
	if c.RedisPubSub != "plain" && c.RedisPubSub != "sharded" {
		wrong("REDIS_PUBSUB is %q; it can be plain or sharded", c.RedisPubSub)
	}
	if strings.ContainsAny(c.RedisPrefix, " {}") {
		wrong("REDIS_PREFIX may hold no spaces and no braces")
	}
	if c.Replay != "allow" && c.Replay != "once" {
		wrong("TELEGRAM_REPLAY is %q; it can be allow or once", c.Replay)
	}
	if c.DrainSpread < 0 || c.DrainSpread > maxSpread {
		wrong("DRAIN_SPREAD is %s; it must lie between 0s and %s", c.DrainSpread, maxSpread)
	}
	if c.AuthMaxAge < time.Minute || c.AuthMaxAge > 7*24*time.Hour {
		wrong("TELEGRAM_AUTH_MAX_AGE is %s; it must lie between 1m and 168h", c.AuthMaxAge)
	}
	for i, secret := range append([]string{c.JWTSecret}, c.JWTSecretPrevious...) {
		name := "JWT_SECRET"
		if i > 0 {
			name = "JWT_SECRET_PREVIOUS"
		}
		switch {
		case secret == "" && i == 0:
		case slices.Contains(sampleValues, secret):
			wrong("%s is the sample value; write a secret of your own, or leave it empty", name)
		case len(secret) < minSecret:
			wrong("%s is shorter than %d bytes; make one with: openssl rand -base64 48", name, minSecret)
		}
	}
	c.checkMail(wrong)
	c.checkSystems(wrong)
	var err error
	if c.AccessLife, err = parseLife(c.JWTExpiresIn); err != nil {
		wrong("JWT_EXPIRES_IN is %q; write 30s, 15m, 1h or 7d, or a number of seconds", c.JWTExpiresIn)
	}
	for _, days := range []struct {
		name     string
		n, least int
		most     int
	}{
		{"PROFILE_TTL", c.ProfileTTL, 1, 365},
		{"MASK_LINK_DAYS", c.MaskLinkDays, 1, 90},
		{"MESSAGE_DAYS", c.MessageDays, 1, 3650},
		{"ROOM_MESSAGE_DAYS", c.RoomMessageDays, 1, 3650},
		{"AUDIT_RETENTION", c.AuditRetention, 1, 3650},
	} {
		if days.n < days.least || days.n > days.most {
			wrong("%s is %d; it is a number of days from %d to %d", days.name, days.n, days.least, days.most)
		}
	}
	switch c.RateLimits {
	case "on":
	case "off":
		c.LimitsOff = true
	default:
		wrong("RATE_LIMITS is %q; it can be on or off", c.RateLimits)
	}
	if !(c.RateLimitScale >= 0 && c.RateLimitScale <= maxScale) || (c.RateLimitScale == 0 && !c.Dev) { // NaN is neither
		wrong("RATE_LIMIT_SCALE is %g; it must lie above 0 and up to %d (0, no limits, is for development without a bot token)", c.RateLimitScale, maxScale)
	}
	lang, ok := locale.Parse(c.DefaultLocale)
	if !ok {
		wrong("DEFAULT_LOCALE is %q; it can be zh-CN, en or ru", c.DefaultLocale)
	}
	c.Locale = lang
	if err := c.Level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		wrong("LOG_LEVEL is %q; it can be debug, info, warn or error", c.LogLevel)
	}
	return errors.Join(mistakes...)
}

// maxSpread bounds DRAIN_SPREAD: a drain ends after 10 s whatever is still under way (guarantee G8).
const maxSpread = 8 * time.Second

// maxScale bounds RATE_LIMIT_SCALE.
const maxScale = 1000

// minSecret is the least length of JWT_SECRET in bytes (auth contract, section 7.1).
const minSecret = 32

// Tokens lists the bot tokens, the current one first.
func (c *Config) Tokens() []string {
	if c.BotToken == "" {
		return c.BotTokens
	}
	return append([]string{c.BotToken}, c.BotTokens...)
}

// BotID is the number of the bot that Telegram's login names, which is public; empty without a bot or
// its name.
func (c *Config) BotID() string {
	if c.BotUsername == "" || len(c.Tokens()) == 0 {
		return ""
	}
	id, _, _ := strings.Cut(c.Tokens()[0], ":")
	return id
}

// Address is what the server listens on.
func (c *Config) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

func checkBotToken(token string) error {
	id, secret, found := strings.Cut(token, ":")
	if slices.Contains(sampleValues, token) {
		return errors.New("TELEGRAM_BOT_TOKEN is the sample value; write the token that BotFather gave you, or leave it empty for development")
	}
	if _, err := strconv.ParseUint(id, 10, 63); err != nil || !found || secret == "" || strings.ContainsAny(token, " \t\"'") {
		return errors.New("TELEGRAM_BOT_TOKEN does not look like a bot token (digits, a colon, letters)")
	}
	return nil
}

// isUsername follows Telegram's rule for the names of users and bots.
func isUsername(name string) bool {
	return len(name) >= 5 && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// isListenAddress reports whether text is a port with an IP address, localhost or nothing before it.
func isListenAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil
}

// clash reports whether two listen addresses have one port, which would show on the one what belongs
// to the other.
func clash(a, b string) bool {
	_, one, _ := net.SplitHostPort(a)
	_, other, _ := net.SplitHostPort(b)
	return one == other
}

// originOf reduces a URL to scheme, host and port, and refuses anything that is more or less.
func originOf(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("is not an address such as https://maska.example.org, without a path")
	}
	return strings.ToLower(u.Scheme + "://" + u.Host), nil
}

func parseProxy(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

func parseLife(text string) (time.Duration, error) {
	life, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		n, err = strconv.Atoi(days)
		life = time.Duration(n) * 24 * time.Hour
	} else if n, atoiErr := strconv.Atoi(text); atoiErr == nil {
		life, err = time.Duration(n)*time.Second, nil
	}
	if err == nil && (life < 30*time.Second || life > 30*24*time.Hour) {
		err = errors.New("out of range")
	}
	return life, err
}

// settingName finds the variable behind a field of Config.
func settingName(field string) string {
	f, ok := reflect.TypeFor[Config]().FieldByName(field)
	if !ok {
		return field
	}
	return f.Tag.Get("env")
}
