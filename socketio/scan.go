package socketio

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// maxDepth bounds the nesting of JSON from clients, the outer array included.
const maxDepth = 64

// hole is a placeholder object {"_placeholder":true,"num":n} inside of JSON
// text, where a binary attachment belongs. num is -1 if it is no whole number.
type hole struct {
	start, end int
	num        int
}

// scanner checks JSON text without building values. With wantHoles it also
// notes the placeholders, in order.
type scanner struct {
	b         []byte
	depth     int
	wantHoles bool
	holes     []hole
}

// scanJSON reports whether b is one JSON value and nothing else.
func scanJSON(b []byte) bool {
	s := scanner{b: b}
	end := s.value(s.space(0))
	return end >= 0 && s.space(end) == len(b)
}

// scanHoles returns the placeholders in the JSON text b, which must be valid.
func scanHoles(b []byte) []hole {
	s := scanner{b: b, wantHoles: true}
	s.value(s.space(0))
	return s.holes
}

func (s *scanner) space(i int) int {
	for i < len(s.b) && (s.b[i] == ' ' || s.b[i] == '\t' || s.b[i] == '\n' || s.b[i] == '\r') {
		i++
	}
	return i
}

// value returns the end of the value that starts at i, or -1.
func (s *scanner) value(i int) int {
	if i >= len(s.b) {
		return -1
	}
	switch c := s.b[i]; c {
	case '"':
		return s.str(i)
	case '{':
		return s.object(i)
	case '[':
		return s.array(i, nil)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	default:
		return s.number(i)
	}
}

func (s *scanner) literal(i int, word string) int {
	if end := i + len(word); end <= len(s.b) && string(s.b[i:end]) == word {
		return end
	}
	return -1
}

func (s *scanner) number(i int) int {
	if i < len(s.b) && s.b[i] == '-' {
		i++
	}
	switch {
	case i < len(s.b) && s.b[i] == '0':
		i++
	default:
		if i = s.digits(i); i < 0 {
			return -1
		}
	}
	if i < len(s.b) && s.b[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(s.b) && (s.b[i] == 'e' || s.b[i] == 'E') {
		i++
		if i < len(s.b) && (s.b[i] == '+' || s.b[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits returns the end of one or more digits at i, or -1.
func (s *scanner) digits(i int) int {
	start := i
	for i < len(s.b) && '0' <= s.b[i] && s.b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

func (s *scanner) str(i int) int {
	for i++; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return -1
		case c == '\\':
			if i = s.escape(i + 1); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// escape returns the last index of the escape whose letter is at i, or -1.
func (s *scanner) escape(i int) int {
	if i >= len(s.b) {
		return -1
	}
	switch s.b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if i+4 >= len(s.b) {
			return -1
		}
		for _, c := range s.b[i+1 : i+5] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

// array returns the end of the array at i, or -1, and calls item with the
// bounds of each element.
func (s *scanner) array(i int, item func(start, end int)) int {
	if s.depth++; s.depth > maxDepth {
		return -1
	}
	defer func() { s.depth-- }()
	i = s.space(i + 1)
	if i < len(s.b) && s.b[i] == ']' {
		return i + 1
	}
	for {
		end := s.value(i)
		if end < 0 {
			return -1
		}
		if item != nil {
			item(i, end)
		}
		i = s.space(end)
		if i >= len(s.b) {
			return -1
		}
		switch s.b[i] {
		case ']':
			return i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return -1
		}
	}
}

// object returns the end of the object at i, or -1.
func (s *scanner) object(i int) int {
	if s.depth++; s.depth > maxDepth {
		return -1
	}
	defer func() { s.depth-- }()
	start, before := i, len(s.holes)
	placeholder, num := false, -1
	i = s.space(i + 1)
	if i < len(s.b) && s.b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(s.b) || s.b[i] != '"' {
			return -1
		}
		keyEnd := s.str(i)
		if keyEnd < 0 {
			return -1
		}
		key := s.b[i:keyEnd]
		i = s.space(keyEnd)
		if i >= len(s.b) || s.b[i] != ':' {
			return -1
		}
		i = s.space(i + 1)
		end := s.value(i)
		if end < 0 {
			return -1
		}
		if s.wantHoles {
			switch unquoteKey(key) {
			case "_placeholder":
				placeholder = string(s.b[i:end]) == "true"
			case "num":
				num = smallInt(s.b[i:end])
			}
		}
		i = s.space(end)
		if i >= len(s.b) {
			return -1
		}
		switch s.b[i] {
		case '}':
			if placeholder {
				s.holes = append(s.holes[:before], hole{start, i + 1, num})
			}
			return i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return -1
		}
	}
}

// unquoteKey returns the text of a quoted key.
func unquoteKey(key []byte) string {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key[1 : len(key)-1])
	}
	return unquote(key)
}

// unquote decodes a JSON string that was scanned before.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return ""
	}
	return text
}

// smallInt reads a plain decimal of at most two digits, else -1.
func smallInt(b []byte) int {
	if len(b) == 0 || len(b) > 2 || b[0] == '0' && len(b) > 1 {
		return -1
	}
	n, err := strconv.ParseUint(string(b), 10, 8)
	if err != nil {
		return -1
	}
	return int(n)
}
