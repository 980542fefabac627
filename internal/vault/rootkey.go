package vault

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ParseRootKey reads a root key written as 64 hex digits or as base64 (standard or URL alphabet).
func ParseRootKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	decoders := []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	}
	for _, decode := range decoders {
		if key, err := decode(text); err == nil && len(key) == KeySize {
			return key, nil
		}
	}
	return nil, fmt.Errorf("a root key is %d random bytes, written as %d hex digits or as base64", KeySize, 2*KeySize)
}

// ReadRootKey reads the key file at path; fs.ErrNotExist when there is none.
func ReadRootKey(path string) ([]byte, error) {
	info, err := os.Stat(path) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s can be read by others; run: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	key, err := ParseRootKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("the key file %s is damaged: %w", path, err)
	}
	return key, nil
}

// CreateRootKey makes a new key and writes it to path, readable by its owner only. It never
// overwrites a key: of two processes that start at once, one wins and both read the same key.
func CreateRootKey(path string) ([]byte, error) {
	key := make([]byte, KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".root-key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(draft.Name()) }() //nolint:gosec // our own draft: a second name of the key file by then, or a failed start's
	if _, err = draft.WriteString(hex.EncodeToString(key) + "\n"); err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err != nil {
		return nil, err
	}
	err = os.Link(draft.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return ReadRootKey(path)
	}
	return key, err
}
