package httpapi

import (
	"net/http"

	"maska/internal/errs"
)

// operations is the API's table of contents.
func operations() []operation {
	signInErrors := []errs.Code{errs.InitDataRequired, errs.InitDataInvalid, errs.InitDataExpired, errs.AccountDisabled}
	return []operation{
		op(http.MethodGet, "/health", public, "Tell that the server runs", (*API).health),
		op(http.MethodGet, "/livez", public, "Tell that the process runs", (*API).health),
		op(http.MethodGet, "/readyz", public, "Tell whether the server can do its work, backend by backend", (*API).ready, errs.Unavailable),

		op(http.MethodPost, "/auth", public, "Sign in with Telegram's initData and get a mask", (*API).signIn, signInErrors...),
		op(http.MethodPost, "/api/auth/telegram/login", public, "Sign in with Telegram's initData and link the identity", (*API).signInAccount, signInErrors...),
		op(http.MethodPost, "/api/auth/refresh", public, "Exchange a refresh token for new tokens", (*API).refresh,
			errs.RefreshTokenRequired, errs.RefreshTokenInvalid, errs.RefreshTokenExpired, errs.RefreshTokenReused, errs.SessionRevoked, errs.AccountDisabled),
		optionalBody(op(http.MethodPost, "/api/auth/logout", lateBearer, "End this session, and that of a given refresh token", (*API).logout)),
		op(http.MethodGet, "/api/auth/profile", bearer, "Own account", (*API).ownAccount),

		op(http.MethodGet, "/api/me", bearer, "Own mask, account, limits and what the server keeps", (*API).me),
		op(http.MethodPost, "/api/profile/new", bearer, "Put the mask down and take a new one", (*API).takeNewMask),

		op(http.MethodGet, "/rooms/{id}/messages", bearer, "The last messages of a room, as an array", (*API).rows, errs.NotFound, errs.ValidationFailed),
		op(http.MethodGet, "/api/rooms/{id}/messages", bearer, "Messages of a room: the newest, or before, after or around a seq", (*API).messagePage, errs.NotFound, errs.ValidationFailed),
		op(http.MethodPost, "/api/rooms/{id}/messages", bearer, "Say something in a room", (*API).say, errs.NotFound, errs.CIDConflict, errs.Forbidden),
	}
}
