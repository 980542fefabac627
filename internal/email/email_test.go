package email_test

import (
	"strings"
	"testing"

	"maska/internal/email"
)

func TestSpellingsOfOneMailboxShareACanonicalForm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]email.Address{
		"user@example.com":          {Mailbox: "user@example.com", Canonical: "user@example.com"},
		"  User@Example.COM\n":      {Typed: "User@Example.COM", Mailbox: "User@example.com", Canonical: "user@example.com"},
		"a.b+tag@mail.example.org":  {Mailbox: "a.b+tag@mail.example.org", Canonical: "a.b+tag@mail.example.org"},
		"o'hara@example.co.uk":      {Mailbox: "o'hara@example.co.uk", Canonical: "o'hara@example.co.uk"},
		"Ann@Почта.РФ":              {Mailbox: "Ann@xn--80a1acny.xn--p1ai", Canonical: "ann@xn--80a1acny.xn--p1ai"},
		"ann@XN--80A1ACNY.xn--p1ai": {Mailbox: "ann@xn--80a1acny.xn--p1ai", Canonical: "ann@xn--80a1acny.xn--p1ai"},
		"x@faß.de":                  {Mailbox: "x@xn--fa-hia.de", Canonical: "x@xn--fa-hia.de"},
		"x@例え。テスト":                  {Mailbox: "x@xn--r8jz45g.xn--zckzah", Canonical: "x@xn--r8jz45g.xn--zckzah"},
		"x@ｅｘａｍｐｌｅ.com":             {Mailbox: "x@example.com", Canonical: "x@example.com"},
		"1@2.example":               {Mailbox: "1@2.example", Canonical: "1@2.example"},
	} {
		if want.Typed == "" {
			want.Typed = typed
		}
		got, err := email.Parse(typed)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", typed, got, err, want)
		}
	}
}

func TestOnlyOnePlainAddressIsTaken(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for _, text := range []string{
		"", " ", "@", "user", "user@", "@example.com", "user@example", "user@localhost", "a@b@example.com", "user@example..com", "user@.example.com", "user@example.com.",
		".user@example.com", "user.@example.com", "us..er@example.com", `"user"@example.com`, `"a b"@example.com`, "us er@example.com", "user@exa mple.com",
		"Ann <user@example.com>", "user@example.com, other@example.com", "user@example.com;other@example.com", "user@[127.0.0.1]", "user@127.0.0.1", "user@[IPv6:::1]",
		"юзер@example.com", "us\x00er@example.com", "user@exam\x00ple.com", "user@example.com\r\nBcc: x@example.com", "user\r\n@example.com", "user@example.com\x00",
		"user@-example.com", "user@example-.com", "user@exa_mple.com", "user@xn--.com", "user@xn--a.com", "user@ex--ample.com", "user@example.c\u00adom\u202e",
		strings.Repeat("a", 65) + "@example.com", "a@" + long + "a.com", "a@" + strings.Repeat(long+".", 4) + "com",
		"user(comment)@example.com", "user@example.com(comment)", "mailto:user@example.com", `us\er@example.com`, "user@exam\xffple.com", "user@exam\ufffdple.com", "us\xffer@example.com",
	} {
		if got, err := email.Parse(text); err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

func FuzzParseIsStable(f *testing.F) {
	for _, seed := range []string{"User@Example.COM", "Ann@Почта.РФ", "x@faß.de", "x@例え。テスト", "a@b@c.d", `"a b"@example.com`, "a@xn--80a1acny.xn--p1ai", "a@\u0130.com", "a@ab.\u2100", "k\u212a@k.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := email.Parse(text)
		if err != nil {
			return
		}
		for _, sent := range []string{a.Mailbox, a.Canonical} {
			if len(sent) > email.MaxLength || strings.Count(sent, "@") != 1 || strings.ContainsFunc(sent, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q became %q", text, sent)
			}
			again, err := email.Parse(sent)
			if err != nil || again.Canonical != a.Canonical {
				t.Errorf("%q: %q became %+v, %v", text, sent, again, err)
			}
		}
		if a.Canonical != strings.ToLower(a.Canonical) {
			t.Errorf("%q: canonical %q", text, a.Canonical)
		}
		if typed, err := email.Parse(a.Typed); err != nil || typed != a {
			t.Errorf("%q: typed %q became %+v, %v", text, a.Typed, typed, err)
		}
	})
}
