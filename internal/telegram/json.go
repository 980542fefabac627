package telegram

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest (auth contract 2.2).
const maxDepth = 16

// member is one member of a JSON object; value is its JSON text.
type member struct {
	name  string
	value []byte
}

// members returns the members of data, sorted by name. It refuses what is not
// exactly one JSON object in valid UTF-8 in which, at every depth, each name
// occurs once. Decoding into a struct would take the last of two "id" members,
// and "ID" for "id", so that two readers of one signed text could disagree.
func members(data []byte) ([]member, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, refuse(Malformed)
	}
	data = trim(data)
	if data[0] != '{' {
		return nil, refuse(Malformed)
	}
	return split(data, 1)
}

// into decodes the value, a string or null, which leaves the target empty.
func (m member) into(target *string) bool {
	switch m.value[0] {
	case '"':
		*target = unquote(m.value)
		return true
	case 'n':
		return true
	}
	return false
}

// The functions below take text that json.Valid accepted, so they have only its
// structure to follow.

// split takes an object or array apart; elements of an array have no name.
func split(text []byte, depth int) ([]member, error) {
	if depth > maxDepth {
		return nil, refuse(Malformed)
	}
	isObject := text[0] == '{'
	found := make([]member, 0, 8)
	for rest := trim(text[1:]); rest[0] != '}' && rest[0] != ']'; {
		var m member
		if isObject {
			name, after := next(rest)
			m.name = unquote(name)
			rest = trim(trim(after)[1:]) // over the colon
		}
		m.value, rest = next(rest)
		if m.value[0] == '{' || m.value[0] == '[' {
			if _, err := split(m.value, depth+1); err != nil {
				return nil, err
			}
		}
		found = append(found, m)
		if rest = trim(rest); rest[0] == ',' {
			rest = trim(rest[1:])
		}
	}
	if !isObject {
		return found, nil
	}
	slices.SortFunc(found, func(a, b member) int { return strings.Compare(a.name, b.name) })
	for i := range len(found) - 1 {
		if found[i].name == found[i+1].name {
			return nil, refuse(DuplicateKey)
		}
	}
	return found, nil
}

// next cuts the value off with which text begins.
func next(text []byte) (value, rest []byte) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inString = !inString
		case inString:
			if c == '\\' {
				i++
			}
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		default: // in a scalar, or between the parts of a container
			if depth > 0 || i+1 < len(text) && !ends(text[i+1]) {
				continue
			}
		}
		if depth == 0 && !inString {
			return text[:i+1], text[i+1:]
		}
	}
	return text, nil
}

// ends reports whether c cannot belong to a number, true, false or null.
func ends(c byte) bool { return strings.IndexByte(",]} \t\r\n", c) >= 0 }

func trim(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		panic(err) // a valid string always decodes
	}
	return text
}
