package telegram_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// The rules once more, as plainly as they can be written, for the tests to
// compare with.

// checkText joins all fields of raw but the named ones, sorted.
func checkText(raw string, without ...string) string {
	var lines []string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		if !slices.Contains(without, name) {
			lines = append(lines, name+"="+value)
		}
	}
	slices.SortFunc(lines, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		return strings.Compare(nameA, nameB)
	})
	return strings.Join(lines, "\n")
}

func webAppHash(raw string) string {
	return hexMAC(hexMAC("WebAppData", token, false), checkText(raw, "hash"), true)
}

func widgetHash(token, check string) string {
	key := sha256.Sum256([]byte(token))
	return hexMAC(string(key[:]), check, true)
}

func hexMAC(key, text string, inHex bool) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	if inHex {
		return hex.EncodeToString(mac.Sum(nil))
	}
	return string(mac.Sum(nil))
}
