package password_test

import (
	"strings"
	"testing"

	"maska/internal/password"
)

func TestWhichPasswordsMayBeChosen(t *testing.T) {
	t.Parallel()
	const fine = password.Flaw("")
	for _, c := range []struct {
		text                   string
		compat, strict, factor password.Flaw
	}{
		{"", password.TooShort, password.TooShort, password.TooShort},
		{"ab12x", password.TooShort, password.TooShort, password.TooShort},
		{"vzr9kq", fine, password.TooShort, password.TooShort},
		{"vzrqkx", password.Composition, password.TooShort, password.TooShort},
		{"739152", password.Composition, password.TooShort, password.TooShort},
		{"пыжик7", fine, password.TooShort, password.TooShort},
		{"口令密碼字٧", fine, password.TooShort, password.TooShort}, // an Arabic digit
		{"vzr9kqpw", fine, password.TooShort, fine},
		{"vzrqkxpw", password.Composition, password.TooShort, fine},
		{"vzrqkxpwmtbnlc", password.Composition, password.TooShort, fine},
		{"vzrqkxpwmtbnlcd", fine, fine, fine},
		{"        739152        ", fine, fine, fine},
		{strings.Repeat("жё", 63) + "ю7", fine, fine, fine},
		{strings.Repeat("жё", 64) + "7", password.TooLong, password.TooLong, password.TooLong},
		{"vzrqkxpw" + strings.Repeat("e\u0301x", 60), fine, fine, fine}, // 128 code points once composed
	} {
		got := func(p password.Policy, factor bool) password.Flaw {
			refused, _ := p.Check(c.text, factor)
			return refused
		}
		if got(password.Compat, false) != c.compat || got(password.Strict, false) != c.strict || got(password.Strict, true) != c.factor {
			t.Errorf("%.30q: compat %q, strict %q, with a factor %q", c.text, got(password.Compat, false), got(password.Strict, false), got(password.Strict, true))
		}
	}
}

func TestCommonPasswordsAreKnownInTheirDisguises(t *testing.T) {
	t.Parallel()
	common := []string{
		"password1", "P@ssw0rd", "Password123!", "pa$$w0rd2024", "qwerty123", "Qwertyuiop1", "1q2w3e4r5t", "123456a", "abc123", "iloveyou2", "Dragon99", "monkey12", "letmein1",
		"пароль1", "йцукен123", "Любовь2024", "наташа1990", "parol123", "woaini1314", "5201314a", "Maska2026", "telegram1",
		"123456789012345", "9876543210987654", "abcdefghijklmnopqr", "qwertyuiopasdfgh", "zzzzzzzzzzzzzzz", "abcabcabcabcabc", "1212121212121212", "passwordpassword", "Password12345678", "qwertyqwertyqwerty",
		"ann.smith@example.com", "ann.smith77", "Ann.Smith!!!!!!!!",
	}
	for _, text := range common {
		if refused, warning := password.Compat.Check(text, false, "Ann.Smith@example.com"); warning != password.Common && refused != password.Composition {
			t.Errorf("%q: refused %q, warning %q", text, refused, warning)
		}
		if refused, _ := password.Strict.Check(text, true, "Ann.Smith@example.com"); refused != password.Common && refused != password.TooShort {
			t.Errorf("%q passes the strict policy: %q", text, refused)
		}
	}
	for _, text := range []string{"vzr9kqpw", "correct horse battery staple", "Wq7!hk2#pLx", "мой кот ест борщ по средам", "dragonfly-over-lisbon 7", "пассажир9поезд"} {
		if refused, warning := password.Compat.Check(text, false, "ann@example.com", ""); refused != "" || warning != "" {
			t.Errorf("%q: refused %q, warning %q", text, refused, warning)
		}
	}
}
