package nickname

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The length of a nickname in code points, after trimming and NFC.
const (
	MinLen = 2
	MaxLen = 24
)

// What is wrong with a nickname that a person chose.
var (
	ErrLength     = errors.New("nickname: not 2 to 24 characters")
	ErrCharacters = errors.New("nickname: has characters that cannot be seen or do not stay in their line")
)

// Valid returns a chosen nickname as it is kept: trimmed, in NFC, every run of spaces one
// plain space. It refuses what could hide or fake a name: control, bidi and zero-width
// characters, blanks that are letters by name only, heaps of combining marks, and names
// with nothing to read (chat contract, section 2).
func Valid(nickname string) (string, error) {
	const longest = MaxLen * 4 * utf8.UTFMax // no text of 24 code points decomposes to more
	if len(nickname) > longest {
		return "", ErrLength
	}
	if !utf8.ValidString(nickname) {
		return "", ErrCharacters
	}
	name := norm.NFC.String(strings.Join(strings.FieldsFunc(strings.TrimSpace(nickname), isSpace), " "))
	if n := utf8.RuneCountInString(name); n < MinLen || n > MaxLen {
		return "", ErrLength
	}
	if !readable(name) || Key(name) == "" {
		return "", ErrCharacters
	}
	return name, nil
}

func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) }

func readable(name string) bool {
	const mostMarks = 3 // pointed Hebrew needs three on one letter
	marks := mostMarks  // the first character cannot be a mark: it would sit on its neighbour
	for _, r := range name {
		switch {
		case invisible(r):
			return false
		case unicode.Is(unicode.M, r):
			marks++
		default:
			marks = 0
		}
		if marks > mostMarks {
			return false
		}
	}
	return true
}

// invisible tells what draws nothing or directs its neighbours: control, format (bidi,
// zero-width, tags), private and unassigned characters, line breaks, and the rest of
// Unicode's Default_Ignorable_Code_Point, of which some are letters and marks.
func invisible(r rune) bool {
	const brailleBlank = '⠀'
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		r == brailleBlank
}
