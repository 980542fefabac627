package message

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"maska/internal/errs"
	"maska/internal/room"
)

// What a message may hold (chat contract, section 3).
const (
	MaxContent = 4000 // code points
	MaxLines   = 30
)

// Draft is a message that keeps the rules and is ready to be stored. Make it with NewDraft.
type Draft struct {
	room    room.ID
	cid     CID // zero when the sender gave none
	content string
}

// NewDraft checks what somebody wants to say: content as it came, cid as text or empty. It returns
// validation_failed that names the field.
func NewDraft(id room.ID, content, cid string) (Draft, error) {
	d := Draft{room: id}
	var err error
	if d.content, err = normalise(content); err != nil {
		return Draft{}, err
	}
	if cid != "" {
		if d.cid, err = ParseCID(cid); err != nil {
			return Draft{}, err
		}
	}
	return d, nil
}

// Room tells where it is to be said.
func (d Draft) Room() room.ID { return d.room }

// Content is the text as it will be stored.
func (d Draft) Content() string { return d.content }

// ParseCID reads a UUID of any version in its usual form of 36 characters (RFC 9562, section 4),
// in either case, and returns validation_failed for anything else.
func ParseCID(text string) (CID, error) {
	if len(text) == 36 { // Parse also takes braces, URNs and bare hexadecimal
		if id, err := uuid.Parse(text); err == nil {
			return id, nil
		}
	}
	return CID{}, errs.Invalid("cid", errs.BadFormat)
}

func normalise(content string) (string, error) {
	// NFC at most triples the length (Unicode Standard Annex 15), so it is worth knowing first.
	if len(content) > utf8.UTFMax*MaxContent*2 {
		return "", errs.Invalid("content", errs.TooLong)
	}
	if !utf8.ValidString(content) {
		return "", errs.Invalid("content", errs.BadCharacter)
	}
	content = strings.TrimSpace(norm.NFC.String(content))
	lines, visible := 1, false
	for _, r := range content {
		switch {
		case r == '\n', r == '\u2028', r == '\u2029':
			lines++
		case unicode.IsControl(r):
			return "", errs.Invalid("content", errs.BadCharacter)
		case !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			visible = true
		}
	}
	switch {
	case !visible:
		return "", errs.Invalid("content", errs.Required)
	case utf8.RuneCountInString(content) > MaxContent:
		return "", errs.Invalid("content", errs.TooLong)
	case lines > MaxLines:
		return "", errs.Invalid("content", errs.TooManyLines)
	}
	return content, nil
}

// HashSize is the size of the hash of a draft in bytes.
const HashSize = 16

// Hash tells two drafts with the same cid apart (decision 14). It outlives the text, so it is keyed:
// without the key nobody can try out what a deleted message may have said.
type Hash [HashSize]byte

func (d Draft) hash(key []byte, cid CID) Hash {
	mac := hmac.New(sha256.New, key)
	mac.Write(cid[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(d.content))))
	mac.Write([]byte(d.content))
	return Hash(mac.Sum(nil)[:HashSize])
}
