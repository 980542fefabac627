// Package random draws ids and tokens.
package random

import (
	"encoding/base64"
	"encoding/binary"
	"io"
)

// Source draws from a stream of random bytes; crypto/rand.Reader outside of tests. It is safe for
// concurrent use if the stream is.
type Source struct{ bytes io.Reader }

// New returns a source on a stream that never ends and never fails.
func New(bytes io.Reader) Source { return Source{bytes: bytes} }

// Bytes returns n random bytes.
func (s Source) Bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.bytes, b); err != nil {
		panic("random: the source of randomness failed: " + err.Error()) // nothing secret can be made without it
	}
	return b
}

// ID returns a number of 1 … 2^53−1, which JavaScript holds exactly.
func (s Source) ID() int64 {
	for {
		if id := int64(binary.BigEndian.Uint64(s.Bytes(8)) >> 11); id != 0 { // 53 bits
			return id
		}
	}
}

// Token returns text of n random bytes in the URL alphabet of base64, without padding.
func (s Source) Token(n int) string { return base64.RawURLEncoding.EncodeToString(s.Bytes(n)) }

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Letters returns n characters of A–Z, a–z and 0–9, each equally likely.
func (s Source) Letters(n int) string {
	text := make([]byte, 0, n)
	for len(text) < n {
		for _, b := range s.Bytes(2 * n) {
			if int(b) < 256/len(letters)*len(letters) && len(text) < n { // the rest would favour the first letters
				text = append(text, letters[int(b)%len(letters)])
			}
		}
	}
	return string(text)
}
