// Package locale names the languages that the server speaks and chooses among them.
package locale

import "golang.org/x/text/language"

// Lang is one of the three languages of the product.
type Lang string

// The languages that every text exists in.
const (
	Chinese Lang = "zh"
	English Lang = "en"
	Russian Lang = "ru"
)

// All lists the languages in the order in which the matcher prefers them on a tie.
func All() []Lang { return []Lang{Chinese, English, Russian} }

// maxHeader bounds what is parsed of an Accept-Language header.
const maxHeader = 512

// Parse reads a BCP 47 tag such as "zh-CN" and tells which of our languages it means.
func Parse(tag string) (Lang, bool) {
	if len(tag) > 64 {
		return "", false
	}
	t, err := language.Parse(tag)
	if err != nil {
		return "", false
	}
	return known(t)
}

// FromHeader chooses the best match for an Accept-Language header (RFC 9110, section 12.5.4);
// an absent, unreadable or foreign header and the wildcard mean fallback (auth contract, section 8).
func FromHeader(header string, fallback Lang) Lang {
	if header == "" || len(header) > maxHeader {
		return fallback
	}
	tags, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return fallback
	}
	for i, tag := range tags {
		if weights[i] == 0 {
			continue
		}
		if lang, ok := known(tag); ok {
			return lang
		}
	}
	return fallback
}

func known(tag language.Tag) (Lang, bool) {
	base, confidence := tag.Base()
	if confidence == language.No {
		return "", false
	}
	for _, lang := range All() {
		if base.String() == string(lang) {
			return lang, true
		}
	}
	return "", false
}
