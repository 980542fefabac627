package httpapi

import (
	"maska/internal/errs"
	"maska/internal/mfa"
	"maska/internal/session"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

// origin is that of our pages, which passkeys are bound to: PUBLIC_URL, and in dev mode the address
// that the browser uses, which is known to be this machine. Empty when it is not known.
func (a *API) origin(c *call) string {
	if a.cfg.PublicURL == "" && a.cfg.Dev != nil {
		return "http://" + c.Host
	}
	return a.cfg.PublicURL
}

// passkeyOrigin is origin where passkeys can be used; without it there are none.
func (a *API) passkeyOrigin(c *call) (string, error) {
	origin := a.origin(c)
	if origin == "" {
		return "", errs.New(errs.NotFound)
	}
	return origin, nil
}

// passkeyOptions serves POST /api/auth/passkey/register/options.
func (a *API) passkeyOptions(c *call, _ struct{}) (mfa.CreationOptions, error) {
	origin, err := a.passkeyOrigin(c)
	if err != nil {
		return mfa.CreationOptions{}, err
	}
	return a.sessions.PasskeyOptions(c.Context(), c.actor, origin)
}

type passkeyBody struct {
	mfa.Registration
	Name string `json:"name,omitempty" description:"what its owner calls it; cut to 40 characters"`
}

type passkeyAdded struct {
	ID    string   `json:"id" description:"of the factor"`
	Name  string   `json:"name"`
	Codes []string `json:"recoveryCodes,omitempty" description:"only if the account had none left"`
}

// addPasskey serves POST /api/auth/passkey/register.
func (a *API) addPasskey(c *call, in passkeyBody) (passkeyAdded, error) {
	origin, err := a.passkeyOrigin(c)
	if err != nil {
		return passkeyAdded{}, err
	}
	f, codes, err := a.sessions.AddPasskey(c.Context(), c.actor, origin, in.Name, in.Registration, c.client)
	return passkeyAdded{ID: f.ID, Name: f.Name, Codes: codes}, err
}

// passkeySignInOptions serves POST /api/auth/passkey/login/options.
func (a *API) passkeySignInOptions(c *call, _ struct{}) (mfa.RequestOptions, error) {
	origin, err := a.passkeyOrigin(c)
	if err != nil {
		return mfa.RequestOptions{}, err
	}
	return a.sessions.PasskeySignInOptions(origin)
}

type passkeySignIn struct {
	mfa.Assertion
	DeviceInfo string `json:"deviceInfo,omitempty"`
}

// signInPasskey serves POST /api/auth/passkey/login.
func (a *API) signInPasskey(c *call, in passkeySignIn) (viewaccount.TokenSet, error) {
	origin, err := a.passkeyOrigin(c)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	c.client.Device = cut(in.DeviceInfo)
	tokens, err := a.sessions.SignInPasskey(c.Context(), origin, in.Assertion, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

type passkeyPath struct {
	ID string `path:"id"`
}

func (a *API) removePasskey(c *call, in passkeyPath) (struct{}, error) {
	return struct{}{}, a.sessions.RemoveFactor(c.Context(), c.actor, in.ID, c.client, session.FactorPasskey)
}
