package config

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// checkSystems looks at the settings that concern other systems of the operator.
func (c *Config) checkSystems(wrong func(format string, args ...any)) {
	if c.JWTAlg != "HS256" && c.JWTAlg != "EdDSA" {
		wrong("JWT_ALG is %q; it can be HS256 or EdDSA", c.JWTAlg)
	}
	for _, secret := range c.IntrospectionSecrets {
		if len(secret) < minSecret {
			wrong("INTROSPECTION_SECRETS holds one that is shorter than %d bytes; make one with: openssl rand -base64 48", minSecret)
		}
	}
	c.checkWebhook(wrong)
	c.checkPlaces(wrong)
	c.checkIssuers(wrong)
}

// checkWebhook reads the key as Standard Webhooks writes it.
func (c *Config) checkWebhook(wrong func(format string, args ...any)) {
	if c.WebhookURL == "" {
		return
	}
	if u, err := url.Parse(c.WebhookURL); err != nil || !secure(u) {
		wrong("WEBHOOK_URL must begin with https://")
	}
	text, prefixed := strings.CutPrefix(c.WebhookSecret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !prefixed || err != nil || len(key) < 24 || len(key) > 64 {
		wrong("WEBHOOK_SECRET must be, for WEBHOOK_URL, whsec_ and 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)")
	}
	c.WebhookKey = key
}

// What is made of the place of a sign-in (decision 46).
const (
	GeoOff    = "off"
	GeoNotify = "notify"
	GeoBlock  = "block"
)

func (c *Config) checkPlaces(wrong func(format string, args ...any)) {
	for _, list := range []struct {
		name      string
		countries []string
	}{{"GEO_ALLOW", c.GeoAllow}, {"GEO_DENY", c.GeoDeny}} {
		named := true
		for i, country := range list.countries {
			country = strings.ToUpper(strings.TrimSpace(country))
			if len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				wrong("%s holds %q; a country has two letters, as DE", list.name, list.countries[i])
				named = false
			}
			list.countries[i] = country
		}
		if named && len(list.countries) > 0 && c.GeoIPDB == "" {
			wrong("%s needs GEOIP_DB, the file that tells where addresses are", list.name)
		}
	}
	listed := len(c.GeoAllow)+len(c.GeoDeny) > 0
	switch c.GeoPolicy {
	case "":
		c.GeoPolicy = GeoNotify
		if listed {
			c.GeoPolicy = GeoBlock
		}
	case GeoOff, GeoNotify:
	case GeoBlock:
		if !listed {
			wrong("GEO_POLICY is block, but neither GEO_ALLOW nor GEO_DENY says whom")
		}
	default:
		wrong("GEO_POLICY is %q; it can be off, notify or block", c.GeoPolicy)
	}
}
