// Package password says which passwords may be chosen, and hashes and checks them.
package password

import (
	"context"
	"errors"

	"golang.org/x/text/unicode/norm"

	"maska/internal/random"
)

// MaxBytes is the longest text that is looked at as a password at all (auth contract, section 2).
const MaxBytes = 512

// ErrBusy is returned when more passwords wait to be hashed than can be done in reasonable time.
var ErrBusy = errors.New("password: too many passwords wait to be hashed")

// waitingPerSlot bounds the queue: at 30 to 50 ms a hash the last in it waits about a second.
const waitingPerSlot = 24

// Hasher makes and checks hashes, a bounded number at a time: each takes its memory and a core. It is
// safe for concurrent use.
type Hasher struct {
	params  Params
	random  random.Source
	slots   chan struct{} // one for each hash under way
	waiting chan struct{} // one for each that is under way or waits
	dummy   string
}

// NewHasher makes a hasher that computes up to parallel hashes at once.
func NewHasher(params Params, parallel int, source random.Source) *Hasher {
	h := &Hasher{
		params: params, random: source,
		slots: make(chan struct{}, parallel), waiting: make(chan struct{}, parallel*(1+waitingPerSlot)),
	}
	h.dummy = params.encode(source.Bytes(saltSize), source.Bytes(keySize)) // nobody's: no password is known for it
	return h
}

// Hash returns the hash of a password as a PHC string. The password is hashed as it is but for its
// normal form (NFC), so that it does not depend on the keyboard.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.inTurn(ctx, func() { hash = h.params.hash(norm.NFC.String(password), h.random.Bytes(saltSize)) })
	return hash, err
}

// Verify reports whether a password belongs to a hash, ours or an imported one, and whether the
// password should be hashed anew because the hash is not what Hash would make today. With an empty
// hash it takes as long as with one of ours and the answer is no.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (right, stale bool, err error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	check, err := parse(hash)
	if err != nil {
		return false, false, err
	}
	err = h.inTurn(ctx, func() {
		normal := norm.NFC.String(password)
		right = check.matches(normal)
		if !right && check.imported && normal != password { // other systems may have hashed what was typed
			right = check.matches(password)
		}
	})
	right = right && known
	return right, right && check.params != h.params, err
}

// inTurn runs work when there is room for it.
func (h *Hasher) inTurn(ctx context.Context, work func()) error {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	work()
	return nil
}
