package socketio_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"maska/socketio"
)

// parsed is what socket.io-parser makes of a packet.
type parsed struct {
	Type        int
	Nsp         string
	ID          *float64
	Data        any
	Attachments int
}

// reference lets socket.io-parser decode texts.
func reference(t *testing.T, texts []string) []*parsed {
	t.Helper()
	lines, in, wait := node(t, "parser.js")
	lines.Buffer(nil, 1<<20)
	go func() {
		enc := json.NewEncoder(in)
		for _, text := range texts {
			must(enc.Encode(text))
		}
		must(in.(io.Closer).Close())
	}()
	results := make([]*parsed, len(texts))
	for i := range results {
		if !lines.Scan() {
			t.Fatalf("the parser stopped at %q", texts[i])
		}
		must(json.Unmarshal(lines.Bytes(), &results[i]))
	}
	must(wait())
	return results
}

// parserCorpus is texts that both decoders judge alike, and pieces to make
// others of.
var parserCorpus = []string{
	`0`, `0{"token":"t"}`, `0/custom,{"sid":"x"}`, `0/custom,`, `0/custom`, `0[]`, `0null`, `0"x"`, `0{`, `0{}{}`,
	`1`, `1/room,`, `1{}`, `1""`,
	`2["msg",{"a":1}]`, `2/room,17["msg","hi"]`, `2[5]`, `2[5,"x"]`, `2[]`, `2{}`, `2["a"`, `2["a"]x`, `2[{}]`, `2[null]`, `2[true]`,
	`2["connect"]`, `2["connect_error"]`, `2["disconnect"]`, `2["disconnecting"]`, `2["newListener"]`, `2["removeListener"]`, `2["\u0063onnect"]`,
	`2abc["a"]`, `2-1["a"]`, `2["a",undefined]`, `2["a",01]`, `2["a",]`, `2['a']`,
	`21["x",{"_placeholder":true,"num":0}]`, `2["имя","🎭","\ud83c\udfad","\u001e"]`, `2["x",1.5e3,-0,[[[[[]]]]],{"":{"":""}}]`,
	`317["ok"]`, `3/room,17[]`, `31{}`, `31"x"`,
	`51-["img",{"_placeholder":true,"num":0}]`, `52-/a,3["x",[{"num":1,"_placeholder":true}],{"b":{"_placeholder":true,"num":0}}]`,
	`61-/room,9[{"_placeholder":true,"num":0}]`, `51["a",{"_placeholder":true,"num":0}]`, `50-["a"]`, `511-["a"]`, `5["a"]`, `5`, `51`,
	`51-["a",{"_placeholder":true,"num":1}]`, `51-["a",{"_placeholder":true,"num":-1}]`, `51-["a",{"_placeholder":true,"num":"0"}]`, `51-["a",{"_placeholder":true}]`,
	`7`, `abc`, `9["a"]`,
}

// Where ours is stricter on purpose (and the reference is lenient).
var parserStricter = []string{
	`51e0-["a",{"_placeholder":true,"num":0}]`, // a number of attachments is digits
	`501-["a",{"_placeholder":true,"num":0}]`,
	`51-["a",{"_placeholder":true,"num":0.5}]`,
	`51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, // each attachment once
	`51-["a"]`,
	`3["no id"]`,
	`2 ["a"]`,
	`29007199254740993["a"]`,
	`299999999999999999999["a"]`,
	`4{"message":"x"}`, // fine from a server, not from a client
	``,
	`2`, // arguments must be there
	`31`,
	`51-`,
	`2["x",` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `]`,
	`2["` + strings.Repeat("e", 65) + `"]`,
	`2/` + strings.Repeat("n", 200) + `,["a"]`,
}

func TestDecoderAgreesWithTheReferenceParser(t *testing.T) {
	texts := append([]string(nil), parserCorpus...)
	agreed := len(texts)
	texts = append(texts, parserStricter...)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same mutations in every run
	for len(texts) < 4000 {
		if text := mutate(random, parserCorpus); utf8.ValidString(text) {
			texts = append(texts, text)
		}
	}
	accepted := 0
	for i, theirs := range reference(t, texts) {
		ours, ok := socketio.DecodeForTest(texts[i])
		switch {
		case i < agreed && ok != (theirs != nil):
			t.Errorf("%s: ours accepts it %v, theirs %v", texts[i], ok, theirs != nil)
		case i >= agreed && i < agreed+len(parserStricter) && (ok || theirs == nil):
			t.Errorf("%.80s: ours accepts it %v, theirs %v: not stricter", texts[i], ok, theirs != nil)
		case ok && theirs == nil:
			t.Errorf("%s: only ours accepts it", texts[i])
		case ok:
			accepted++
			compareParsed(t, texts[i], ours, theirs)
		}
	}
	if accepted < 300 {
		t.Errorf("only %d packets were compared", accepted)
	}
}

func compareParsed(t *testing.T, text string, ours socketio.DecodedForTest, theirs *parsed) {
	t.Helper()
	id := -1.0
	if theirs.ID != nil {
		id = *theirs.ID
	}
	if ours.Kind != theirs.Type || ours.Namespace != theirs.Nsp || float64(ours.Ack) != id || ours.Attachments != theirs.Attachments {
		t.Errorf("%s: ours %+v, theirs %+v", text, ours, theirs)
		return
	}
	if theirs.Attachments > 0 {
		return // theirs has put the attachments into the data
	}
	var data any
	if ours.Data != "" {
		must(json.Unmarshal([]byte(ours.Data), &data))
	}
	if !reflect.DeepEqual(data, theirs.Data) {
		t.Errorf("%s: data %v, theirs %v", text, data, theirs.Data)
	}
}

// mutate changes a text of the corpus a little, or joins halves of two.
func mutate(r *rand.Rand, corpus []string) string {
	text := []byte(corpus[r.IntN(len(corpus))])
	const letters = "0123456789-,/[]{}\"\\:aentru_. \x1e"
	for range 1 + r.IntN(2) {
		at := r.IntN(len(text) + 1)
		switch r.IntN(4) {
		case 0:
			text = append(text[:at:at], append([]byte{letters[r.IntN(len(letters))]}, text[at:]...)...)
		case 1:
			if at < len(text) {
				text = append(text[:at:at], text[at+1:]...)
			}
		case 2:
			if at < len(text) {
				text[at] = letters[r.IntN(len(letters))]
			}
		case 3:
			other := corpus[r.IntN(len(corpus))]
			text = append(text[:at:at], other[min(at, len(other)):]...)
		}
	}
	return string(text)
}
