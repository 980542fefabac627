package telegram

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Telegram's Ed25519 public keys in hex, for [ParsePublicKey].
const (
	ProductionPublicKey = "e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d"
	TestPublicKey       = "40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec"
)

var errPublicKey = errors.New("telegram: a public key is 64 hex digits")

// ParsePublicKey reads an Ed25519 public key of 64 hex digits.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errPublicKey
	}
	return key, nil
}

// VerifySignature checks raw initData with Telegram's public key instead of the
// bot token: the way for a service that does not have the token of the bot
// botID. The hash is not looked at. A refusal is an [*Error].
func VerifySignature(raw string, botID int64, key ed25519.PublicKey, limits Limits, now time.Time) (InitData, error) {
	if len(key) != ed25519.PublicKeySize {
		return InitData{}, errPublicKey
	}
	parsed, err := parseFields(raw)
	if err != nil {
		return InitData{}, err
	}
	text, ok := parsed.get("signature")
	if !ok {
		return InitData{}, refuse(MissingSignature)
	}
	signature, ok := parseSignature(text)
	if !ok {
		return InitData{}, refuse(BadSignature)
	}
	head := strconv.FormatInt(botID, 10) + ":WebAppData"
	if !ed25519.Verify(key, parsed.checkString(head, "hash", "signature"), signature) {
		return InitData{}, refuse(BadSignature)
	}
	data, err := readInitData(parsed, limits, now)
	if err != nil {
		return InitData{}, err
	}
	data.BotID = botID
	data.HashPrefix = hex.EncodeToString(signature)[:prefixLen]
	return data, nil
}

// parseSignature reads base64url with or without padding. Strict, so that no
// second text means the same signature.
func parseSignature(text string) ([]byte, bool) {
	signature, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSuffix(text, "=="))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return nil, false
	}
	return signature, true
}
