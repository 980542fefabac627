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

// Proposal is what somebody wants to say, as it came.
type Proposal struct {
	Room    room.ID
	Content string
	// CID, ReplyTo and Media are nil when they were not given.
	CID     *string
	ReplyTo *string
	Media   []string
}

// NewDraft checks a proposal. It returns validation_failed that names the field. There are no
// answers and no pictures yet, so whatever they name does not exist.
func NewDraft(p Proposal) (Draft, error) {
	d := Draft{room: p.Room}
	var err error
	switch {
	case p.ReplyTo != nil:
		return Draft{}, errs.Invalid("replyTo", errs.NotFoundHere)
	case len(p.Media) > 0:
		return Draft{}, errs.Invalid("media", errs.NotFoundHere)
	case p.CID != nil:
		if d.cid, err = ParseCID(*p.CID); err != nil {
			return Draft{}, err
		}
	}
	d.content, err = normalise(p.Content)
	return d, err
}

// Room tells where it is to be said.
func (d Draft) Room() room.ID { return d.room }

// Content is the text as it will be stored.
func (d Draft) Content() string { return d.content }

// ParseCID reads a UUID of any version in its usual form of 36 characters (RFC 9562, section 4),
// in either case, and returns validation_failed for anything else.
func ParseCID(text string) (CID, error) {
	if len(text) == 36 { // Parse also takes braces, URNs and bare hexadecimal
		if id, err := uuid.Parse(text); err == nil && id != uuid.Nil { // nil stands for "gave none"
			return id, nil
		}
	}
	return CID{}, errs.Invalid("cid", errs.BadFormat)
}

// blankLetters count as letters and show nothing: the fillers of Hangul and the empty Braille cell.
const blankLetters = "\u115F\u1160\u3164\uFFA0\u2800"

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
		case !visible && !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.M) && !strings.ContainsRune(blankLetters, r):
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
