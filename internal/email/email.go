// Package email reads addresses: which ones are taken, and which spellings mean the same mailbox.
package email

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxLength is the longest address in bytes (RFC 5321, section 4.5.3.1.3, as RFC 3696 erratum 1690 reads it).
const MaxLength = 254

// maxLocal is the longest part before the @ (RFC 5321, section 4.5.3.1.1).
const maxLocal = 64

// ErrInvalid is returned for everything that is not one plain address.
var ErrInvalid = errors.New("email: not an address")

// Address is one mailbox in its three spellings.
type Address struct {
	Typed     string // as the person wrote it, trimmed; shown to him
	Mailbox   string // where mail goes: the local part as typed, the domain in A-labels
	Canonical string // equal for equal mailboxes; never shown and never sent to
}

// domains turns what people type into A-labels (RFC 5891), the way browsers look hosts up (UTS 46),
// and refuses what DNS cannot hold.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule(), idna.CheckHyphens(true), idna.VerifyDNSLength(true))

// Parse reads one address without a display name (auth contract, section 6): an ASCII dot-atom, an @,
// and the name of a domain below a top level. Quoted local parts and addresses in brackets are refused:
// nobody's mailbox needs them, and they hide other spellings of the same one.
func Parse(text string) (Address, error) {
	typed := strings.TrimSpace(text)
	if len(typed) > MaxLength || !utf8.ValidString(typed) {
		return Address{}, ErrInvalid
	}
	local, domain, found := strings.Cut(typed, "@")
	if !found || !isDotAtom(local) || strings.ContainsAny(domain, "@ \t\r\n") {
		return Address{}, ErrInvalid
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil || !isHostBelowTop(ascii) {
		return Address{}, ErrInvalid
	}
	a := Address{Typed: typed, Mailbox: local + "@" + ascii, Canonical: strings.ToLower(local) + "@" + ascii}
	if len(a.Mailbox) > MaxLength {
		return Address{}, ErrInvalid
	}
	return a, nil
}

// isDotAtom reports whether text is atoms of ASCII with single dots between them (RFC 5322, section 3.2.3).
func isDotAtom(text string) bool {
	if len(text) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(text, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return false
		}
	}
	return true
}

func notAtext(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// isHostBelowTop wants at least two labels, and a last one that no IPv4 address has.
func isHostBelowTop(domain string) bool {
	i := strings.LastIndexByte(domain, '.')
	return i > 0 && i < len(domain)-1 && strings.Trim(domain[i+1:], "0123456789") != ""
}
