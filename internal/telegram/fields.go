package telegram

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// field is one signed name and its value, both decoded.
type field struct{ name, value string }

// fields are sorted by name; no name occurs twice.
type fields []field

// parseFields reads a raw query string. Each part is split at its first "=" and
// decoded exactly once: decoding again would refuse people with a "+" or "%" in
// their name.
func parseFields(raw string) (fields, error) {
	if raw == "" || len(raw) > MaxInitData {
		return nil, refuse(Malformed)
	}
	parsed := make(fields, 0, 1+strings.Count(raw, "&"))
	for part := range strings.SplitSeq(raw, "&") {
		rawName, rawValue, ok := strings.Cut(part, "=")
		if !ok {
			return nil, refuse(Malformed)
		}
		name, nameErr := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		if nameErr != nil || valueErr != nil || !plainName(name) || !plainText(value) {
			return nil, refuse(Malformed)
		}
		parsed = append(parsed, field{name, value})
	}
	slices.SortFunc(parsed, byName)
	for i := range parsed[1:] {
		if parsed[i].name == parsed[i+1].name {
			return nil, refuse(DuplicateKey)
		}
	}
	return parsed, nil
}

func byName(a, b field) int { return strings.Compare(a.name, b.name) }

func (f fields) get(name string) (value string, ok bool) {
	i, ok := slices.BinarySearchFunc(f, field{name: name}, byName)
	if !ok {
		return "", false
	}
	return f[i].value, true
}

// checkString is what Telegram signs: head if there is one, then every field but
// the named ones as name=value, joined by LF.
func (f fields) checkString(head string, without ...string) []byte {
	size := len(head)
	for _, field := range f {
		size += len(field.name) + len(field.value) + len("\n=")
	}
	text := append(make([]byte, 0, size), head...)
	for _, field := range f {
		if slices.Contains(without, field.name) {
			continue
		}
		if len(text) > 0 {
			text = append(text, '\n')
		}
		text = append(text, field.name...)
		text = append(text, '=')
		text = append(text, field.value...)
	}
	return text
}

// plainName reports ^[a-z0-9_]{1,64}$. With "=" or LF in a name, different
// fields would have the same check string.
func plainName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// plainText reports valid UTF-8 without control characters. A line feed would
// let one value swallow the fields after it: the check string stays the same.
func plainText(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' {
			return false
		}
	}
	return utf8.ValidString(text)
}
