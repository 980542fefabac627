package socketio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// describe is a packet in one line.
func describe(p *packet) string {
	args := make([]string, len(p.args))
	for i, a := range p.args {
		args[i] = string(p.data[a.start:a.end])
	}
	return fmt.Sprintf("%c %d %s %d %s %s", p.kind, p.attachments, p.namespace(), p.ack, p.name, strings.Join(args, " "))
}

func TestDecode(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]string{
		`0`:                                    `0 0 / -1  `,
		`0{"token":"t"}`:                       `0 0 / -1  `,
		`0/custom,{"sid":"x"}`:                 `0 0 /custom -1  `,
		`0/custom,`:                            `0 0 /custom -1  `,
		`0/custom`:                             `0 0 /custom -1  `,
		`0/,{}`:                                `0 0 / -1  `,
		`1`:                                    `1 0 / -1  `,
		`1/room,`:                              `1 0 /room -1  `,
		`2["msg",{"a":1}]`:                     `2 0 / -1 "msg" {"a":1}`,
		`2/room,17["msg","hi"]`:                `2 0 /room 17 "msg" "hi"`,
		`2[ "msg" , 1 , [2, 3]]`:               `2 0 / -1 "msg" 1 [2, 3]`,
		`2[5]`:                                 `2 0 / -1 5 `,
		`2007["x"]`:                            `2 0 / 7 "x" `,
		`29007199254740991["x"]`:               `2 0 / 9007199254740991 "x" `,
		`2["x",{"_placeholder":true,"num":0}]`: `2 0 / -1 "x" {"_placeholder":true,"num":0}`,
		`317["ok"]`:                            `3 0 / 17  "ok"`,
		`3/room,17[]`:                          `3 0 /room 17  `,
		`51-["img",{"_placeholder":true,"num":0}]`:                                         `5 1 / -1 "img" {"_placeholder":true,"num":0}`,
		`52-/a,3["x",[{"num":1,"_placeholder":true}],{"b":{"_placeholder":true,"num":0}}]`: `5 2 /a 3 "x" [{"num":1,"_placeholder":true}] {"b":{"_placeholder":true,"num":0}}`,
		`51-["x",{"\u005fplaceholder":true,"num":0}]`:                                      `5 1 / -1 "x" {"\u005fplaceholder":true,"num":0}`,
		`61-/room,9[{"_placeholder":true,"num":0}]`:                                        `6 1 /room 9  {"_placeholder":true,"num":0}`,
		`2["x",` + deep(63) + `]`:                                                          `2 0 / -1 "x" ` + deep(63),
		`2["` + strings.Repeat("e", 64) + `"]`:                                             `2 0 / -1 "` + strings.Repeat("e", 64) + `" `,
		`0/` + strings.Repeat("n", 127):                                                    `0 0 /` + strings.Repeat("n", 127) + ` -1  `,
	} {
		p, err := decodePacket([]byte(text), 10)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := describe(&p); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// Section "decoder rules": each of these closes the session.
func TestDecodeRefuses(t *testing.T) {
	placeholder := `{"_placeholder":true,"num":0}`
	for name, text := range map[string]string{
		"empty":                          ``,
		"unknown type":                   `7`,
		"letter":                         `abc`,
		"CONNECT_ERROR":                  `4{"message":"x"}`,
		"CONNECT with an array":          `0[]`,
		"CONNECT with null":              `0null`,
		"CONNECT with text":              `0"x"`,
		"CONNECT with broken JSON":       `0{"a":}`,
		"CONNECT with two values":        `0{}{}`,
		"DISCONNECT with payload":        `1{}`,
		"EVENT without payload":          `2`,
		"EVENT with an object":           `2{}`,
		"EVENT with an empty array":      `2[]`,
		"EVENT with broken JSON":         `2["a",}`,
		"EVENT cut off":                  `2["a"`,
		"EVENT with something after":     `2["a"]x`,
		"EVENT named by an object":       `2[{}]`,
		"EVENT named by null":            `2[null]`,
		"EVENT named by true":            `2[true]`,
		"letters before the array":       `2abc["a"]`,
		"space before the array":         `2 ["a"]`,
		"reserved connect":               `2["connect"]`,
		"reserved connect_error":         `2["connect_error"]`,
		"reserved disconnect":            `2["disconnect"]`,
		"reserved disconnecting":         `2["disconnecting"]`,
		"reserved newListener":           `2["newListener"]`,
		"reserved removeListener":        `2["removeListener"]`,
		"reserved, escaped":              `2["\u0063onnect"]`,
		"name of 65 bytes":               `2["` + strings.Repeat("e", 65) + `"]`,
		"ACK without id":                 `3["a"]`,
		"ACK with an object":             `31{}`,
		"ACK without payload":            `31`,
		"ack id over 2^53":               `29007199254740992["a"]`,
		"ack id of 17 digits":            `200000000000000001["a"]`,
		"ack id of 400 digits":           `2` + strings.Repeat("9", 400) + `["a"]`,
		"negative ack id":                `2-1["a"]`,
		"namespace of 129 bytes":         `2/` + strings.Repeat("n", 128) + `,["a"]`,
		"namespace with a control":       "2/a\x01,[\"a\"]",
		"attachments without a dash":     `51["a",` + placeholder + `]`,
		"attachments of zero":            `50-["a"]`,
		"attachments of 01":              `501-["a",` + placeholder + `]`,
		"attachments of eleven":          `511-["a",` + placeholder + `]`,
		"attachments of 1e1":             `51e1-["a",` + placeholder + `]`,
		"attachments missing":            `5["a",` + placeholder + `]`,
		"attachments alone":              `51-`,
		"attachments, cut off":           `51`,
		"attachments of an EVENT":        `21-["a",` + placeholder + `]`,
		"placeholder of 1 of 1":          `51-["a",{"_placeholder":true,"num":1}]`,
		"placeholder of -1":              `51-["a",{"_placeholder":true,"num":-1}]`,
		"placeholder of 0.5":             `51-["a",{"_placeholder":true,"num":0.5}]`,
		"placeholder of text":            `51-["a",{"_placeholder":true,"num":"0"}]`,
		"placeholder without num":        `51-["a",{"_placeholder":true}]`,
		"placeholder twice":              `51-["a",` + placeholder + `,` + placeholder + `]`,
		"placeholder never":              `51-["a",{"_placeholder":false,"num":0}]`,
		"one placeholder of two":         `52-["a",` + placeholder + `]`,
		"binary event named by a hole":   `51-[` + placeholder + `]`,
		"too deep":                       `2["x",` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `]`,
		"too deep in CONNECT":            `0` + strings.Repeat(`{"a":`, 65) + `1` + strings.Repeat("}", 65),
		"number with a leading zero":     `2["x",01]`,
		"bare word":                      `2["x",undefined]`,
		"control character in text":      "2[\"x\",\"\x01\"]",
		"bad escape":                     `2["x","\q"]`,
		"bad unicode escape":             `2["x","\u12g4"]`,
		"trailing comma":                 `2["x",]`,
		"key without value":              `2["x",{"a"}]`,
		"key without quotes":             `2["x",{a:1}]`,
		"100,000 levels":                 `2["x",` + strings.Repeat("[", 100000),
		"attachments beyond the maximum": `53-["a",` + placeholder + `]`,
	} {
		if p, err := decodePacket([]byte(text), 2); err == nil {
			t.Errorf("%s: %.60s was taken as %.60s", name, text, describe(&p))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e+3,"x\u00e9",null,true,false,{}]}`, `"`, `[1,]`, `01`, `1e`, ` [ ] `, "\"\x7f\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := scanJSON(b), json.Valid(b); got != want && (got || strings.Count(string(b), "[")+strings.Count(string(b), "{") <= maxDepth) {
			t.Fatalf("%q: valid %v, encoding/json says %v", b, got, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`0{"a":1}`, `2/room,17["msg","hi"]`, `52-/a,3["x",[{"num":1,"_placeholder":true}],{"b":{"_placeholder":true,"num":0}}]`, `317["ok"]`, `1/x,`} {
		f.Add([]byte(seed))
	}
	n := newNamespace(new(Server), "/")
	f.Fuzz(func(t *testing.T, b []byte) {
		if !utf8.Valid(b) {
			return
		}
		p, err := decodePacket(b, 10)
		if err != nil || len(p.args) == 0 {
			return
		}
		// What was accepted can be passed on and means the same.
		bins := make([][]byte, p.attachments)
		for i := range bins {
			bins[i] = []byte{byte(i)}
		}
		values := p.values(bins)
		args := make([]any, len(values))
		for i, v := range values {
			args[i] = v
			var dst any
			if err := v.Bind(&dst); err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
				t.Fatalf("%s: %v", v.raw, err)
			}
		}
		again, err := n.encode("again", 1, args)
		if err != nil {
			t.Fatal(err)
		}
		q, err := decodePacket(again.text[1:], 10)
		if err != nil || len(q.args) != len(p.args) || q.attachments != p.attachments {
			t.Fatalf("%q became %q: %v", b, again.text, err)
		}
	})
}
