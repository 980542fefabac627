package loadtest

import (
	"bytes"
	"strings"
)

// A tag at the start of a message's content says who it is, in hexadecimal: the run, so that a
// stranger's messages are left alone, the room, and the message's index in the room.
type tag struct {
	run  uint32
	room int
	n    int64
}

const (
	tagMark   = "~~"
	tagDigits = 8 + 4 + 8
	tagSize   = len(tagMark) + tagDigits
	maxRooms  = 1 << 16
)

func (t tag) append(b []byte) []byte {
	b = append(b, tagMark...)
	b = appendHex(b, uint64(t.run), 8)
	b = appendHex(b, uint64(t.room), 4) //nolint:gosec // an index
	return appendHex(b, uint64(t.n), 8) //nolint:gosec // an index
}

// appendCID adds the UUID of the message, which is its own in the run.
func (t tag) appendCID(b []byte) []byte {
	b = appendHex(b, uint64(t.run), 8)
	b = append(b, "-0000-4000-8000-"...)
	b = appendHex(b, uint64(t.room), 4) //nolint:gosec // an index
	return appendHex(b, uint64(t.n), 8) //nolint:gosec // an index
}

// findTag finds the first tag in a text.
func findTag(text []byte) (tag, bool) {
	at := bytes.Index(text, []byte(tagMark))
	if at < 0 || len(text) < at+tagSize {
		return tag{}, false
	}
	digits := text[at+len(tagMark) : at+tagSize]
	run, ok1 := parseHex(digits[:8])
	room, ok2 := parseHex(digits[8:12])
	n, ok3 := parseHex(digits[12:])
	return tag{run: uint32(run), room: int(room), n: n}, ok1 && ok2 && ok3 //nolint:gosec // eight digits
}

func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&0xF])
	}
	return b
}

func parseHex(b []byte) (v int64, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | int64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | int64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

const messageEvent = `42["message",`

// numberOf reads the server's number of a message, which begins its JSON: {"id":7 or {"id":"1-7".
func numberOf(payload []byte) (int64, bool) {
	digits, ok := bytes.CutPrefix(payload, []byte(`{"id":`))
	if !ok {
		return 0, false
	}
	if len(digits) > 0 && digits[0] == '"' {
		dash := bytes.IndexByte(digits, '-')
		if dash < 0 {
			return 0, false
		}
		digits = digits[dash+1:]
	}
	return leadingNumber(digits)
}

func leadingNumber(b []byte) (n int64, ok bool) {
	for i, c := range b {
		if c < '0' || c > '9' || i == 18 {
			return n, i > 0
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) > 0
}

// filling pads the content of a message to that size.
func filling(size int) string {
	const words = " the quick brown fox jumps over the lazy dog"
	return strings.TrimRight(strings.Repeat(words, size/len(words)+1)[:max(size-tagSize, 0)], " ")
}
