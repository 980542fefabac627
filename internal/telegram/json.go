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
	value json.RawMessage
}

// into decodes the value into a *string or *bool; null leaves it empty.
func (m member) into(target any) bool { return json.Unmarshal(m.value, target) == nil }

// members returns the members of data, sorted by name. It is false unless data is
// exactly one JSON object in valid UTF-8 in which, at every depth, each name
// occurs once. Decoding into a struct would take the last of two "id" members,
// and "ID" for "id", so that two readers of one signed text could disagree.
func members(data []byte) ([]member, bool) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	var found []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, false
		}
		m := member{name: name.(string)} // valid JSON has only strings here
		if err := dec.Decode(&m.value); err != nil || !distinctNames(m.value) {
			return nil, false
		}
		found = append(found, m)
	}
	slices.SortFunc(found, func(a, b member) int { return strings.Compare(a.name, b.name) })
	for i := range len(found) - 1 {
		if found[i].name == found[i+1].name {
			return nil, false
		}
	}
	return found, true
}

// distinctNames reports whether no object in the valid JSON value, which is a
// member of another, has a name twice, and it nests no deeper than maxDepth.
func distinctNames(value json.RawMessage) bool {
	if value[0] != '{' && value[0] != '[' {
		return true
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber() // a number too big for float64 is still valid JSON
	return distinctNamesFrom(dec, 2)
}

func distinctNamesFrom(dec *json.Decoder, depth int) bool {
	token, err := dec.Token()
	if err != nil {
		return false
	}
	open, nested := token.(json.Delim)
	if !nested {
		return true
	}
	if depth > maxDepth {
		return false
	}
	seen := map[json.Token]bool{}
	for dec.More() {
		if open == '{' {
			name, err := dec.Token()
			if err != nil || seen[name] {
				return false
			}
			seen[name] = true
		}
		if !distinctNamesFrom(dec, depth+1) {
			return false
		}
	}
	_, err = dec.Token()
	return err == nil
}
