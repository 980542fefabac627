// Package nickname makes the two-word names of masks, checks the ones people choose, and
// folds any of them to the key that keeps two look-alikes from being active at once.
package nickname

import (
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lang is a language nicknames are made in.
type Lang string

// The languages there are word lists for.
const (
	Russian Lang = "ru"
	English Lang = "en"
	Chinese Lang = "zh"
)

// Maker draws names. It is safe for concurrent use if its source of randomness is.
type Maker struct {
	rnd   io.Reader
	lists map[Lang]list
}

// list is one language: every adjective goes with every noun.
type list struct {
	adjectives []string
	nouns      []noun
	join       func(adjective string, n noun) string
	gap        string // between the words and a number
}

// noun carries a gender only where adjectives agree with it.
type noun struct {
	word   string
	gender gender
}

//go:embed words
var words embed.FS

// New returns a maker that draws from rnd (crypto/rand in production).
func New(rnd io.Reader) *Maker {
	spaced := func(adjective string, n noun) string { return adjective + " " + n.word }
	return &Maker{rnd: rnd, lists: map[Lang]list{
		Russian: {lines("ru_adjectives"), nouns("ru_nouns"), joinRussian, " "},
		English: {lines("en_adjectives"), nouns("en_nouns"), spaced, " "},
		Chinese: {lines("zh_adjectives"), nouns("zh_nouns"), func(adjective string, n noun) string { return adjective + n.word }, ""},
	}}
}

// Name draws a nickname of at most MaxLen code points, each of its kind equally likely.
// Try counts the names that were found taken: 0 gives two words, 1 to 3 add two digits,
// more add three. A language without a list gets English. The only error is that of the
// source of randomness.
func (m *Maker) Name(lang Lang, try int) (string, error) {
	l, ok := m.lists[lang]
	if !ok {
		l = m.lists[English]
	}
	first, count := numbers(try)
	k, err := m.below(uint64(len(l.adjectives)) * uint64(len(l.nouns)) * count)
	if err != nil {
		return "", err
	}
	number := first + k%count
	k /= count
	name := l.join(l.adjectives[k%uint64(len(l.adjectives))], l.nouns[k/uint64(len(l.adjectives))])
	if count > 1 {
		name += l.gap + strconv.FormatUint(number, 10)
	}
	return name, nil
}

// numbers returns the range of numbers a try appends; a range of one appends nothing.
func numbers(try int) (first, count uint64) {
	switch {
	case try <= 0:
		return 0, 1
	case try <= 3:
		return 10, 90
	default:
		return 100, 900
	}
}

// below returns a number in [0, n), all equally likely: draws from the ragged end of the
// 64 bits, which would favour the small remainders, are thrown away.
func (m *Maker) below(n uint64) (uint64, error) {
	ragged := -n % n // 2^64 mod n
	for {
		var b [8]byte
		if _, err := io.ReadFull(m.rnd, b[:]); err != nil {
			return 0, fmt.Errorf("nickname: read randomness: %w", err)
		}
		if k := binary.BigEndian.Uint64(b[:]); k >= ragged {
			return k % n, nil
		}
	}
}

// lines reads a word list. The embedded files are part of the program and held by tests,
// so reading them cannot fail at run time.
func lines(file string) []string {
	text, err := words.ReadFile("words/" + file + ".txt")
	if err != nil {
		panic(err) // the name is a constant of this package
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func nouns(file string) []noun {
	var list []noun
	for _, line := range lines(file) {
		word, g, _ := strings.Cut(line, " ")
		list = append(list, noun{word, gender(g)})
	}
	return list
}

// joinRussian makes the adjective agree with the noun; both begin with a capital letter.
func joinRussian(adjective string, n noun) string {
	return capital(agree(adjective, n.gender)) + " " + capital(n.word)
}

func capital(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}
