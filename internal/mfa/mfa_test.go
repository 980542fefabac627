package mfa_test

import (
	"crypto/rand"
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"maska/internal/mfa"
	"maska/internal/random"
)

var source = random.New(rand.Reader)

// The vectors of RFC 6238, appendix B, for SHA-1, cut to six digits as apps show them.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := mfa.Secret("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := secret.At(mfa.StepOf(time.Unix(seconds, 0))); got != want[2:] {
			t.Errorf("at %d: %s, want %s", seconds, got, want[2:])
		}
	}
}

func TestACodeIsGoodOnceInItsStepAndTheNext(t *testing.T) {
	t.Parallel()
	secret := mfa.NewSecret(source)
	now := time.Unix(1_800_000_000, 0) // begins a step
	step := mfa.StepOf(now)
	code := secret.At(step)
	for _, c := range []struct {
		name string
		code string
		at   time.Time
		last int64
		want bool
	}{
		{"at once", code, now, 0, true},
		{"at its end", code, now.Add(29 * time.Second), 0, true},
		{"a step later", code, now.Add(59 * time.Second), 0, true},
		{"two steps later", code, now.Add(60 * time.Second), 0, false},
		{"before its time", code, now.Add(-time.Second), 0, false},
		{"again", code, now, step, false},
		{"again a step later", code, now.Add(30 * time.Second), step, false},
		{"when a later one was used", code, now.Add(30 * time.Second), step + 1, false},
		{"the next one", secret.At(step + 1), now.Add(30 * time.Second), step, true},
		{"cut", code[:5], now, 0, false},
		{"with a space", code + " ", now, 0, false},
		{"empty", "", now, 0, false},
	} {
		found, ok := secret.Match(c.code, c.at, c.last)
		if ok != c.want || (ok && secret.At(found) != c.code) {
			t.Errorf("%s: %d, %t", c.name, found, ok)
		}
	}
}

func TestAnAppCanReadTheSecret(t *testing.T) {
	t.Parallel()
	secret := mfa.NewSecret(source)
	plain, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret.Text())
	if err != nil || string(plain) != string(secret) || len(secret) != 20 {
		t.Fatalf("%q: %v", secret.Text(), err)
	}
	uri, err := url.Parse(secret.URI("Maska", "a name/?"))
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Maska:a name/?" {
		t.Fatalf("%v, %v", uri, err)
	}
	if q := uri.Query(); q.Get("secret") != secret.Text() || q.Get("issuer") != "Maska" || q.Get("digits") != "6" || q.Get("period") != "30" {
		t.Errorf("%v", q)
	}
}

func TestRecoveryCodesAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		code := mfa.NewRecoveryCode(source)
		for _, typed := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " - "), strings.ReplaceAll(strings.ReplaceAll(code, "0", "O"), "1", "l")} {
			if read, ok := mfa.ReadRecoveryCode(typed); !ok || read != code {
				t.Fatalf("%q was read as %q, %t; want %q", typed, read, ok, code)
			}
		}
		if seen[code] {
			t.Fatal("a code came twice")
		}
		seen[code] = true
	}
	for _, typed := range []string{"", "12345", "12345-6789", "12345-678901", "12345-6789u", "123456-78901", strings.Repeat(" ", 50) + "1234567890", "１２３４５-67890"} {
		if read, ok := mfa.ReadRecoveryCode(typed); ok {
			t.Errorf("%q was read as %q", typed, read)
		}
	}
}

func TestSentCodesAreSixDigitsOfAllKinds(t *testing.T) {
	t.Parallel()
	first := map[byte]bool{}
	for range 1000 {
		code := mfa.NewCode(source)
		if len(code) != mfa.Digits || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q", code)
		}
		first[code[0]] = true
	}
	if len(first) != 10 {
		t.Errorf("codes begin with %d different digits", len(first))
	}
}
