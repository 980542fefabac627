package telegram

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// What members accepts, the standard library reads the same; what members
// refuses has a name twice, nests too deep or is no object of valid UTF-8.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		``, `5`, `"x"`, `[]`, `{}`, ` { } `, `{"a":1}`, `{"a":"\"{"}`, `{"a":"\\","b":[1,"]",{"c":null}]}`,
		`{"a" : -1.5e+9 , "b" : true }`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":[{"b":1,"b":2}]}`, `{"a":[[],{},[[]]]}`,
		`{"":"","\ud800":1}`, "{\"a\":\n1\r,\t\"b\":2}", `{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, refusal := members(data)
		var want map[string]json.RawMessage
		err := json.Unmarshal(data, &want)
		if refusal != nil {
			return
		}
		if err != nil || want == nil {
			t.Fatalf("accepted %q: %v", data, err)
		}
		got := map[string]json.RawMessage{}
		for _, m := range found {
			got[m.name] = m.value
		}
		if len(got) != len(found) || !maps.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("read %q from %q, want %q", got, data, want)
		}
	})
}

func TestMembersTakesEveryDistinctObject(t *testing.T) {
	for text, want := range map[string]int{
		`{}`:                            0,
		" \n{ \"a\" :\t1 }\r":           1,
		`{"b":{"a":1},"a":{"a":1}}`:     2,
		`{"a":[{"a":1},{"a":1}],"b":0}`: 2,
		`{"a":"}","b":"\\\"]","c":-0}`:  3,
	} {
		if found, err := members([]byte(text)); err != nil || len(found) != want {
			t.Errorf("%s: %d members, %v; want %d", text, len(found), err, want)
		}
	}
}
