package telegram_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"maska/internal/telegram"
)

const botID = 700000001

func telegramKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte("s"), ed25519.SeedSize))
}

func publicKey() ed25519.PublicKey { return telegramKey().Public().(ed25519.PublicKey) }

// withSignature signs unsigned as Telegram would for the bot.
func withSignature(unsigned string) string {
	text := "700000001:WebAppData"
	if check := checkText(unsigned, "hash", "signature"); check != "" {
		text += "\n" + check
	}
	signature := ed25519.Sign(telegramKey(), []byte(text))
	return unsigned + "&signature=" + base64.RawURLEncoding.EncodeToString(signature)
}

func TestSignatureIsAcceptedWithPaddingAndAnyHash(t *testing.T) {
	raw := withSignature("user=%7B%22id%22%3A5%7D&auth_date=1795165200&start_param=a")
	for name, raw := range map[string]string{
		"plain":       raw,
		"padded":      raw + "%3D%3D",
		"with a hash": raw + "&hash=00",
	} {
		data, err := telegram.VerifySignature(raw, botID, publicKey(), limits, signedAt)
		if err != nil || data.User.ID != 5 || data.BotID != botID || data.StartParam != "a" || len(data.HashPrefix) != 16 {
			t.Errorf("%s: %#v, %v", name, data, err)
		}
	}
}

func TestSignatureIsRefusedForTheRuleItBreaks(t *testing.T) {
	const unsigned = "user=%7B%22id%22%3A5%7D&auth_date=1795165200"
	raw := withSignature(unsigned)
	// The last digit carries four bits that are not part of the signature.
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", raw[len(raw)-1])
	otherSpelling := raw[:len(raw)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last+1])
	for name, c := range map[string]struct {
		raw  string
		want telegram.Reason
	}{
		"empty":             {"", telegram.Malformed},
		"no signature":      {unsigned, telegram.MissingSignature},
		"empty signature":   {unsigned + "&signature=", telegram.BadSignature},
		"too short":         {raw[:len(raw)-2], telegram.BadSignature},
		"too long":          {raw + "AA", telegram.BadSignature},
		"no base64url":      {raw[:len(raw)-2] + "%2B%2F", telegram.BadSignature},
		"other spelling":    {otherSpelling, telegram.BadSignature},
		"zeros":             {unsigned + "&signature=" + strings.Repeat("A", 86), telegram.BadSignature},
		"a field more":      {raw + "&x=1", telegram.BadSignature},
		"another user":      {strings.Replace(raw, "3A5", "3A6", 1), telegram.BadSignature},
		"two signatures":    {raw + raw[strings.LastIndexByte(raw, '&'):], telegram.DuplicateKey},
		"line feed":         {withSignature("query_id=1%0A" + unsigned), telegram.Malformed},
		"no auth_date":      {withSignature("user=%7B%22id%22%3A5%7D"), telegram.MissingAuthDate},
		"no user":           {withSignature("auth_date=1795165200"), telegram.MissingUser},
		"a bot":             {withSignature("auth_date=1795165200&user=%7B%22id%22%3A5%2C%22is_bot%22%3Atrue%7D"), telegram.BadUser},
		"a second too old":  {withSignature("user=%7B%22id%22%3A5%7D&auth_date=1795078799"), telegram.Expired},
		"a second too soon": {withSignature("user=%7B%22id%22%3A5%7D&auth_date=1795165261"), telegram.Future},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telegram.VerifySignature(c.raw, botID, publicKey(), limits, signedAt)
			if got := reasonOf(t, err); got != c.want {
				t.Errorf("refused as %q, want %q", got, c.want)
			}
		})
	}
	t.Run("another bot", func(t *testing.T) {
		_, err := telegram.VerifySignature(raw, botID+1, publicKey(), limits, signedAt)
		if got := reasonOf(t, err); got != telegram.BadSignature {
			t.Errorf("refused as %q", got)
		}
	})
	t.Run("our own made initData", func(t *testing.T) {
		_, err := telegram.VerifySignature(telegram.SignInitData(token, anna), botID, publicKey(), limits, signedAt)
		if got := reasonOf(t, err); got != telegram.BadSignature {
			t.Errorf("refused as %q", got)
		}
	})
}

func TestAKeyOfWrongLengthIsAnErrorAndNoPanic(t *testing.T) {
	raw := withSignature("user=%7B%22id%22%3A5%7D&auth_date=1795165200")
	for _, key := range []ed25519.PublicKey{nil, publicKey()[1:]} {
		_, err := telegram.VerifySignature(raw, botID, key, limits, signedAt)
		var refusal *telegram.Error
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("%d bytes: %v, want an error that blames nobody's proof", len(key), err)
		}
	}
	for _, text := range []string{"", "zz", telegram.TestPublicKey[2:], telegram.TestPublicKey + "00"} {
		if _, err := telegram.ParsePublicKey(text); err == nil {
			t.Errorf("parsed %q", text)
		}
	}
	for _, text := range []string{telegram.ProductionPublicKey, telegram.TestPublicKey} {
		if key, err := telegram.ParsePublicKey(text); err != nil || hex.EncodeToString(key) != text {
			t.Errorf("%s: %v", text, err)
		}
	}
}
