package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

// Issuers are other services that say who somebody is.
type Issuers interface {
	Names() []string
	// Start gives the address that leads to an issuer, and what the page must keep until the end.
	Start(ctx context.Context, name string) (address, kept string, err error)
	Finish(ctx context.Context, name, kept, state, code string) (session.Issued, error)
	VerifyTelegram(ctx context.Context, idToken, nonce string) (session.Issued, error)
}

type issuerList struct {
	Issuers []string `json:"issuers" description:"names for the paths of this route's siblings"`
}

func (a *API) issuerNames(*call, struct{}) (issuerList, error) {
	return issuerList{Issuers: a.issuers.Names()}, nil
}

type issuerPath struct {
	Issuer string `path:"issuer"`
}

type issuerStart struct {
	URL  string `json:"url" description:"open this"`
	Flow string `json:"flow" description:"keep this where only this page can read it, and send it to the callback"`
}

// startIssuer serves POST /api/auth/oidc/{issuer}/start.
func (a *API) startIssuer(c *call, in issuerPath) (out issuerStart, err error) {
	out.URL, out.Flow, err = a.issuers.Start(c.Context(), in.Issuer)
	return out, err
}

type issuerBody struct {
	Issuer     string `path:"issuer"`
	Flow       string `json:"flow"`
	State      string `json:"state" description:"as the issuer sent it back"`
	Code       string `json:"code" description:"as the issuer sent it back"`
	DeviceInfo string `json:"deviceInfo,omitempty"`
}

// finishIssuer serves POST /api/auth/oidc/{issuer}/callback.
func (a *API) finishIssuer(c *call, in issuerBody) (viewaccount.TokenSet, error) {
	return a.signInIssued(c, in.DeviceInfo, func() (session.Issued, error) {
		return a.issuers.Finish(c.Context(), in.Issuer, in.Flow, in.State, in.Code)
	})
}

type telegramOIDCBody struct {
	IDToken    string `json:"id_token"`
	Nonce      string `json:"nonce"`
	DeviceInfo string `json:"deviceInfo,omitempty"`
}

// signInTelegramOIDC serves POST /api/auth/telegram/oidc.
func (a *API) signInTelegramOIDC(c *call, in telegramOIDCBody) (viewaccount.TokenSet, error) {
	for field, value := range map[string]string{"id_token": in.IDToken, "nonce": in.Nonce} {
		if value == "" {
			return viewaccount.TokenSet{}, errs.Invalid(field, errs.Required)
		}
	}
	return a.signInIssued(c, in.DeviceInfo, func() (session.Issued, error) {
		return a.issuers.VerifyTelegram(c.Context(), in.IDToken, in.Nonce)
	})
}

func (a *API) signInIssued(c *call, device string, check func() (session.Issued, error)) (viewaccount.TokenSet, error) {
	c.client.Device = cut(device)
	tokens, err := a.sessions.SignInIssued(c.Context(), check, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

// returned serves GET /api/auth/oidc/{issuer}/callback, where issuers send browsers back to: the app takes
// over, with code and state in the fragment, which no server and no log sees.
func (a *API) returned(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	sent := url.Values{}
	for _, name := range []string{"code", "state", "error"} {
		if value := query.Get(name); value != "" {
			sent.Set(name, value)
		}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", "/signin/oidc/"+url.PathEscape(r.PathValue("issuer"))+"#"+sent.Encode())
	w.WriteHeader(http.StatusSeeOther)
}
