// Package telegram checks what Telegram signs about a person who opens the
// app: the Mini App's initData (with the bot token, or with Telegram's public
// key) and the login widget's data. It also makes such data, for development
// without Telegram and for tests.
//
// Every check takes hostile input: the size is limited before anything else,
// nothing panics, and a refusal is an [*Error] with a [Reason] that never holds
// the data itself.
package telegram

import "log/slog"

// User is the person whom a checked proof names. ID is Telegram's,
// 0 < ID < [UserIDLimit]. The texts are as Telegram had them when it signed; any
// of them may be empty.
type User struct {
	ID           int64
	FirstName    string
	LastName     string
	Username     string
	LanguageCode string
}

const redacted = "[telegram identity]"

// LogValue keeps the person out of logs.
func (User) LogValue() slog.Value { return slog.StringValue(redacted) }

// String keeps the person out of formatted texts.
func (User) String() string { return redacted }

// UserIDLimit is the first number that is no Telegram user id: Telegram promises
// at most 52 significant bits.
const UserIDLimit = 1 << 52

// Reason names the rule that refused a proof. The texts are stable.
type Reason string

// The reasons. Expired and Future are given only when the signature is good.
const (
	Malformed        Reason = "malformed"
	DuplicateKey     Reason = "duplicate_key"
	MissingHash      Reason = "missing_hash"
	BadHash          Reason = "bad_hash"
	MissingSignature Reason = "missing_signature"
	BadSignature     Reason = "bad_signature"
	MissingAuthDate  Reason = "missing_auth_date"
	BadAuthDate      Reason = "bad_auth_date"
	Expired          Reason = "expired"
	Future           Reason = "future"
	MissingUser      Reason = "missing_user"
	BadUser          Reason = "bad_user"
)

// Error is the refusal of a proof.
type Error struct{ Reason Reason }

func (e *Error) Error() string { return "telegram: proof refused: " + string(e.Reason) }

func refuse(reason Reason) error { return &Error{Reason: reason} }
