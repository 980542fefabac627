// Package account is who may sign in. What is known of the person lies here, sealed; nothing of it
// ever reaches the chat.
package account

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"maska/internal/locale"
	"maska/internal/vault"
)

// ID is the random internal id of an account, 1 … 2^53−1.
type ID int64

// ShortIDLength is the length of the id for support and links.
const ShortIDLength = 11

// IsShortID reports whether a text could be a short id.
func IsShortID(text string) bool {
	return len(text) == ShortIDLength && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Role is what an account may do. A higher role includes the lower ones.
type Role string

// The roles.
const (
	RoleUser      Role = "user"
	RoleModerator Role = "moderator"
	RoleAdmin     Role = "admin"
)

// Account is one row: identities as tags and sealed values, and what sessions are checked against.
type Account struct {
	ID      ID
	ShortID string

	TelegramTag    *vault.Tag // nil when no Telegram identity leads here
	EmailTag       *vault.Tag
	SealedTelegram []byte // nil unless the person linked it
	SealedEmail    []byte
	EmailVerified  bool
	PasswordHash   string
	SealedNames    []byte // nil unless the person gave himself names; they win over Telegram's
	SecondFactor   bool   // there is an active one
	MFAFor         string // when a second factor is asked for: MFAForPassword or MFAForAll

	Language   locale.Lang
	Roles      []Role
	Active     bool
	TokenEpoch int64 // sessions of another epoch are void
	Generation int64 // counts masks; finds the present one through vault.OwnerTag
	CreatedAt  time.Time
}

// When a second factor is asked for (auth contract, section 12).
const (
	MFAForPassword = "password" // after a password
	MFAForAll      = "all"      // also after a proof of Telegram or another issuer on a new device
)

// Has reports whether the account has the role.
func (a Account) Has(role Role) bool { return slices.Contains(a.Roles, role) }

// Telegram is the identity that a person linked by signing in to an account.
type Telegram struct {
	ID        int64  `json:"id"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Username  string `json:"username,omitempty"`
}

// Names are what a person calls himself where others cannot see it.
type Names struct {
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
}

const (
	telegramColumn = "accounts.telegram"
	emailColumn    = "accounts.email"
	namesColumn    = "accounts.names"
)

// SealEmail seals an address, as it was typed, for the row of this account.
func SealEmail(v *vault.Vault, id ID, address string) []byte {
	return v.Seal(emailColumn, int64(id), []byte(address))
}

// SealNames seals names for the row of this account.
func SealNames(v *vault.Vault, id ID, names Names) ([]byte, error) {
	plain, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	return v.Seal(namesColumn, int64(id), plain), nil
}

// SealTelegram seals an identity for the row of this account.
func SealTelegram(v *vault.Vault, id ID, identity Telegram) ([]byte, error) {
	plain, err := json.Marshal(identity)
	if err != nil {
		return nil, err
	}
	return v.Seal(telegramColumn, int64(id), plain), nil
}

// Identity is what an account's owner may see of himself.
type Identity struct {
	Telegram *Telegram // nil when nothing is sealed
	Email    string
	Names    *Names // nil unless the person gave himself some
}

// Unseal opens the sealed identity, for the owner's own eyes.
func Unseal(v *vault.Vault, a Account) (Identity, error) {
	var found Identity
	if a.SealedTelegram != nil {
		plain, err := v.Unseal(telegramColumn, int64(a.ID), a.SealedTelegram)
		if err != nil {
			return Identity{}, err
		}
		found.Telegram = new(Telegram)
		if err := json.Unmarshal(plain, found.Telegram); err != nil {
			return Identity{}, fmt.Errorf("sealed identity: %w", err)
		}
	}
	if a.SealedEmail != nil {
		plain, err := v.Unseal(emailColumn, int64(a.ID), a.SealedEmail)
		if err != nil {
			return Identity{}, err
		}
		found.Email = string(plain)
	}
	if a.SealedNames != nil {
		plain, err := v.Unseal(namesColumn, int64(a.ID), a.SealedNames)
		if err != nil {
			return Identity{}, err
		}
		found.Names = new(Names)
		if err := json.Unmarshal(plain, found.Names); err != nil {
			return Identity{}, fmt.Errorf("sealed names: %w", err)
		}
	}
	return found, nil
}
