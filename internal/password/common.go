package password

import (
	_ "embed"
	"strings"
	"unicode"
)

// commonText lists what people choose most, one word a line, in small letters. Digits and signs around a
// word, doubled words and runs of the keyboard are found by rule and need not be listed.
//
//go:embed common.txt
var commonText string

const (
	maxTrimmed        = 8 // digits and signs around a word that leave it a common password
	maxTrimmedLetters = 2 // letters and signs around a number that do
	minRun            = 5 // shorter pieces of a run are in good passwords too
	maxUnit           = 4 // what is shorter and repeated is common, whatever it is
)

// runs are what fingers do by themselves.
var runs = []string{
	"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"1q2w3e4r5t6y7u8i9o0p", "zaqxswcdevfrbgtnhymjukilop", "йцукенгшщзхъфывапролджэячсмитьбю", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "azertyuiopqsdfghjklmwxcvbn",
}

// isCommon reports whether a password is one of those that are tried first.
func isCommon(password string, own []string) bool {
	text := strings.ToLower(password)
	for _, mine := range own {
		mine = strings.ToLower(mine)
		local, _, _ := strings.Cut(mine, "@")
		if mine != "" && (text == mine || core(text) == core(local)) {
			return true
		}
	}
	unit := text[:period(text)]
	return isKnown(text) || (unit != text && (len([]rune(unit)) <= maxUnit || isKnown(unit)))
}

// isKnown looks a text up as it is, without what is hung on it, and with signs read as letters.
func isKnown(text string) bool {
	length := len([]rune(text))
	known := func(form string, trimmed int) bool {
		n := len([]rune(form))
		return n > 0 && length-n <= trimmed && (strings.Contains(commonText, "\n"+form+"\n") || (n >= minRun && isRun(form)))
	}
	return known(text, 0) || known(core(text), maxTrimmed) || known(core(plain.Replace(text)), maxTrimmed) || known(plain.Replace(core(text)), maxTrimmed) ||
		known(strings.TrimFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }), maxTrimmedLetters)
}

// plain reads the usual disguises.
var plain = strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t", "8", "b", "9", "g", "|", "l")

// core is a text without the digits and signs around its letters.
func core(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
}

// isRun reports whether a text is a piece of a run, forwards or backwards.
func isRun(text string) bool {
	back := []rune(text)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	for _, run := range runs {
		if strings.Contains(run, text) || strings.Contains(run, string(back)) {
			return true
		}
	}
	return false
}

// period is the length in bytes of the shortest piece of which a text is made, again and again.
func period(text string) int {
	if text == "" {
		return 0
	}
	return strings.Index((text + text)[1:], text) + 1
}
