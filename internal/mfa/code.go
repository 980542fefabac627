package mfa

import (
	"fmt"
	"strings"

	"maska/internal/random"
)

// NewCode draws a code to be sent by mail or text message.
func NewCode(source random.Source) string {
	return fmt.Sprintf("%0*d", Digits, source.ID()%1_000_000) // 2^53 is so much larger that no code is favoured
}

// RecoveryCodes is how many recovery codes an account gets at once.
const RecoveryCodes = 10

const (
	// letters are Crockford's base 32: no letter looks like a digit.
	letters = "0123456789abcdefghjkmnpqrstvwxyz"
	// recoveryLength is the number of letters of a recovery code: 50 bits.
	recoveryLength = 10
)

// NewRecoveryCode draws a code such as "7k3qz-0m4tn", which replaces a lost factor once.
func NewRecoveryCode(source random.Source) string {
	text := make([]byte, 0, recoveryLength+1)
	for i, b := range source.Bytes(recoveryLength) {
		if i == recoveryLength/2 {
			text = append(text, '-')
		}
		text = append(text, letters[b%byte(len(letters))])
	}
	return string(text)
}

// misread are the letters that Crockford's base 32 reads as digits.
var misread = strings.NewReplacer("o", "0", "i", "1", "l", "1", "-", "", " ", "")

// ReadRecoveryCode brings a code as people type it into the form in which it was given out; false
// when it cannot be one.
func ReadRecoveryCode(typed string) (code string, ok bool) {
	if len(typed) > 4*recoveryLength {
		return "", false
	}
	plain := misread.Replace(strings.ToLower(typed))
	if len(plain) != recoveryLength || strings.Trim(plain, letters) != "" {
		return "", false
	}
	return plain[:recoveryLength/2] + "-" + plain[recoveryLength/2:], true
}
