package vault_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maska/internal/vault"
)

func open(t testing.TB, fill byte) *vault.Vault {
	t.Helper()
	v, err := vault.New(bytes.Repeat([]byte{fill}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTagsDifferByUseValueAndKey(t *testing.T) {
	a, b := open(t, 1), open(t, 2)
	tags := map[vault.Tag]string{}
	for name, tag := range map[string]vault.Tag{
		"telegram": a.TelegramTag(7), "telegram 8": a.TelegramTag(8), "other key": b.TelegramTag(7),
		"email": a.EmailTag("7"), "name": a.NameTag("7"), "check": a.CheckValue(), "other check": b.CheckValue(),
		"owner 7/1": a.OwnerTag(7, 1), "owner 7/2": a.OwnerTag(7, 2), "owner 1/7": a.OwnerTag(1, 7),
		"limit": a.LimitKey(7), "owner 7/0": a.OwnerTag(7, 0),
	} {
		if other, taken := tags[tag]; taken {
			t.Errorf("%s and %s have the same tag", name, other)
		}
		tags[tag] = name
	}
	if a.TelegramTag(7) != open(t, 1).TelegramTag(7) {
		t.Error("the tag of a person changed with a restart")
	}
	if a.NameTag("Ann") != a.NameTag("aNN") {
		t.Error("usernames differ by case")
	}
}

func TestASealedValueOpensOnlyInItsPlaceAndWithItsKey(t *testing.T) {
	v := open(t, 1)
	sealed := v.Seal("email", 42, []byte("ann@example.org"))
	if bytes.Contains(sealed, []byte("ann")) {
		t.Fatal("the value is readable")
	}
	if plain, err := v.Unseal("email", 42, sealed); err != nil || string(plain) != "ann@example.org" {
		t.Fatalf("Unseal = %q, %v", plain, err)
	}
	if bytes.Equal(sealed, v.Seal("email", 42, []byte("ann@example.org"))) {
		t.Error("sealing twice gives the same bytes")
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1] ^= 1
	for name, attempt := range map[string]func() error{
		"other row":    func() error { _, err := v.Unseal("email", 43, sealed); return err },
		"other column": func() error { _, err := v.Unseal("telegram", 42, sealed); return err },
		"other key":    func() error { _, err := open(t, 2).Unseal("email", 42, sealed); return err },
		"altered":      func() error { _, err := v.Unseal("email", 42, altered); return err },
		"cut":          func() error { _, err := v.Unseal("email", 42, sealed[:5]); return err },
		"as escrow":    func() error { _, err := v.UnsealOwner(42, sealed); return err },
	} {
		if err := attempt(); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("%s: %v, want ErrSealed", name, err)
		}
	}
}

func TestTheEscrowOfAMaskNamesItsAccountAndFitsNoOtherMask(t *testing.T) {
	v := open(t, 1)
	escrow := v.SealOwner(100, 9007199254740991)
	if account, err := v.UnsealOwner(100, escrow); err != nil || account != 9007199254740991 {
		t.Fatalf("UnsealOwner = %d, %v", account, err)
	}
	if _, err := v.UnsealOwner(101, escrow); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("another mask: %v", err)
	}
}

func TestTheKeyFileIsMadeOnceAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	if _, err := vault.ReadRootKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a missing file: %v", err)
	}
	key, err := vault.CreateRootKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.CreateRootKey(path)
	if err != nil || !bytes.Equal(again, key) {
		t.Fatalf("a second start got another key (%v)", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".root-key-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // the mistake under test
		t.Fatal(err)
	}
	if _, err := vault.ReadRootKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key file that others can read: %v", err)
	}
}

func TestParseRootKeyRefusesNonsense(t *testing.T) {
	if _, err := vault.ParseRootKey(strings.Repeat("0f", vault.KeySize)); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "secret", strings.Repeat("0f", vault.KeySize-1), strings.Repeat("zz", vault.KeySize)} {
		if _, err := vault.ParseRootKey(text); err == nil {
			t.Errorf("ParseRootKey(%q) took it", text)
		}
	}
}
