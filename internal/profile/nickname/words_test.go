package nickname

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var langs = []Lang{Russian, English, Chinese}

func TestListsAreLongSortedAndWithoutDoubles(t *testing.T) {
	for lang, l := range New(nil).lists {
		if len(l.adjectives) < 300 || len(l.nouns) < 500 {
			t.Errorf("%s: %d adjectives and %d nouns", lang, len(l.adjectives), len(l.nouns))
		}
		t.Logf("%s: %d × %d = %d names", lang, len(l.adjectives), len(l.nouns), len(l.adjectives)*len(l.nouns))
		if !slices.IsSorted(l.adjectives) || !slices.IsSortedFunc(l.nouns, func(a, b noun) int { return strings.Compare(a.word, b.word) }) {
			t.Errorf("%s: not in the order of code points", lang)
		}
		seen := map[string]string{}
		for _, word := range append(slices.Clone(l.adjectives), bare(l.nouns)...) {
			if other, taken := seen[Key(word)]; taken {
				t.Errorf("%s: %s and %s have one key", lang, other, word)
			}
			seen[Key(word)] = word
		}
	}
}

func TestWordsAreOfTheirAlphabetAlone(t *testing.T) {
	for _, tc := range []struct {
		lang              Lang
		letter            func(first bool, r rune) bool
		adjective, noun   int // longest, in code points
		shortest, longest int // of the two words joined
	}{
		{Russian, func(_ bool, r rune) bool { return r >= 'а' && r <= 'я' || r == 'ё' }, 10, 9, 6, 20},
		{English, func(first bool, r rune) bool {
			return first && r >= 'A' && r <= 'Z' || !first && r >= 'a' && r <= 'z'
		}, 10, 9, 6, 20},
		{Chinese, func(_ bool, r rune) bool { return unicode.Is(unicode.Han, r) }, 3, 3, 3, 6},
	} {
		l := New(nil).lists[tc.lang]
		for i, words := range [][]string{l.adjectives, bare(l.nouns)} {
			for _, word := range words {
				if n, most := utf8.RuneCountInString(word), []int{tc.adjective, tc.noun}[i]; n < 2 || n > most {
					t.Errorf("%s: %s has %d letters", tc.lang, word, n)
				}
				for at, r := range word {
					if !tc.letter(at == 0, r) {
						t.Errorf("%s: %s has the letter %c", tc.lang, word, r)
					}
				}
			}
		}
		const digits = 3
		eachName(tc.lang, func(name string) {
			n := utf8.RuneCountInString(name)
			if n < tc.shortest || n > tc.longest || n+utf8.RuneCountInString(l.gap)+digits > MaxLen {
				t.Errorf("%s: %s has %d code points", tc.lang, name, n)
			}
		})
	}
}

func TestEveryRussianNounHasTheGenderOfItsEnding(t *testing.T) {
	for _, n := range New(nil).lists[Russian].nouns {
		var ok bool
		switch n.gender {
		case masculine:
			ok = !endsIn(n.word, "аяоеё")
		case feminine:
			ok = endsIn(n.word, "аяь")
		case neuter:
			ok = endsIn(n.word, "оеёяэ")
		}
		if !ok {
			t.Errorf("%s is not %q", n.word, n.gender)
		}
	}
}

// Where the ending does not tell the gender, -ь, each noun stands here by hand.
func TestSoftSignNounsHaveTheirOwnGender(t *testing.T) {
	masculine := strings.Fields("соболь лебедь журавль лось фонарь корабль руль якорь рояль ландыш янтарь хрусталь" +
		" вексель кремень ясень фитиль плющ имбирь камень секстант ферзь дирижабль тополь автомобиль флигель лосось" +
		" циркуль ансамбль календарь ключ вихрь спектакль ковыль картофель апрель миндаль крендель куль щавель олень" +
		" бинокль перстень снегирь полдень день ноль шмель мотылёк жёлудь будильник")
	for _, n := range New(nil).lists[Russian].nouns {
		if strings.HasSuffix(n.word, "ь") && (n.gender == "m") != slices.Contains(masculine, n.word) {
			t.Errorf("%s is not %q", n.word, n.gender)
		}
	}
}

func TestAdjectivesAgreeWithTheGenderOfTheNoun(t *testing.T) {
	for _, tc := range []struct{ masculine, feminine, neuter string }{
		{"бумажный", "бумажная", "бумажное"}, // hard
		{"тёмно-синий", "тёмно-синяя", "тёмно-синее"},
		{"ночной", "ночная", "ночное"}, // hard, stressed ending
		{"лесной", "лесная", "лесное"},
		{"золотой", "золотая", "золотое"},
		{"большой", "большая", "большое"},
		{"зимний", "зимняя", "зимнее"}, // soft
		{"синий", "синяя", "синее"},
		{"нездешний", "нездешняя", "нездешнее"},
		{"искренний", "искренняя", "искреннее"},
		{"тихий", "тихая", "тихое"}, // velar
		{"чуткий", "чуткая", "чуткое"},
		{"далёкий", "далёкая", "далёкое"},
		{"строгий", "строгая", "строгое"},
		{"морской", "морская", "морское"},
		{"рыжий", "рыжая", "рыжее"}, // hissing
		{"свежий", "свежая", "свежее"},
		{"певучий", "певучая", "певучее"},
		{"летящий", "летящая", "летящее"},
		{"хороший", "хорошая", "хорошее"},
		{"лисий", "лисья", "лисье"}, // possessive
		{"рыбий", "рыбья", "рыбье"},
		{"птичий", "птичья", "птичье"},
		{"волчий", "волчья", "волчье"},
		{"медвежий", "медвежья", "медвежье"},
		{"олений", "оленья", "оленье"},
		{"совиный", "совиная", "совиное"},
	} {
		for g, want := range map[gender]string{masculine: tc.masculine, feminine: tc.feminine, neuter: tc.neuter} {
			if got := agree(tc.masculine, g); got != want {
				t.Errorf("%s, %s: %s, want %s", tc.masculine, g, got, want)
			}
		}
	}
}

func TestPossessivesInTheListAreTheKnownOnes(t *testing.T) {
	var got []string
	for _, a := range New(nil).lists[Russian].adjectives {
		if strings.HasSuffix(agree(a, feminine), "ья") {
			got = append(got, a)
		}
	}
	if want := []string{"лисий", "птичий"}; !slices.Equal(got, want) {
		t.Errorf("declined as possessive: %s, want %s", got, want)
	}
}

// Names are screened whole: where no space stands between the words, a bad one may arise
// where they meet (魔法 + 轮船).
func TestNoNameContainsABadWord(t *testing.T) {
	patterns := rows(t, "testdata/bad_substrings.txt")
	for _, lang := range langs {
		var text bytes.Buffer
		eachName(lang, func(name string) {
			text.WriteString(strings.ToLower(name) + "\n")
		})
		for _, p := range patterns {
			if at := bytes.Index(text.Bytes(), []byte(p)); at >= 0 {
				line, _, _ := bytes.Cut(text.Bytes()[bytes.LastIndexByte(text.Bytes()[:at], '\n')+1:], []byte("\n"))
				t.Errorf("%s: %s in %q", lang, p, line)
			}
		}
	}
}

func TestNoNameIsABadPair(t *testing.T) {
	bad := map[string]bool{}
	for _, row := range rows(t, "testdata/bad_pairs.txt") {
		bad[row] = true
	}
	for _, lang := range langs {
		eachName(lang, func(name string) {
			if bad[string(lang)+" "+name] {
				t.Errorf("%s: %s", lang, name)
			}
		})
	}
}

func eachName(lang Lang, visit func(name string)) {
	l := New(nil).lists[lang]
	for _, a := range l.adjectives {
		for _, n := range l.nouns {
			visit(l.join(a, n))
		}
	}
}

func bare(nouns []noun) []string {
	var words []string
	for _, n := range nouns {
		words = append(words, n.word)
	}
	return words
}

func rows(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for row := range strings.Lines(string(text)) {
		if row = strings.TrimSpace(row); row != "" && !strings.HasPrefix(row, "#") {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return rows
}
