package config

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
}
