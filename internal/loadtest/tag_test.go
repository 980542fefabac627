package loadtest

import "testing"

func TestATagIsFoundAsItWasWritten(t *testing.T) {
	want := tag{run: 0xdeadbeef, room: 0xabc, n: 1234567}
	text := want.append([]byte(`{"id":7,"content":"`))
	if got, ok := findTag(append(text, ` hello"}`...)); !ok || got != want {
		t.Errorf("%+v %v", got, ok)
	}
}

func TestTextWithoutAWholeTagHasNone(t *testing.T) {
	for _, text := range []string{"", "~~", "~~0123456789abcdef012", "hello", "~~0123456789abcdef012g", "~~0123456789ABCDEF0123"} {
		if got, ok := findTag([]byte(text)); ok {
			t.Errorf("%q has %+v", text, got)
		}
	}
}

func TestTheNumberOfAMessageIsThatOfItsID(t *testing.T) {
	for payload, want := range map[string]int64{
		`{"id":17,"content":""}`:     17,
		`{"id":"1-17","content":""}`: 17,
		`{"id":"123-4"`:              4,
		`{"id":9`:                    9,
	} {
		if got, ok := numberOf([]byte(payload)); !ok || got != want {
			t.Errorf("%s: %d %v", payload, got, ok)
		}
	}
	for _, payload := range []string{``, `{}`, `{"id":`, `{"id":"17"}`, `{"id":"1-"}`, `{"id":null}`, `{"content":"","id":17}`} {
		if got, ok := numberOf([]byte(payload)); ok {
			t.Errorf("%s: %d", payload, got)
		}
	}
}

func TestACIDIsAUUIDOfItsMessageAlone(t *testing.T) {
	text := string(tag{run: 1, room: 2, n: 3}.appendCID(nil))
	if want := "00000001-0000-4000-8000-000200000003"; text != want {
		t.Errorf("%s, not %s", text, want)
	}
}
