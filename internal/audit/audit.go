// Package audit records what happened to an account, for its owner and for admins. A record is
// written in the transaction of the act itself: no act without its trace.
package audit

import "time"

// Event names what happened (auth contract, section 10).
type Event string

// The events of signing in and of sessions.
const (
	LoginSuccess   Event = "login_success"
	LoginFail      Event = "login_fail"
	UserCreated    Event = "user_created"
	TokenRefreshed Event = "token_refreshed"
	TokenReuse     Event = "token_reuse"
	TokenRevoked   Event = "token_revoked"
	SessionCreated Event = "session_created"
	SessionEvicted Event = "session_evicted"
	Logout         Event = "logout"
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
