package telegram

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The limits of auth contract section 5, for those who have no reason to differ.
const (
	DefaultMaxAge  = 24 * time.Hour
	DefaultMaxSkew = time.Minute
)

// Limits bounds how far a proof's auth_date may lie from now, in whole seconds;
// both ends are still valid. The zero value accepts only the present second.
type Limits struct {
	MaxAge  time.Duration // into the past
	MaxSkew time.Duration // into the future
}

func (l Limits) check(authDate int64, now time.Time) error {
	age := now.Unix() - authDate
	switch {
	case age > int64(l.MaxAge/time.Second):
		return refuse(Expired)
	case -age > int64(l.MaxSkew/time.Second):
		return refuse(Future)
	}
	return nil
}

// Verifier checks proofs that were signed with a bot token. It is safe for
// concurrent use and keeps keys derived from the tokens, not the tokens.
type Verifier struct {
	bots   []bot
	limits Limits
}

// bot holds the two keys of a token. They are never tried for one another:
// a widget hash must not pass as initData, nor the reverse.
type bot struct {
	id     int64
	webApp []byte // HMAC-SHA-256(key "WebAppData", token)
	widget []byte // SHA-256(token)
}

func newBot(token string) bot {
	widget := sha256.Sum256([]byte(token))
	return bot{
		id:     botID(token),
		webApp: sign([]byte("WebAppData"), []byte(token)),
		widget: widget[:],
	}
}

// botID is the number before the colon of a token, 0 if there is none.
func botID(token string) int64 {
	digits, _, _ := strings.Cut(token, ":")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// NewVerifier makes a verifier for the given bot tokens, the current one first.
// Several are for several bots, or for the time in which a token is replaced.
func NewVerifier(tokens []string, limits Limits) (*Verifier, error) {
	if len(tokens) == 0 {
		return nil, errors.New("telegram: no bot token")
	}
	if limits.MaxAge < 0 || limits.MaxSkew < 0 {
		return nil, errors.New("telegram: negative time limit")
	}
	v := &Verifier{limits: limits}
	for _, token := range tokens {
		if token == "" {
			return nil, errors.New("telegram: empty bot token")
		}
		v.bots = append(v.bots, newBot(token))
	}
	return v, nil
}

// signer finds the bot whose key, chosen by key, made mac over text.
func (v *Verifier) signer(text, mac []byte, key func(bot) []byte) (bot, bool) {
	for _, b := range v.bots {
		if hmac.Equal(sign(key(b), text), mac) {
			return b, true
		}
	}
	return bot{}, false
}

func sign(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// prefixLen hex digits of a proof are enough to find a sign-in again in the
// audit, and worth nothing to who reads them there.
const prefixLen = 16

// parseHash reads a hash in its one accepted spelling, 64 lower-case hex digits.
func parseHash(text string) ([]byte, bool) {
	mac, err := hex.DecodeString(text)
	if err != nil || len(mac) != sha256.Size || hex.EncodeToString(mac) != text {
		return nil, false
	}
	return mac, true
}

// parseAuthDate reads UNIX seconds of one to twelve digits.
func parseAuthDate(text string) (int64, bool) {
	if len(text) < 1 || len(text) > 12 {
		return 0, false
	}
	var seconds int64
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		seconds = seconds*10 + int64(digit-'0')
	}
	return seconds, true
}

// parseUserID reads a user id in its one accepted spelling: no sign, no leading
// zero, no fraction, no exponent.
func parseUserID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || id >= UserIDLimit || strconv.FormatInt(id, 10) != text {
		return 0, false
	}
	return id, true
}
