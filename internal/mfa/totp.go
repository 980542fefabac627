// Package mfa is the second factor without the account: codes of authenticator apps, codes that are
// sent, recovery codes, and passkeys.
package mfa

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // authenticator apps know SHA-1 (RFC 6238, section 1.2); HMAC does not need collision resistance
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"

	"maska/internal/random"
)

// Digits is the length of codes, of apps and of those that are sent.
const Digits = 6

const (
	// stepLength is how long an app shows a code.
	stepLength = 30 * time.Second
	// secretSize is the size of a secret in bytes, that of the hash (RFC 4226, section 4, R6).
	secretSize = 20
)

// Secret is what an authenticator app and the server share (RFC 6238).
type Secret []byte

// NewSecret draws a secret.
func NewSecret(source random.Source) Secret { return source.Bytes(secretSize) }

// Text is the secret as people type it into an app.
func (s Secret) Text() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s)
}

// URI is the secret as an app scans it. issuer and name are what the app shows.
func (s Secret) URI(issuer, name string) string {
	query := url.Values{"secret": {s.Text()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + name, RawQuery: query.Encode()}
	return uri.String()
}

// StepOf counts the codes that an app has shown until a time.
func StepOf(t time.Time) int64 { return t.Unix() / int64(stepLength/time.Second) }

// At is the code of a step (RFC 4226, section 5.3).
func (s Secret) At(step int64) string {
	mac := hmac.New(sha1.New, s)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) //nolint:gosec // steps count from 1970
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, number%1_000_000)
}

// Match finds the step that a code belongs to: the present one or the one before, and only one after
// last, so that no code is good twice (auth contract, section 12).
func (s Secret) Match(code string, now time.Time, last int64) (step int64, ok bool) {
	present := StepOf(now)
	for _, step := range []int64{present, present - 1} {
		if hmac.Equal([]byte(code), []byte(s.At(step))) {
			return step, step > last
		}
	}
	return 0, false
}
