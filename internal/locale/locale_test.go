package locale_test

import (
	"strings"
	"testing"

	"maska/internal/locale"
)

func TestFromHeaderChoosesTheBestKnownLanguage(t *testing.T) {
	for header, want := range map[string]locale.Lang{
		"":                                locale.Chinese,
		"*":                               locale.Chinese,
		"fr":                              locale.Chinese,
		"ru":                              locale.Russian,
		"en-GB,en;q=0.9":                  locale.English,
		"zh-Hant-TW":                      locale.Chinese,
		"fr;q=1, ru;q=0.4, en;q=0.8":      locale.English,
		"en;q=0, ru":                      locale.Russian,
		"ru;q=broken":                     locale.Chinese,
		strings.Repeat("ru,", 500) + "en": locale.Chinese,
	} {
		if got := locale.FromHeader(header, locale.Chinese); got != want {
			t.Errorf("FromHeader(%.40q) = %q, want %q", header, got, want)
		}
	}
}

func TestParseKnowsOnlyOurLanguages(t *testing.T) {
	for tag, want := range map[string]locale.Lang{"zh-CN": locale.Chinese, "ru-RU": locale.Russian, "en": locale.English, "de": "", "": "", "🎭": ""} {
		got, ok := locale.Parse(tag)
		if got != want || ok != (want != "") {
			t.Errorf("Parse(%q) = %q, %v; want %q", tag, got, ok, want)
		}
	}
}
