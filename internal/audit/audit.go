// Package audit records what happened to an account, for its owner and for admins. A record is
// written in the transaction of the act itself: no act without its trace.
package audit

import "time"

// Event names what happened (auth contract, section 10).
type Event string

// All events.
const (
	LoginSuccess           Event = "login_success"
	LoginFail              Event = "login_fail"
	LoginLocked            Event = "login_locked"
	UserCreated            Event = "user_created"
	TokenRefreshed         Event = "token_refreshed"
	TokenReuse             Event = "token_reuse"
	TokenRevoked           Event = "token_revoked"
	SessionCreated         Event = "session_created"
	SessionEvicted         Event = "session_evicted"
	Logout                 Event = "logout"
	LogoutAll              Event = "logout_all"
	PasswordChanged        Event = "password_changed"
	PasswordResetRequested Event = "password_reset_requested"
	PasswordReset          Event = "password_reset"
	EmailBound             Event = "email_bound"
	EmailVerified          Event = "email_verified"
	EmailUnbound           Event = "email_unbound"
	TelegramBound          Event = "telegram_bound"
	TelegramUnbound        Event = "telegram_unbound"
	MFAEnrolled            Event = "mfa_enrolled"
	MFARemoved             Event = "mfa_removed"
	MFAFailed              Event = "mfa_failed"
	MFARecoveryUsed        Event = "mfa_recovery_used"
	DeviceNew              Event = "device_new"
	GeoBlocked             Event = "geo_blocked"
	GeoUnusual             Event = "geo_unusual"
	AccountDisabled        Event = "account_disabled"
	AccountEnabled         Event = "account_enabled"
	AccountDeleted         Event = "account_deleted"
	RoleChanged            Event = "role_changed"
	RateLimited            Event = "rate_limited"
)

// Outcome tells whether the act succeeded.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
)

// Record is one line. It never holds a profile id, a token, a proof or a whole address.
type Record struct {
	ID        int64
	At        time.Time
	Event     Event
	Outcome   Outcome
	Account   int64 // 0 when no account is known
	Session   string
	Actor     int64 // who did it, when not the account itself
	RequestID string
	IP        string // cut to /24 or /48
	Country   string
	Agent     string // class of device, not the whole User-Agent
	Detail    string
}
