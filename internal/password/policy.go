package password

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Policy says which passwords may be chosen (auth contract, section 6). It does not bind the ones that
// are in use.
type Policy string

// The policies of AUTH_POLICY.
const (
	Compat Policy = "compat" // what the founding document takes, and passphrases
	Strict Policy = "strict" // long, and not on the list
)

// Flaw is what is wrong with a password; empty when nothing is.
type Flaw string

// The flaws. Their texts are stable: the API shows them.
const (
	TooShort    Flaw = "too_short"
	TooLong     Flaw = "too_long"
	Composition Flaw = "bad_format" // a letter and a digit are wanted
	Common      Flaw = "password_common"
)

// Lengths in code points.
const (
	minCompat       = 6
	minStrict       = 15
	minStrictFactor = 8 // with a second factor
	maxLength       = 128
	passphrase      = 15 // from here on any composition will do
)

// Check returns the flaw for which a password is refused, or else the warning it is taken with.
// secondFactor tells whether the account asks for one; own is what belongs to the person, such as his
// address, and makes a bad password.
func (p Policy) Check(password string, secondFactor bool, own ...string) (refused, warning Flaw) {
	password = norm.NFC.String(password)
	length, least := utf8.RuneCountInString(password), minCompat
	if p == Strict {
		least = minStrict
		if secondFactor {
			least = minStrictFactor
		}
	}
	switch {
	case length < least:
		return TooShort, ""
	case length > maxLength, len(password) > MaxBytes:
		return TooLong, ""
	case p != Strict && length < passphrase && !hasLetterAndDigit(password):
		return Composition, ""
	case !isCommon(password, own):
		return "", ""
	case p == Strict:
		return Common, ""
	}
	return "", Common
}

func hasLetterAndDigit(text string) bool {
	var letter, digit bool
	for _, r := range text {
		letter = letter || unicode.IsLetter(r)
		digit = digit || unicode.IsDigit(r)
	}
	return letter && digit
}
