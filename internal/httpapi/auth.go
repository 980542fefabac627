package httpapi

import (
	"net/http"
	"strings"

	"maska/internal/errs"
	"maska/internal/view"
	viewaccount "maska/internal/view/account"
)

type signInBody struct {
	InitData   string `json:"initData" description:"the raw query string that Telegram hands to the page"`
	DeviceInfo string `json:"deviceInfo,omitempty" description:"cut to 256 characters; only a class of device is kept"`
}

// maxDeviceInfo is what is looked at of deviceInfo, in code points; the rest is cut, not refused.
const maxDeviceInfo = 256

// signIn serves POST /auth: whoever Telegram names gets a mask, and nothing reversible is kept of him.
func (a *API) signIn(c *call, in signInBody) (viewaccount.Auth, error) {
	c.client.Device = cut(in.DeviceInfo)
	tokens, err := a.sessions.SignInTelegram(c.Context(), in.InitData, false, c.client, c.lang)
	if err != nil {
		return viewaccount.Auth{}, err
	}
	return viewaccount.AuthOf(tokens, view.AvatarURL), nil
}

// signInAccount serves POST /api/auth/telegram/login: as signIn, and the identity is linked, sealed.
func (a *API) signInAccount(c *call, in signInBody) (viewaccount.TokenSet, error) {
	c.client.Device = cut(in.DeviceInfo)
	tokens, err := a.sessions.SignInTelegram(c.Context(), in.InitData, true, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

// widgetBody is what the login widget and login URLs sign. The check needs the body as it came, with
// members that we do not know.
type widgetBody struct {
	ID         any    `json:"id" description:"integer, or the same in decimal"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name,omitempty"`
	Username   string `json:"username,omitempty"`
	PhotoURL   string `json:"photo_url,omitempty"`
	AuthDate   any    `json:"auth_date" description:"UNIX seconds, integer or the same in decimal"`
	Hash       string `json:"hash"`
	DeviceInfo string `json:"deviceInfo,omitempty"`
	rawBody    `json:"-"`
}

// signInWidget serves POST /api/auth/telegram/bot-login.
func (a *API) signInWidget(c *call, in widgetBody) (viewaccount.TokenSet, error) {
	c.client.Device = cut(in.DeviceInfo)
	tokens, err := a.sessions.SignInWidget(c.Context(), in.raw, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

type refreshBody struct {
	RefreshToken string `json:"refresh_token"`
}

func (a *API) refresh(c *call, in refreshBody) (viewaccount.TokenSet, error) {
	tokens, err := a.sessions.Refresh(c.Context(), in.RefreshToken, c.client, c.lang)
	if err != nil {
		return viewaccount.TokenSet{}, err
	}
	return viewaccount.TokenSetOf(tokens, view.AvatarURL), nil
}

type logoutBody struct {
	RefreshToken string `json:"refresh_token,omitempty"`
}

type done struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (a *API) logout(c *call, in logoutBody) (done, error) {
	if err := a.sessions.Logout(c.Context(), c.bearer, in.RefreshToken, c.client); err != nil {
		return done{}, err
	}
	return done{Success: true, Message: loggedOut(c.lang)}, nil
}

func (a *API) ownAccount(c *call, _ struct{}) (viewaccount.User, error) {
	return a.userOf(c.actor.Account)
}

// bearerToken reads the Authorization header (RFC 6750, section 2.1).
func bearerToken(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", errs.New(errs.TokenMissing)
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if len(values) > 1 || !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errs.New(errs.TokenInvalid)
	}
	return token, nil
}

// cut keeps what is looked at of deviceInfo.
func cut(text string) string {
	n := maxDeviceInfo
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
