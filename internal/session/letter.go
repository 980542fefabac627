package session

import (
	"context"

	"maska/internal/locale"
)

// LetterKind is what a mail is about.
type LetterKind string

// The kinds. Each has a text in every language (package mail).
const (
	LetterVerify          LetterKind = "verify"           // the link proves the address
	LetterClaim           LetterKind = "claim"            // the link takes the address from an account that never proved it
	LetterReset           LetterKind = "reset"            // the link lets a new password be set
	LetterCode            LetterKind = "code"             // the code completes a sign-in
	LetterPasswordChanged LetterKind = "password_changed" // somebody changed the password
	LetterNewDevice       LetterKind = "new_device"       // somebody signed in on a device not seen before
	LetterTokenReuse      LetterKind = "token_reuse"      // a session was ended because its token was copied
)

// LetterKinds lists all kinds.
func LetterKinds() []LetterKind {
	return []LetterKind{LetterVerify, LetterClaim, LetterReset, LetterCode, LetterPasswordChanged, LetterNewDevice, LetterTokenReuse}
}

// Letter is a mail to the owner of an account. Token and Code are secrets.
type Letter struct {
	Kind     LetterKind
	To       string // where mail goes: email.Address.Mailbox
	Language locale.Lang
	Token    string // of the link
	Code     string
	Device   string // class of a device, such as "iPhone"; may be empty
	Country  string // ISO 3166-1; may be empty
}

// Mailer delivers letters in the background.
type Mailer interface {
	// Post has a letter written and sent later, and never blocks; nil instead of a letter means that there
	// is none to send. It is false when too many letters wait. So whoever posts answers in the same time
	// whether or not the letter's reader exists.
	Post(write func(context.Context) (*Letter, error)) bool
}

// noMail is the mailer of a service that was given none.
type noMail struct{}

func (noMail) Post(func(context.Context) (*Letter, error)) bool { return false }
