package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"

	"maska/internal/config"
)

const token = "TELEGRAM_BOT_TOKEN=700000001:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8"

func load(t *testing.T, environ ...string) (config.Config, error) {
	t.Helper()
	return config.Load(environ, filepath.Join(t.TempDir(), ".env"))
}

func TestNothingHasToBeSet(t *testing.T) {
	t.Parallel()
	c, err := load(t)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Dev || c.Address() != "127.0.0.1:3000" || c.AccessLife != time.Hour || c.Locale != "zh" || c.AuthMaxAge != 24*time.Hour || c.LimitsOff {
		t.Errorf("%+v", c)
	}
}

func TestABotTokenOpensTheServerToTheNetwork(t *testing.T) {
	t.Parallel()
	c, err := load(t, token, "PUBLIC_URL=https://Maska.example.org/", "CORS_ORIGINS=https://a.example, http://localhost:5000", "TRUSTED_PROXIES=10.0.0.0/8,127.0.0.1", "JWT_EXPIRES_IN=7d", "TELEGRAM_BOT_USERNAME=@maska_bot")
	if err != nil {
		t.Fatal(err)
	}
	if c.Dev || c.Host != "0.0.0.0" || c.PublicURL != "https://maska.example.org" || !slices.Equal(c.CORSOrigins, []string{"https://a.example", "http://localhost:5000"}) ||
		len(c.Proxies) != 2 || c.AccessLife != 7*24*time.Hour || c.BotUsername != "maska_bot" {
		t.Errorf("%+v", c)
	}
}

func TestEveryMistakeIsSaidInOneSentenceThatNamesTheSetting(t *testing.T) {
	t.Parallel()
	for setting, environ := range map[string][]string{
		"PORT":                   {"PORT=99999"},
		"PORT ":                  {"PORT=three"},
		"HOST":                   {"HOST=0.0.0.0"},
		"PUBLIC_URL":             {token, "PUBLIC_URL=maska.example.org"},
		"PUBLIC_URL ":            {token, "PUBLIC_URL=https://maska.example.org/app"},
		"CORS_ORIGINS":           {"CORS_ORIGINS=*"},
		"TRUSTED_PROXIES":        {"TRUSTED_PROXIES=proxy"},
		"METRICS_ADDR":           {"METRICS_ADDR=9464"},
		"DRAIN_SPREAD":           {"DRAIN_SPREAD=1m"},
		"DRAIN_SPREAD ":          {"DRAIN_SPREAD=-1s"},
		"METRICS_ADDR ":          {"METRICS_ADDR=https://metrics.example.org:9464"},
		"METRICS_ADDR  ":         {"METRICS_ADDR=127.0.0.1:http"},
		"METRICS_ADDR   ":        {"METRICS_ADDR=127.0.0.1:70000"},
		"METRICS_ADDR    ":       {"PORT=3100", "METRICS_ADDR=127.0.0.1:3100"},
		"DATABASE_URL":           {"DATABASE_URL=mysql://x"},
		"AUTH_POLICY":            {"AUTH_POLICY=lax"},
		"EMAIL_VERIFICATION":     {"EMAIL_VERIFICATION=yes"},
		"EMAIL_VERIFICATION ":    {token, "EMAIL_VERIFICATION=required"},
		"SIGNUP":                 {"SIGNUP=no"},
		"TELEGRAM_BOT_USERNAME ": {token, "TELEGRAM_BOT_USERNAME=my bot"},
		"GEO_ALLOW ":             {"GEO_ALLOW=Germany"},
		"SMTP_URL ":              {"SMTP_URL=foo"},
		"SMTP_URL":               {"SMTP_URL=mail.example.org", "MAIL_FROM=a@example.org"},
		"MAIL_FROM":              {"SMTP_URL=smtp://mail.example.org"},
		"MAIL_FROM ":             {"MAIL_FROM=nobody"},
		"PUBLIC_URL  ":           {token, "SMTP_URL=smtp://mail.example.org", "MAIL_FROM=a@example.org"},
		"REDIS_URL":              {"REDIS_URL=localhost:6379"},
		"JWT_ALG":                {"JWT_ALG=none"},
		"GEO_POLICY":             {"GEO_POLICY=maybe"},
		"WEBHOOK_URL":            {"WEBHOOK_URL=http://hooks.example", "WEBHOOK_SECRET=whsec_" + strings.Repeat("QUFB", 8)},
		"WEBHOOK_SECRET":         {"WEBHOOK_URL=https://hooks.example", "WEBHOOK_SECRET=short"},
		"OIDC_ISSUERS":           {"PUBLIC_URL=https://a.example", "OIDC_ISSUERS=https://id@issuer.example"},
		"OIDC_ISSUERS ":          {"PUBLIC_URL=https://a.example", "OIDC_ISSUERS=corp=http://id:secret@issuer.example"},
		"OIDC_ISSUERS  ":         {"PUBLIC_URL=https://a.example", "OIDC_ISSUERS=a=https://i@a.example,a=https://i@b.example"},
		"OIDC_ISSUERS   ":        {"OIDC_ISSUERS=corp=https://id:secret@issuer.example"},
		"TELEGRAM_OIDC_ISSUER":   {"TELEGRAM_OIDC_ISSUER=oauth.telegram.org"},
		"TELEGRAM_OIDC_SECRET":   {token, "TELEGRAM_OIDC_SECRET=x"},
		"GEO_POLICY ":            {"GEO_POLICY=block", "GEOIP_DB=x.mmdb"},
		"GEO_ALLOW":              {"GEO_ALLOW=DE"},
		"GEO_DENY":               {"GEOIP_DB=x.mmdb", "GEO_DENY=Germany"},
		"INTROSPECTION_SECRETS":  {"INTROSPECTION_SECRETS=" + strings.Repeat("a", 32) + ",short"},
		"REDIS_URL ":             {"REDIS_URL=http://localhost"},
		"REDIS_URL  ":            {"REDIS_URL=redis://"},
		"REDIS_URL   ":           {"REDIS_URL=redis://a,,b"},
		"REDIS_URL    ":          {"REDIS_URL=redis://a:99999"},
		"REDIS_URL     ":         {"REDIS_URL=redis://a/first"},
		"REDIS_URL      ":        {"REDIS_URL=redis://a,b/1"},
		"REDIS_URL       ":       {"REDIS_URL=redis+sentinel://a,b"},
		"REDIS_URL        ":      {"REDIS_URL=redis+sentinel://a/m?password=x"},
		"REDIS_PUBSUB":           {"REDIS_PUBSUB=fast"},
		"REDIS_PREFIX":           {"REDIS_PREFIX=two words"},
		"TELEGRAM_BOT_TOKEN":     {"TELEGRAM_BOT_TOKEN=your_bot_token_here"},
		"TELEGRAM_BOT_TOKEN ":    {"TELEGRAM_BOT_TOKEN=hello"},
		"TELEGRAM_BOT_USERNAME":  {token, "TELEGRAM_BOT_USERNAME=your_bot_username"},
		"TELEGRAM_AUTH_MAX_AGE":  {"TELEGRAM_AUTH_MAX_AGE=1s"},
		"TELEGRAM_AUTH_MAX_AGE ": {"TELEGRAM_AUTH_MAX_AGE=day"},
		"TELEGRAM_REPLAY":        {"TELEGRAM_REPLAY=maybe"},
		"JWT_SECRET":             {"JWT_SECRET=short"},
		"JWT_SECRET ":            {"JWT_SECRET=your-jwt-secret-here"},
		"JWT_SECRET_PREVIOUS":    {"JWT_SECRET_PREVIOUS=short"},
		"JWT_EXPIRES_IN":         {"JWT_EXPIRES_IN=soon"},
		"JWT_EXPIRES_IN ":        {"JWT_EXPIRES_IN=1s"},
		"PROFILE_TTL":            {"PROFILE_TTL=0"},
		"MASK_LINK_DAYS":         {"MASK_LINK_DAYS=91"},
		"MESSAGE_DAYS":           {"MESSAGE_DAYS=-1"},
		"AUDIT_RETENTION":        {"AUDIT_RETENTION=0"},
		"RATE_LIMITS":            {"RATE_LIMITS=no"},
		"RATE_LIMIT_SCALE":       {token, "RATE_LIMIT_SCALE=0"},
		"RATE_LIMIT_SCALE ":      {"RATE_LIMIT_SCALE=NaN"},
		"RATE_LIMIT_SCALE  ":     {"RATE_LIMIT_SCALE=Inf"},
		"DEFAULT_LOCALE":         {"DEFAULT_LOCALE=fr"},
		"LOG_LEVEL":              {"LOG_LEVEL=loud"},
	} {
		_, err := load(t, environ...)
		setting = strings.TrimSpace(setting)
		if err == nil || !strings.HasPrefix(err.Error(), setting) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", environ, err)
		}
	}
	_, err := load(t, "PORT=-1", "LOG_LEVEL=loud")
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two mistakes: %v", err)
	}
}

func TestAMistakeDoesNotPrintTheSecret(t *testing.T) {
	t.Parallel()
	for _, environ := range []string{"JWT_SECRET=hunter2", "TELEGRAM_BOT_TOKEN=hunter2", "DATABASE_URL=mysql://u:hunter2@h/d", "REDIS_URL=http://u:hunter2@h", "REDIS_URL=redis://u:hunter2@h/x", "SMTP_URL=ftp://u:hunter2@h"} {
		if _, err := load(t, environ); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", environ, err)
		}
	}
}

func TestTheFileIsReadAndTheEnvironmentWins(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("PORT=4000\nLOG_LEVEL=warn # quiet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{"LOG_LEVEL=error"}, path)
	if err != nil || c.Port != 4000 || c.LogLevel != "error" {
		t.Errorf("%+v %v", c, err)
	}
	if err := os.WriteFile(path, []byte("this is not a setting\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(nil, path); err == nil {
		t.Error("a broken file was taken")
	}
}

func TestTheExampleFileNamesEverySettingWithItsDefault(t *testing.T) {
	t.Parallel()
	example, err := godotenv.Read("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name := field.Tag.Get("env")
		if name == "-" {
			continue
		}
		value, named := example[name]
		if !named || value != field.Tag.Get("envDefault") {
			t.Errorf(".env.example has %s=%q (named: %v), the default is %q", name, value, named, field.Tag.Get("envDefault"))
		}
		delete(example, name)
	}
	for name := range example {
		t.Errorf(".env.example names %s, which is no setting", name)
	}
	if c, err := config.Load(nil, "../../.env.example"); err != nil || !c.Dev {
		t.Errorf("the example file as it is: %v", err)
	}
}
