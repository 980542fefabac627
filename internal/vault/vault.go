// Package vault holds the root key and everything that is derived from it. The key lives outside
// of the database; what the database keeps of a person are tags and sealed values that are
// worthless without it.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// KeySize is the size of the root key and of every key derived from it, in bytes.
const KeySize = 32

// Tag is a keyed fingerprint: equal for equal input, and nothing else can be learned from it
// without the root key.
type Tag [sha256.Size]byte

// Vault derives tags and seals values. It is safe for concurrent use.
type Vault struct {
	root                     []byte
	tag, owner, limit, check []byte
	identity, escrow         cipher.AEAD
}

// ErrSealed is returned when a sealed value was made with another key, for another row, or was altered.
var ErrSealed = errors.New("vault: sealed value does not open")

// New derives all keys from the root key, which must have KeySize bytes.
func New(root []byte) (*Vault, error) {
	if len(root) != KeySize {
		return nil, fmt.Errorf("vault: root key has %d bytes, want %d", len(root), KeySize)
	}
	v := &Vault{root: append([]byte(nil), root...)}
	var err error
	for label, key := range map[string]*[]byte{"tag": &v.tag, "owner": &v.owner, "limit": &v.limit, "check": &v.check} {
		if *key, err = v.Key(label); err != nil {
			return nil, err
		}
	}
	if v.identity, err = v.aead("seal"); err != nil {
		return nil, err
	}
	if v.escrow, err = v.aead("escrow"); err != nil {
		return nil, err
	}
	return v, nil
}

// Key derives a key of KeySize bytes for a use that has a name of its own (HKDF-SHA-256, RFC 5869).
func (v *Vault) Key(label string) ([]byte, error) {
	return hkdf.Key(sha256.New, v.root, nil, "maska/"+label, KeySize)
}

func (v *Vault) aead(label string) (cipher.AEAD, error) {
	key, err := v.Key(label)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// CheckValue is kept in the database, so that a start with another root key can be refused.
func (v *Vault) CheckValue() Tag { return mac(v.check, []byte("maska")) }

// TelegramTag finds the account of a Telegram user id.
func (v *Vault) TelegramTag(id int64) Tag {
	return mac(v.tag, strconv.AppendInt([]byte("tg:"), id, 10))
}

// EmailTag finds the account of a canonical e-mail address.
func (v *Vault) EmailTag(canonical string) Tag { return mac(v.tag, []byte("mail:"+canonical)) }

// NameTag finds the account that proved a Telegram username last.
func (v *Vault) NameTag(username string) Tag {
	return mac(v.tag, []byte("name:"+strings.ToLower(username)))
}

// DeviceTag stands for a device where an account keeps its own. Two accounts on one device cannot be linked.
func (v *Vault) DeviceTag(account int64, device string) Tag {
	return mac(v.tag, append(binary.BigEndian.AppendUint64([]byte("device:"), uint64(account)), device...)) //nolint:gosec // the bits of the id
}

// LockTag stands for whoever's failed proofs are counted, whether he exists or not.
func (v *Vault) LockTag(who string) Tag { return mac(v.tag, []byte("lock:"+who)) }

// IssuedTag finds the account of a subject at an OpenID Connect issuer.
func (v *Vault) IssuedTag(issuer, subject string) Tag {
	return mac(v.tag, []byte("oidc:"+issuer+"\n"+subject))
}

// NicknameTag stands for the key of a nickname that nobody may take for a while.
func (v *Vault) NicknameTag(key string) Tag { return mac(v.tag, []byte("nick:"+key)) }

// OwnerTag finds the present mask of an account. Two generations cannot be linked without the key.
func (v *Vault) OwnerTag(account, generation int64) Tag {
	return mac(v.owner, pair(account, generation))
}

// LimitKey stands for an account where limits are counted.
func (v *Vault) LimitKey(account int64) Tag { return mac(v.limit, pair(account, 0)) }

// Seal encrypts a value of one column of one row; it opens nowhere else.
func (v *Vault) Seal(column string, row int64, plain []byte) []byte {
	return v.identity.Seal(nil, nil, plain, place(column, row)) //nolint:gosec // this AEAD draws its own nonce
}

// Unseal returns what Seal was given, or ErrSealed.
func (v *Vault) Unseal(column string, row int64, sealed []byte) ([]byte, error) {
	plain, err := v.identity.Open(nil, nil, sealed, place(column, row))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrSealed, column)
	}
	return plain, nil
}

// SealOwner makes the escrow: the account behind a mask, bound to that mask.
func (v *Vault) SealOwner(profile, account int64) []byte {
	return v.escrow.Seal(nil, nil, binary.BigEndian.AppendUint64(nil, uint64(account)), place("escrow", profile)) //nolint:gosec // this AEAD draws its own nonce; the bits of the id
}

// UnsealOwner returns the account behind a mask while its escrow is kept, or ErrSealed.
func (v *Vault) UnsealOwner(profile int64, sealed []byte) (account int64, err error) {
	plain, err := v.escrow.Open(nil, nil, sealed, place("escrow", profile))
	if err != nil || len(plain) != 8 {
		return 0, fmt.Errorf("%w: escrow", ErrSealed)
	}
	return int64(binary.BigEndian.Uint64(plain)), nil //nolint:gosec // made from an int64 by SealOwner
}

func mac(key, message []byte) (t Tag) {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	h.Sum(t[:0])
	return t
}

func pair(a, b int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(a)), uint64(b)) //nolint:gosec // the bits of the ids
}

func place(column string, row int64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(row)), column...) //nolint:gosec // the bits of the id
}
