package message_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/room"
)

func TestContentKeepsTheRules(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content, want string
		refused       errs.FieldCode
	}{
		"plain":                   {content: "hello", want: "hello"},
		"trimmed":                 {content: " \n hello \n\u00a0", want: "hello"},
		"one character":           {content: "я", want: "я"},
		"composed to NFC":         {content: "e\u0301", want: "é"},
		"a family emoji":          {content: "👨‍👩‍👧", want: "👨‍👩‍👧"},
		"right to left":           {content: "שלום", want: "שלום"},
		"30 lines":                {content: strings.Repeat("a\n", 30), want: strings.TrimSpace(strings.Repeat("a\n", 30))},
		"4,000 code points":       {content: strings.Repeat("🦔", 4000), want: strings.Repeat("🦔", 4000)},
		"4,000 after composing":   {content: strings.Repeat("e\u0301", 4000), want: strings.Repeat("é", 4000)},
		"4,000 after trimming":    {content: strings.Repeat("a", 4000) + "   ", want: strings.Repeat("a", 4000)},
		"empty":                   {content: "", refused: errs.Required},
		"blank":                   {content: " \n ", refused: errs.Required},
		"invisible":               {content: "\u200b\u200d\ufe0f", refused: errs.Required},
		"blank letters":           {content: "\u3164\u115f\u1160\uffa0\u2800", refused: errs.Required},
		"accents of nothing":      {content: "\u0301\u034f", refused: errs.Required},
		"4,001 code points":       {content: strings.Repeat("a", 4001), refused: errs.TooLong},
		"a megabyte":              {content: strings.Repeat("a", 1<<20), refused: errs.TooLong},
		"31 lines":                {content: strings.Repeat("a\n", 30) + "a", refused: errs.TooManyLines},
		"31 lines by separators":  {content: strings.Repeat("a\u2028", 30) + "a", refused: errs.TooManyLines},
		"NUL":                     {content: "a\x00b", refused: errs.BadCharacter},
		"a tab":                   {content: "a\tb", refused: errs.BadCharacter},
		"a carriage return":       {content: "a\r\nb", refused: errs.BadCharacter},
		"an escape sequence":      {content: "a\x1b[31mb", refused: errs.BadCharacter},
		"delete":                  {content: "a\x7fb", refused: errs.BadCharacter},
		"a C1 control":            {content: "a\u0085b", refused: errs.BadCharacter},
		"invalid UTF-8":           {content: "a\xffb", refused: errs.BadCharacter},
		"half a surrogate, UTF-8": {content: "a\xed\xa0\xbdb", refused: errs.BadCharacter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := message.NewDraft(message.Proposal{Room: room.Global, Content: test.content})
			if test.refused != "" {
				e := errs.From(err)
				if e.Code != errs.ValidationFailed || len(e.Fields) != 1 || e.Fields[0] != (errs.Field{Field: "content", Code: test.refused}) {
					t.Errorf("error = %v, want content: %s", err, test.refused)
				}
				return
			}
			if err != nil || d.Content() != test.want {
				t.Errorf("content = %.40q, %v; want %.40q", d.Content(), err, test.want)
			}
		})
	}
}

func TestACidIsAUUIDInItsUsualForm(t *testing.T) {
	t.Parallel()
	const canonical = "0f9d8c1e-3a4b-1c2d-8e9f-001122334455"
	for _, text := range []string{canonical, strings.ToUpper(canonical)} {
		if got, err := message.ParseCID(text); err != nil || got.String() != canonical {
			t.Errorf("%s = %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "x", "{" + canonical + "}", "urn:uuid:" + canonical, strings.ReplaceAll(canonical, "-", ""),
		"00000000-0000-0000-0000-000000000000", canonical[:35], canonical + "0", "0f9d8c1e-3a4b-1c2d-8e9f-00112233445g", "0f9d8c1e33a4b-1c2d-8e9f-001122334455",
	} {
		if _, err := message.ParseCID(text); errs.CodeOf(err) != errs.ValidationFailed {
			t.Errorf("%q was taken: %v", text, err)
		}
	}
}

func FuzzAcceptedContentKeepsTheRules(f *testing.F) {
	for _, content := range []string{"hello", "e\u0301", "a\x00", "\u200b", strings.Repeat("\u0344", 3000), "\n\n"} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		d, err := message.NewDraft(message.Proposal{Room: room.Global, Content: content})
		if err != nil {
			if errs.CodeOf(err) != errs.ValidationFailed {
				t.Fatalf("%q: %v", content, err)
			}
			return
		}
		got := d.Content()
		if n := utf8.RuneCountInString(got); n == 0 || n > message.MaxContent {
			t.Errorf("%d code points", n)
		}
		if !utf8.ValidString(got) || strings.ContainsRune(got, 0) || !norm.NFC.IsNormalString(got) {
			t.Errorf("%q was accepted as %q", content, got)
		}
		if again, err := message.NewDraft(message.Proposal{Room: room.Global, Content: got}); err != nil || again.Content() != got {
			t.Errorf("%q became %q, then %q, %v", content, got, again.Content(), err)
		}
	})
}
