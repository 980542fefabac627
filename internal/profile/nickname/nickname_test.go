package nickname_test

import (
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"maska/internal/profile/nickname"
)

func TestEachTryHasItsForm(t *testing.T) {
	m := nickname.New(rand.Reader)
	const two = `^\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+`
	for _, tc := range []struct {
		lang nickname.Lang
		try  int
		form string
	}{
		{nickname.Russian, 0, two + `$`},
		{nickname.Russian, 1, two + ` [1-9]\d$`},
		{nickname.Russian, 3, two + ` [1-9]\d$`},
		{nickname.Russian, 4, two + ` [1-9]\d\d$`},
		{nickname.English, 0, two + `$`},
		{nickname.English, 2, two + ` [1-9]\d$`},
		{nickname.English, 9, two + ` [1-9]\d\d$`},
		{nickname.Chinese, 0, `^\p{Han}{3,6}$`},
		{nickname.Chinese, 1, `^\p{Han}{3,6}[1-9]\d$`},
		{nickname.Chinese, 4, `^\p{Han}{3,6}[1-9]\d\d$`},
		{"fr", 0, `^[A-Z][a-z]+ [A-Z][a-z]+$`}, // a language without a list gets English
	} {
		form := regexp.MustCompile(tc.form)
		for range 500 {
			name, err := m.Name(tc.lang, tc.try)
			if err != nil {
				t.Fatal(err)
			}
			if !form.MatchString(name) {
				t.Fatalf("%s, try %d: %q", tc.lang, tc.try, name)
			}
			if valid, err := nickname.Valid(name); err != nil || valid != name {
				t.Fatalf("a person could not choose %q: %v", name, err)
			}
		}
	}
}

// With some 200,000 names, 10,000 draws meet about 10,000²/2/200,000 = 250 taken ones by
// the birthday rule; a maker that favours some names meets many more.
func TestTenThousandDrawsCollideAsOftenAsChanceSays(t *testing.T) {
	for _, lang := range []nickname.Lang{nickname.Russian, nickname.English, nickname.Chinese} {
		m := nickname.New(mathrand.NewChaCha8([32]byte{1}))
		const draws = 10_000
		taken := map[string]bool{}
		words := map[string]bool{}
		collisions := 0
		for range draws {
			name, err := m.Name(lang, 0)
			if err != nil {
				t.Fatal(err)
			}
			if taken[nickname.Key(name)] {
				collisions++
			}
			taken[nickname.Key(name)] = true
			for word := range strings.FieldsSeq(name) {
				words[word] = true
			}
		}
		t.Logf("%s: %d collisions in %d draws", lang, collisions, draws)
		if collisions == 0 || collisions > 450 {
			t.Errorf("%s: %d collisions in %d draws", lang, collisions, draws)
		}
		if lang == nickname.English && len(words) < 800 {
			t.Errorf("10,000 draws used %d words only", len(words))
		}
	}
}

func TestTheErrorOfTheRandomnessIsPassedOn(t *testing.T) {
	broken := errors.New("broken")
	if _, err := nickname.New(iotest.ErrReader(broken)).Name(nickname.English, 0); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := nickname.New(strings.NewReader("short")).Name(nickname.English, 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestLookAlikesHaveOneKey(t *testing.T) {
	for _, names := range [][]string{
		{"Тихий Фонарь", "тихий фонарь", "ТИХИЙ ФОНАРЬ", "Тихий  Фонарь", "ТихийФонарь", "Тихий-Фонарь", "Тихий_Фонарь.", "Тиxий Фoнapь", "Tихий Ф0нapь", "Ти\u200bхий Фонарь", "Ти\u00adхий Фонарь", "Тихий \u202eФонарь"},
		{"Зелёный Ёж", "Зеленый Еж", "Зеле\u0308ный Ёж", "Зелëный Ëж"},
		{"Paper Comet", "paper comet", "Ｐａｐｅｒ　Ｃｏｍｅｔ", "Рарег Соmеt", "Ρaper Comet", "Pápér Çomet", "Paper C0met", "𝒫aper 𝐂omet", "Ⓟaper Comet", "P\u0336a\u0336per Comet"},
		{"Brass Sparrow", "Вrаss Sраrrоw", "8ra55 5parr0w"},
		{"Night Illusion", "Νight lllusion", "N1ght 11lu5ion", "Nіght |llusion", "nıght ıllusıon"},
		{"HOUR", "ΗΟUR", "НОUR"},
		{"月下狐狸", "月下 狐狸", "月下・狐狸", "月下狐狸\ufe0f"},
		{"Straße", "Straβe", "STRAẞE"},
		{"ΛΌΓΟΣ", "λόγος", "λόγοσ"},
		{"ᎠᎡ", "ꭰꭱ"},
		{"ﬁne ﬂoe", "Fine Floe"},
	} {
		for _, name := range names[1:] {
			if a, b := nickname.Key(names[0]), nickname.Key(name); a != b {
				t.Errorf("%q is %q, %q is %q", names[0], a, name, b)
			}
		}
	}
}

func TestDifferentNamesKeepDifferentKeys(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		"Тихий Фонарь", "Тихий Фонарь 12", "Тихий Фонарь 21", "Quiet Lantern", "Quiet Lantern 68", "Quiet Lantern 86",
		"Velvet Heron", "Velvet Herons", "月下狐狸", "月上狐狸", "🦊🦊", "🦉🦉", "かき", "がき", "हिन्दी", "हन्दी", "กิน", "กัน",
	} {
		key := nickname.Key(name)
		if other, ok := seen[key]; ok || key == "" {
			t.Errorf("%q and %q have the key %q", name, other, key)
		}
		seen[key] = name
	}
}

// The three digit rows differ from each other, or two numbers of one name would be one.
func TestNoTwoDigitsShareAKey(t *testing.T) {
	seen := map[string]rune{}
	for _, digit := range "0123456789" {
		key := nickname.Key(string(digit))
		if other, ok := seen[key]; ok {
			t.Errorf("%c and %c have the key %q", digit, other, key)
		}
		seen[key] = digit
	}
}

func TestTheKeyOfAKeyIsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := nickname.Key(rapid.String().Draw(t, "name"))
		if again := nickname.Key(key); again != key {
			t.Fatalf("%q became %q", key, again)
		}
	})
}

func TestAChosenNameIsKeptTrimmedAndComposed(t *testing.T) {
	for name, want := range map[string]string{
		"Тихий Фонарь":                   "Тихий Фонарь",
		"  Тихий \u00a0\u2003 Фонарь \n": "Тихий Фонарь",
		"Е\u0308ж":                          "Ёж",
		"雪狐":                                "雪狐",
		"🦊🌙":                                "🦊🌙",
		"O’Neill & Söhne!":                  "O’Neill & Söhne!",
		"क्षितिज":                           "क्षितिज",
		strings.Repeat("я", 24):             strings.Repeat("я", 24),
		strings.Repeat("и\u0306", 24):       strings.Repeat("й", 24),
		strings.Repeat("\u1100\u1161", 24):  strings.Repeat("가", 24),
		" " + strings.Repeat("𝒳", 24) + " ": strings.Repeat("𝒳", 24),
	} {
		if got, err := nickname.Valid(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

func TestANameThatHidesOrFakesIsRefused(t *testing.T) {
	for name, want := range map[string]error{
		"":                            nickname.ErrLength,
		" x ":                         nickname.ErrLength,
		strings.Repeat("я", 25):       nickname.ErrLength,
		strings.Repeat("x", 1<<20):    nickname.ErrLength,
		"two\nlines":                  nickname.ErrCharacters,
		"tab\there":                   nickname.ErrCharacters,
		"nul\x00":                     nickname.ErrCharacters,
		"bad \xff utf":                nickname.ErrCharacters,
		"zero\u200bwidth":             nickname.ErrCharacters,
		"joiner\u200d":                nickname.ErrCharacters,
		"bidi \u202eevil":             nickname.ErrCharacters,
		"isolate \u2066x\u2069":       nickname.ErrCharacters,
		"mark \u200fx":                nickname.ErrCharacters,
		"soft\u00adhyphen":            nickname.ErrCharacters,
		"bom\ufeff x":                 nickname.ErrCharacters,
		"hangul \u3164\u3164":         nickname.ErrCharacters,
		"braille \u2800":              nickname.ErrCharacters,
		"variation ❤\ufe0f":           nickname.ErrCharacters,
		"tag \U000e0041":              nickname.ErrCharacters,
		"private \ue000":              nickname.ErrCharacters,
		"unassigned \U0003fffe":       nickname.ErrCharacters,
		"line\u2028sep":               nickname.ErrCharacters,
		"Z\u0335\u0336\u0337\u0338go": nickname.ErrCharacters,
		"\u0336strike":                nickname.ErrCharacters,
		"...":                         nickname.ErrCharacters,
		"- - -":                       nickname.ErrCharacters,
	} {
		if _, err := nickname.Valid(name); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, seed := range []string{"Тихий Фонарь", "月下狐狸", " \u200b", "e\u0301", "\xff", "🦊🦊"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		kept, err := nickname.Valid(name)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(kept); n < nickname.MinLen || n > nickname.MaxLen {
			t.Errorf("%q is kept with %d code points", kept, n)
		}
		if again, err := nickname.Valid(kept); err != nil || again != kept {
			t.Errorf("%q is kept as %q, which is kept as %q, %v", name, kept, again, err)
		}
		if nickname.Key(name) != nickname.Key(kept) || nickname.Key(kept) == "" {
			t.Errorf("%q and %q have the keys %q and %q", name, kept, nickname.Key(name), nickname.Key(kept))
		}
	})
}

func BenchmarkName(b *testing.B) {
	m := nickname.New(rand.Reader)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Name(nickname.Russian, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	length := 0
	for b.Loop() {
		length += len(nickname.Key("Тихий Фонарь 42"))
	}
	if length == 0 {
		b.Fatal("empty keys")
	}
}
