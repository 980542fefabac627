package limit

import "time"

// The limits of auth contract section 9, before RATE_LIMIT_SCALE. The comment
// names the key.
var (
	TelegramLoginIP     = Rule{Name: "telegram_login_ip", Max: 60, Per: time.Minute}     // IPKey; failed proofs and new accounts only
	TelegramLoginPerson = Rule{Name: "telegram_login_person", Max: 20, Per: time.Minute} // verified Telegram id

	RegisterIP = Rule{Name: "register_ip", Max: 5, Per: time.Hour} // IPKey

	LoginFailureAccount = Rule{Name: "login_failure_account", Max: 5, Per: 15 * time.Minute} // account
	LoginFailureIP      = Rule{Name: "login_failure_ip", Max: 50, Per: 15 * time.Minute}     // IPKey

	RefreshSession = Rule{Name: "refresh_session", Max: 60, Per: time.Minute} // session
	RefreshIP      = Rule{Name: "refresh_ip", Max: 600, Per: time.Minute}     // IPKey

	BindAccount = Rule{Name: "bind_account", Max: 10, Per: time.Hour} // account; bind and unbind together

	MailAddress = Rule{Name: "mail_address", Max: 3, Per: time.Hour} // canonical address; forgot and verify/send together
	MailIP      = Rule{Name: "mail_ip", Max: 20, Per: time.Hour}     // IPKey

	// CodeToken gives no try back within the five minutes that an mfa_token lives.
	CodeToken   = Rule{Name: "code_token", Max: 5, Per: 25 * time.Minute}    // mfa_token
	CodeAccount = Rule{Name: "code_account", Max: 10, Per: 15 * time.Minute} // account

	Everything = Rule{Name: "everything", Max: 300, Per: 10 * time.Second} // account, or IPKey without one
)

// Message is how fast an account may talk in one room (decision 41).
var Message = Rule{Name: "message", Max: 1, Per: time.Second, Burst: 3}

// NewRoom is how many rooms an account may open (chat contract, section 2).
var NewRoom = Rule{Name: "new_room", Max: 5, Per: 24 * time.Hour}
