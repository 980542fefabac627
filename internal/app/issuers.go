package app

import (
	"strings"

	"maska/internal/oidc"
	"maska/internal/random"
	"maska/internal/vault"
)

// openIssuers makes the other services that people may sign in with. They are asked how they work when
// somebody does.
func (a *App) openIssuers(keys *vault.Vault, source random.Source) *oidc.Issuers {
	back := func(name string) string { return a.cfg.PublicURL + "/api/auth/oidc/" + name + "/callback" }
	var list []oidc.Issuer
	for _, one := range a.cfg.Issuers {
		list = append(list, oidc.Issuer{Name: one.Name, URL: one.URL, ClientIDs: []string{one.ClientID}, ClientSecret: one.ClientSecret, RedirectURL: back(one.Name)})
	}
	if bots := a.cfg.Tokens(); len(bots) > 0 {
		telegram := oidc.Issuer{Name: "telegram", URL: a.cfg.TelegramOIDCIssuer, ClientSecret: a.cfg.TelegramOIDCSecret, Telegram: true}
		for _, token := range bots {
			id, _, _ := strings.Cut(token, ":")
			telegram.ClientIDs = append(telegram.ClientIDs, id)
		}
		if a.cfg.TelegramOIDCSecret != "" {
			telegram.RedirectURL = back(telegram.Name)
		}
		list = append(list, telegram)
	}
	return oidc.New(oidc.Config{Client: oidc.NewClient(), Vault: keys, Random: source, Now: a.now, MaxAge: a.cfg.AuthMaxAge}, list...)
}
