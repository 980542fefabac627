package session

import (
	"crypto/sha256"
	"sync"

	"maska/internal/account"
)

// openedSize bounds the memory of openedTokens.
const openedSize = 30_000

// openedToken is what an access token says once its signature was found good.
type openedToken struct {
	claims  claims
	account account.ID
}

// openedTokens remembers tokens whose signature was good, by their hash: a client sends the same token
// for an hour, and hashing it costs a fraction of verifying it. Whether it still holds is not remembered.
type openedTokens struct {
	mu     sync.Mutex
	byHash map[[sha256.Size]byte]openedToken
}

func newOpenedTokens() *openedTokens {
	return &openedTokens{byHash: map[[sha256.Size]byte]openedToken{}}
}

func (o *openedTokens) get(token string) (openedToken, bool) {
	hash := sha256.Sum256([]byte(token))
	o.mu.Lock()
	defer o.mu.Unlock()
	found, ok := o.byHash[hash]
	return found, ok
}

func (o *openedTokens) put(token string, opened openedToken) {
	hash := sha256.Sum256([]byte(token))
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.byHash) >= openedSize {
		clear(o.byHash) // costs one verification a token, once in a long while
	}
	o.byHash[hash] = opened
}
