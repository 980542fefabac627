package nickname

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Key folds a nickname to its skeleton: two names with equal keys look alike, and only one
// of them may be active. Compatibility forms, case, accents («ё» is «е»), spaces and
// punctuation are gone, and letters and digits of Latin, Cyrillic and Greek that share a
// shape are one letter, in the spirit of Unicode's UTS #39 but across case. The key is for
// comparing and nothing else; it is empty for a name without a letter, digit or symbol.
func Key(nickname string) string {
	text := strings.Map(fold, norm.NFKD.String(nickname))
	return norm.NFC.String(strings.Map(bone, text))
}

// bone returns what a folded character leaves in the skeleton, or -1.
func bone(r rune) rune {
	if letter, ok := lookAlikes[r]; ok {
		return letter
	}
	switch {
	case invisible(r), accent(r):
		return -1
	case unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.So, unicode.Sm, unicode.Sc):
		return r
	default:
		return -1
	}
}

// accent tells the marks that any script borrows (é, й, ё). Marks that belong to a script
// spell its vowels, and the two Japanese ones make other letters: those stay.
func accent(r rune) bool {
	if r == '\u3099' || r == '\u309a' {
		return false
	}
	return unicode.Is(unicode.Me, r) || unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r)
}

// fold takes the case away. Six Greek capitals turn Latin first, because their small
// letters look like other letters or none: Ν is an N, ν a v. The way over the capital
// joins small letters that share one (σ and ς).
func fold(r rune) rune {
	switch r {
	case 'Η':
		return 'h'
	case 'Ν':
		return 'n'
	case 'Υ':
		return 'y'
	case 'Ζ':
		return 'z'
	case 'Ρ':
		return 'p'
	case 'Χ':
		return 'x'
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// lookAlikes leads folded characters to the letter whose shape they share, small or
// capital. One class per row, so that a skeleton is its own skeleton.
var lookAlikes = classes(
	"aаαɑ",
	"b8вьъβßƅʙ", // the capitals В and B
	"б6",
	"cсϲᴄ",
	"dԁɗ",
	"eеєε℮",
	"fғϝ",
	"gɡց",
	"hнһʜ",
	"l1|iіıιɩɪӏǀ", // capital I and small l
	"jјϳ",
	"kкκĸᴋ",
	"mмᴍ",
	"nηп",
	"o0оοσθөøօ",
	"pрρ",
	"qԛ",
	"rгᴦ",
	"s5ѕꜱ",
	"tтτᴛ",
	"uυս",
	"vѵνᴠ",
	"wωѡԝ",
	"xхχ×",
	"yуγүʏ",
	"zζᴢ2",
	"з3эɜʒ",
	"ч4",
	"лλ",
	"фφ",
	"д∂",
)

func classes(rows ...string) map[rune]rune {
	table := make(map[rune]rune)
	for _, row := range rows {
		letters := []rune(row)
		for _, r := range letters {
			table[r] = letters[0]
		}
	}
	return table
}
