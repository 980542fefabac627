package httpapi

import (
	"net/http"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
)

// operations is the API's table of contents.
func operations() []operation {
	signInErrors := []errs.Code{errs.InitDataRequired, errs.InitDataInvalid, errs.InitDataExpired, errs.AccountDisabled, errs.MFARequired, errs.GeoBlocked}
	activationErrors := []errs.Code{errs.MFAInvalid, errs.AccountLocked, errs.FactorExists, errs.NotFound}
	roomGone := []errs.Code{errs.NotFound, errs.RoomClosed}
	notOwner := []errs.Code{errs.NotFound, errs.RoomClosed, errs.NotMember, errs.Forbidden}
	return []operation{
		forWatchers(op(http.MethodGet, "/health", public, "Tell that the server runs", (*API).health)),
		forWatchers(op(http.MethodGet, "/livez", public, "Tell that the process runs", (*API).health)),
		forWatchers(op(http.MethodGet, "/readyz", public, "Tell whether the server can do its work, backend by backend", (*API).ready, errs.Unavailable)),

		op(http.MethodPost, "/auth", public, "Sign in with Telegram's initData and get a mask", (*API).signIn, signInErrors...),
		op(http.MethodPost, "/api/auth/telegram/login", public, "Sign in with Telegram's initData and link the identity", (*API).signInAccount, signInErrors...),
		op(http.MethodPost, "/api/auth/telegram/bot-login", public, "Sign in with the login widget or a login URL and link the identity", (*API).signInWidget,
			errs.TelegramDataInvalid, errs.AccountDisabled, errs.MFARequired, errs.GeoBlocked),
		op(http.MethodPost, "/api/auth/refresh", public, "Exchange a refresh token for new tokens", (*API).refresh,
			errs.RefreshTokenRequired, errs.RefreshTokenInvalid, errs.RefreshTokenExpired, errs.RefreshTokenReused, errs.SessionRevoked, errs.AccountDisabled),
		optionalBody(op(http.MethodPost, "/api/auth/logout", lateBearer, "End this session, and that of a given refresh token", (*API).logout)),
		optionalBody(op(http.MethodPost, "/api/auth/logout-all", bearer, "End all own sessions", (*API).logoutAll)),
		op(http.MethodPost, "/api/auth/reauth", bearer, "Prove once more who one is", (*API).reauth,
			errs.InitDataInvalid, errs.InitDataExpired, errs.CredentialsInvalid, errs.MFAInvalid, errs.AccountLocked),
		op(http.MethodGet, "/api/auth/sessions", bearer, "Own sessions", (*API).ownSessions),
		op(http.MethodDelete, "/api/auth/sessions/{id}", bearer, "End one of the own sessions", (*API).endSession, errs.SessionNotFound),
		op(http.MethodGet, "/api/auth/audit", bearer, "What happened to the own account", (*API).ownAudit, errs.ValidationFailed),
		answering(http.StatusCreated, op(http.MethodPost, "/api/auth/register", public, "Make an account with an address and a password, and sign in", (*API).register,
			errs.SignupDisabled, errs.EmailInvalid, errs.PasswordMismatch, errs.PasswordWeak, errs.EmailTaken, errs.AccountDisabled)),
		op(http.MethodPost, "/api/auth/login", public, "Sign in with an address or a username, and a password", (*API).signInPassword,
			errs.CredentialsInvalid, errs.AccountDisabled, errs.EmailNotVerified, errs.MFARequired, errs.AccountLocked),
		answering(http.StatusAccepted, op(http.MethodPost, "/api/auth/email/verify/send", bearer, "Send the link that proves the own address", (*API).sendVerification,
			errs.EmailVerified, errs.NotBound)),
		op(http.MethodPost, "/api/auth/email/verify", public, "Prove an address by the link that was sent to it", (*API).verifyEmail,
			errs.VerificationTokenInvalid, errs.ReauthRequired, errs.CredentialsInvalid, errs.PasswordMismatch, errs.PasswordWeak, errs.AccountLocked, errs.SignupDisabled),
		answering(http.StatusAccepted, op(http.MethodPost, "/api/auth/password/forgot", public, "Send a link that lets a new password be set", (*API).forgotPassword, errs.EmailInvalid)),
		op(http.MethodPost, "/api/auth/password/reset", public, "Set a new password by the link, and end all sessions", (*API).resetPassword,
			errs.PasswordMismatch, errs.PasswordWeak, errs.ResetTokenInvalid),
		op(http.MethodPost, "/api/auth/password/change", bearer, "Change the own password and end the other sessions", (*API).changePassword,
			errs.PasswordMismatch, errs.PasswordWeak, errs.CredentialsInvalid, errs.AccountLocked, errs.ReauthRequired),
		op(http.MethodGet, "/api/auth/profile", bearer, "Own account", (*API).ownAccount),
		op(http.MethodGet, "/api/auth/oidc", public, "Other services to sign in with", (*API).issuerNames),
		op(http.MethodPost, "/api/auth/oidc/{issuer}/start", public, "Begin to sign in with another service", (*API).startIssuer, errs.NotFound),
		op(http.MethodPost, "/api/auth/oidc/{issuer}/callback", public, "End signing in with another service", (*API).finishIssuer,
			errs.NotFound, errs.CredentialsInvalid, errs.TelegramDataInvalid, errs.AccountDisabled, errs.MFARequired, errs.GeoBlocked),
		op(http.MethodPost, "/api/auth/telegram/oidc", public, "Sign in with an ID token of Telegram and link the identity", (*API).signInTelegramOIDC,
			errs.TelegramDataInvalid, errs.AccountDisabled, errs.MFARequired, errs.GeoBlocked),
		op(http.MethodGet, "/api/admin/users", bearer, "Accounts, or exactly one", only(account.ManageAccounts, (*API).accounts), errs.Forbidden, errs.ValidationFailed),
		op(http.MethodPatch, "/api/admin/users/{id}", bearer, "Disable, enable or change the roles of an account", only(account.ManageAccounts, (*API).changeAccount), errs.Forbidden, errs.NotFound),
		op(http.MethodPost, "/api/admin/users/{id}/logout", bearer, "End all sessions of an account", only(account.ManageAccounts, (*API).logoutAccount), errs.Forbidden, errs.NotFound),
		op(http.MethodGet, "/api/admin/audit", bearer, "What happened to all accounts", only(account.ReadAudit, (*API).allAudit), errs.Forbidden, errs.ValidationFailed),
		op(http.MethodPost, "/api/admin/claim", bearer, "Become the first admin by the code that the server printed at its first start", (*API).claimAdmin, errs.MFAInvalid),
		op(http.MethodPost, "/api/auth/introspect", service, "Tell another service what an access token is worth", (*API).introspect),
		op(http.MethodGet, "/.well-known/jwks.json", public, "Keys that verify access tokens; only with JWT_ALG=EdDSA", (*API).jwks, errs.NotFound),

		op(http.MethodPost, "/api/user/bind-telegram", bearer, "Link a Telegram identity, by the login widget's fields or by initData", (*API).bindTelegram,
			errs.TelegramDataInvalid, errs.TelegramAlreadyBound, errs.TelegramTaken),
		op(http.MethodPost, "/api/user/bind-email", bearer, "Link an address and a password", (*API).bindEmail,
			errs.EmailInvalid, errs.PasswordMismatch, errs.PasswordWeak, errs.ReauthRequired, errs.EmailAlreadyBound, errs.EmailTaken),
		op(http.MethodPost, "/api/user/unbind-telegram", fresh, "Unlink the Telegram identity", (*API).unbindTelegram, errs.NotBound, errs.LastLoginMethod),
		op(http.MethodPost, "/api/user/unbind-email", fresh, "Unlink the e-mail address and forget the password", (*API).unbindEmail, errs.NotBound, errs.LastLoginMethod),
		op(http.MethodPatch, "/api/user/profile", bearer, "Change the own names and language", (*API).changePerson),
		op(http.MethodGet, "/api/user/export", fresh, "Everything that is kept of oneself", (*API).export),
		op(http.MethodGet, "/api/me/data", fresh, "The same as /api/user/export", (*API).export),
		noContent(op(http.MethodDelete, "/api/user", fresh, "Delete the own account", (*API).deleteAccount)),
		noContent(op(http.MethodDelete, "/api/me", fresh, "The same as DELETE /api/user", (*API).deleteAccount)),

		op(http.MethodGet, "/api/auth/mfa", bearer, "How the own account is protected", (*API).factors),
		op(http.MethodPatch, "/api/auth/mfa", fresh, "Choose when a second factor is asked for", (*API).changeMFAFor),
		op(http.MethodPost, "/api/auth/mfa/totp/enroll", fresh, "Begin to use an authenticator app", (*API).enrolTOTP, errs.FactorExists),
		op(http.MethodPost, "/api/auth/mfa/totp/activate", fresh, "Finish it with the app's first code, and get recovery codes", activateFactor(session.FactorTOTP), activationErrors...),
		op(http.MethodPost, "/api/auth/mfa/email/enroll", fresh, "Begin to use the own address for codes; one is sent", (*API).enrolEmail, errs.FactorExists, errs.NotBound, errs.EmailNotVerified),
		op(http.MethodPost, "/api/auth/mfa/email/activate", fresh, "Finish it with the code, and get recovery codes", activateFactor(session.FactorEmail), activationErrors...),
		op(http.MethodPost, "/api/auth/mfa/sms/enroll", fresh, "Begin to use a phone for codes; one is sent", (*API).enrolSMS, errs.FactorExists, errs.ValidationFailed, errs.NotFound),
		op(http.MethodPost, "/api/auth/mfa/sms/activate", fresh, "Finish it with the code, and get recovery codes", activateFactor(session.FactorSMS), activationErrors...),
		op(http.MethodPost, "/api/auth/mfa/recovery", fresh, "Void the recovery codes and get others", (*API).renewRecoveryCodes, errs.NotFound),
		noContent(op(http.MethodDelete, "/api/auth/mfa/{factorId}", fresh, "Remove a second factor", (*API).removeFactor, errs.NotFound, errs.LastLoginMethod)),
		answering(http.StatusAccepted, op(http.MethodPost, "/api/auth/mfa/challenge", public, "Ask for a factor of a sign-in that waits: a code is sent", (*API).askFactor, errs.MFAInvalid, errs.MFAExpired)),
		op(http.MethodPost, "/api/auth/mfa/verify", public, "Complete a sign-in that waits for a second factor", (*API).proveFactor, errs.MFAInvalid, errs.MFAExpired, errs.AccountLocked, errs.AccountDisabled, errs.GeoBlocked),
		op(http.MethodPost, "/api/auth/passkey/register/options", fresh, "Ask for a new passkey", (*API).passkeyOptions, errs.NotFound),
		answering(http.StatusCreated, op(http.MethodPost, "/api/auth/passkey/register", fresh, "Keep a new passkey", (*API).addPasskey, errs.MFAInvalid, errs.FactorExists, errs.NotFound)),
		op(http.MethodPost, "/api/auth/passkey/login/options", public, "Ask for any passkey of this site", (*API).passkeySignInOptions, errs.NotFound),
		op(http.MethodPost, "/api/auth/passkey/login", public, "Sign in with a passkey", (*API).signInPasskey, errs.MFAInvalid, errs.AccountDisabled, errs.GeoBlocked, errs.NotFound),
		noContent(op(http.MethodDelete, "/api/auth/passkey/{id}", fresh, "Remove a passkey", (*API).removePasskey, errs.NotFound, errs.LastLoginMethod)),

		op(http.MethodGet, "/api/me", bearer, "Own mask, account, limits and what the server keeps", (*API).me),
		op(http.MethodPost, "/api/profile/new", bearer, "Put the mask down and take a new one", (*API).takeNewMask),

		op(http.MethodGet, "/api/rooms", bearer, "Own rooms, or public ones", (*API).rooms, errs.ValidationFailed),
		op(http.MethodPost, "/api/rooms", bearer, "Open a small room", (*API).openRoom, errs.Forbidden),
		op(http.MethodGet, "/api/rooms/{id}", bearer, "One room", (*API).room, roomGone...),
		op(http.MethodPatch, "/api/rooms/{id}", bearer, "Rename, lock or hand over an own room", (*API).editRoom, notOwner...),
		op(http.MethodDelete, "/api/rooms/{id}", bearer, "Close an own room for everybody", (*API).closeRoom, notOwner...),
		op(http.MethodPost, "/api/rooms/{id}/join", bearer, "Take a seat in a public room", (*API).joinRoom, append([]errs.Code{errs.RoomFull, errs.Forbidden}, roomGone...)...),
		op(http.MethodPost, "/api/rooms/{id}/leave", bearer, "Give the seat up", (*API).leaveRoom, notOwner...),
		op(http.MethodGet, "/api/rooms/{id}/members", bearer, "Who sits in a room", (*API).roomMembers, notOwner...),
		op(http.MethodDelete, "/api/rooms/{id}/members/{profileId}", bearer, "Take somebody's seat in an own room", (*API).removeMember, notOwner...),
		op(http.MethodPost, "/api/rooms/{id}/invites", bearer, "Make an invite to an own room", (*API).invite, notOwner...),
		op(http.MethodDelete, "/api/rooms/{id}/invites/{code}", bearer, "End an invite", (*API).uninvite, append([]errs.Code{errs.InviteInvalid}, notOwner...)...),
		op(http.MethodGet, "/api/invites/{code}", bearer, "Where an invite leads", (*API).previewInvite, errs.InviteInvalid),
		op(http.MethodPost, "/api/invites/{code}/accept", bearer, "Take a seat by an invite", (*API).acceptInvite, errs.InviteInvalid, errs.RoomFull, errs.Forbidden),

		op(http.MethodGet, "/rooms/{id}/messages", bearer, "The last messages of a room, as an array", (*API).rows, errs.NotFound, errs.NotMember, errs.RoomClosed, errs.ValidationFailed),
		op(http.MethodGet, "/api/rooms/{id}/messages", bearer, "Messages of a room: the newest, or before, after or around a seq", (*API).messagePage, errs.NotFound, errs.NotMember, errs.RoomClosed, errs.ValidationFailed),
		op(http.MethodPost, "/api/rooms/{id}/messages", bearer, "Say something in a room", (*API).say, errs.NotFound, errs.NotMember, errs.RoomClosed, errs.CIDConflict, errs.Forbidden),
	}
}
