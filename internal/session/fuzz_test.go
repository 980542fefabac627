package session_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/testkit"
)

// Nobody can guess a MAC, so the fuzzer's header and body are signed with our own key as well.
func FuzzAccessToken(f *testing.F) {
	w := newScaledWorld(f, testkit.SQLite(f), session.Config{}, 0)
	tokens := w.enter(1)
	w.authenticate(tokens.Access)
	parts := strings.Split(tokens.Access, ".")
	decoded := make([]string, 2)
	for i := range decoded {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			f.Fatal(err)
		}
		decoded[i] = string(text)
	}
	f.Add(decoded[0], decoded[1])
	f.Add(strings.Replace(decoded[0], "HS256", "none", 1), decoded[1])
	f.Add(strings.Replace(decoded[0], "{", `{"crit":["exp"],`, 1), decoded[1])
	f.Add(decoded[0], `{"sub":"1","sid":"x","exp":1e999}`)
	f.Add(decoded[0], decoded[1]+"{}")
	f.Fuzz(func(t *testing.T, header, body string) {
		signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body))
		mac := hmac.New(sha256.New, accessKey)
		mac.Write([]byte(signed))
		for name, token := range map[string]string{
			"signed": signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
			"raw":    header + "." + body,
			"forged": signed + "." + parts[2],
		} {
			actor, err := w.Authenticate(t.Context(), token)
			if err == nil {
				var h struct{ Alg, Kid string }
				if name == "raw" && token != tokens.Access || json.Unmarshal([]byte(header), &h) != nil || h.Alg != "HS256" || actor.Account.ID != tokens.Account.ID || actor.Session != tokens.Session {
					t.Errorf("%s: %q was taken for %+v", name, token, actor)
				}
				continue
			}
			switch code := errs.CodeOf(err); code {
			case errs.TokenMissing, errs.TokenInvalid, errs.TokenExpired, errs.SessionRevoked, errs.UserNotFound:
			default:
				t.Errorf("%s: %q: %v", name, token, err)
			}
		}
	})
}

func FuzzRefreshToken(f *testing.F) {
	w := newScaledWorld(f, testkit.SQLite(f), session.Config{}, 0)
	good := w.enter(1).Refresh
	f.Add(good)
	f.Add(good + "=")
	f.Add(good[:len(good)-1] + "\n")
	f.Add("rt1.")
	f.Add(strings.Replace(good, "rt1.", "rt2.", 1))
	f.Fuzz(func(t *testing.T, token string) {
		if token == good {
			return
		}
		_, err := w.Refresh(t.Context(), token, client, locale.English)
		if code := errs.CodeOf(err); code != errs.RefreshTokenInvalid && (token != "" || code != errs.RefreshTokenRequired) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
