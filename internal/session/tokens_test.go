package session_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/locale"
	"maska/internal/session"
	"maska/internal/testkit"
)

func TestParallelRefreshesConverge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(1)
		const n = 10
		results := make([]session.Tokens, n)
		failures := make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { results[i], failures[i] = w.Refresh(t.Context(), first.Refresh, client, locale.English) })
		}
		all.Wait()
		for i, r := range results {
			if failures[i] != nil {
				t.Fatal(failures[i])
			}
			if r.Refresh != results[0].Refresh || r.Refresh == first.Refresh {
				t.Error("parallel refreshes got different tokens, or the old one")
			}
			w.authenticate(r.Access)
		}
	})
}

func TestALostAnswerCanBeAskedForAgainMuchLater(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.enter(1)
		lost := w.renew(first.Refresh)
		w.advance(10 * time.Hour)
		if again := w.renew(first.Refresh); again.Refresh != lost.Refresh {
			t.Error("the second answer differs from the lost one")
		}
	})
}

func TestAnOldTokenAfterItsSuccessorWasUsedEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(w *world, next session.Tokens){
		"by its access token":  func(w *world, next session.Tokens) { w.authenticate(next.Access) },
		"by its refresh token": func(w *world, next session.Tokens) { w.renew(next.Refresh) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, w *world) {
				stolen := w.enter(1)
				next := w.renew(stolen.Refresh)
				use(w, next)
				w.advance(31 * time.Second)
				w.refreshFails(stolen.Refresh, errs.RefreshTokenReused)
				w.wantEnded(stolen.Session)
				w.refreshFails(next.Refresh, errs.SessionRevoked)
				_, err := w.Authenticate(t.Context(), next.Access)
				w.wantCode(err, errs.SessionRevoked)
				if w.audited("token_reuse") != 1 || w.audited("token_revoked") != 1 {
					t.Error("reuse was not audited")
				}
			})
		})
	}
}

func TestASessionEndsByIdlenessAndByAge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		idle := w.enter(1)
		w.advance(session.IdleLife + time.Hour)
		w.refreshFails(idle.Refresh, errs.RefreshTokenExpired)

		kept := w.enter(1)
		for range 4 {
			w.advance(20 * 24 * time.Hour)
			kept = w.renew(kept.Refresh)
		}
		if kept.RefreshLife > 10*24*time.Hour {
			t.Errorf("promises %v, but the session ends in 10 days", kept.RefreshLife)
		}
		w.advance(10 * 24 * time.Hour)
		w.refreshFails(kept.Refresh, errs.RefreshTokenExpired)
	})
}

func TestLogoutEndsTheSessionEvenWithAnExpiredAccessToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		here, there, stranger := w.enter(1), w.enter(1), w.enter(2)
		w.authenticate(here.Access) // now it is cached
		w.advance(2 * time.Hour)
		if err := w.Logout(t.Context(), here.Access, there.Refresh, client); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(here.Session, there.Session)
		w.refreshFails(here.Refresh, errs.SessionRevoked)
		w.refreshFails(there.Refresh, errs.SessionRevoked)
		w.wantCode(w.Logout(t.Context(), here.Access, "", client), errs.SessionRevoked)

		fresh := w.enter(1)
		if err := w.Logout(t.Context(), fresh.Access, stranger.Refresh, client); err != nil {
			t.Error(err)
		}
		w.wantEnded(fresh.Session)
		w.renew(stranger.Refresh)
		if n := w.audited("logout"); n != 3 {
			t.Errorf("%d logouts audited, want 3", n)
		}
	})
}

func TestRefreshTokensCannotBeForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{})
	good := w.enter(1).Refresh
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(good, "rt1."))
	if err != nil {
		t.Fatal(err)
	}
	encode := func(b []byte) string { return "rt1." + base64.RawURLEncoding.EncodeToString(b) }
	for i := range raw {
		altered := append([]byte(nil), raw...)
		altered[i] ^= 1
		w.refreshFails(encode(altered), errs.RefreshTokenInvalid)
		w.advance(2 * time.Second) // the limit by session is another test's subject
	}
	for name, token := range map[string]string{
		"longer": encode(append(raw, 0)), "shorter": encode(raw[:len(raw)-1]), "no prefix": good[4:], "padded": good + "=",
		"newline": good + "\n", "twice": good + good, "space": " " + good, "other prefix": "rt2." + good[4:], "huge": "rt1." + strings.Repeat("A", 1<<16),
	} {
		_, err := w.Refresh(t.Context(), token, client, locale.English)
		if got := errs.CodeOf(err); got != errs.RefreshTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.refreshFails("", errs.RefreshTokenRequired)
	w.renew(good)
}

func TestAccessTokensCannotBeForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), session.Config{})
	good := w.enter(1).Access
	w.authenticate(good)
	parts := strings.Split(good, ".")
	var header, body map[string]any
	for part, into := range map[string]*map[string]any{parts[0]: &header, parts[1]: &body} {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	if len(header) != 3 || header["alg"] != "HS256" || header["typ"] != "JWT" {
		t.Errorf("header %v", header)
	}
	// sign makes a token with our own key, so that only the change under test is wrong.
	sign := func(changeHeader, changeBody map[string]any) string {
		encode := func(base, change map[string]any) string {
			merged := map[string]any{}
			maps.Copy(merged, base)
			for k, v := range change {
				merged[k] = v
				if v == nil {
					delete(merged, k)
				}
			}
			text, err := json.Marshal(merged)
			if err != nil {
				t.Fatal(err)
			}
			return base64.RawURLEncoding.EncodeToString(text)
		}
		signed := encode(header, changeHeader) + "." + encode(body, changeBody)
		mac := hmac.New(sha256.New, accessKey)
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	w.authenticate(sign(nil, nil))
	type m = map[string]any
	at := w.now().Unix()
	for name, token := range map[string]string{
		"alg none": sign(m{"alg": "none"}, nil), "no signature": parts[0] + "." + parts[1] + ".", "alg HS384": sign(m{"alg": "HS384"}, nil),
		"alg hs256": sign(m{"alg": "hs256"}, nil), "unknown kid": sign(m{"kid": "00000000"}, nil), "no kid": sign(m{"kid": nil}, nil),
		"crit": sign(m{"crit": []string{"exp"}}, nil), "jku": sign(m{"jku": "https://example.org"}, nil), "jwk": sign(m{"jwk": m{}}, nil), "x5u": sign(m{"x5u": "x"}, nil),
		"four parts": good + ".x", "two parts": parts[0] + "." + parts[1], "padding": good + "=", "trailing newline": good + "\n", "leading space": " " + good,
		"other payload": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("{}")) + "." + parts[2],
		"no exp":        sign(nil, m{"exp": nil}), "exp as text": sign(nil, m{"exp": "tomorrow"}), "no iat": sign(nil, m{"iat": nil}), "from the future": sign(nil, m{"iat": at + 120}),
		"not yet": sign(nil, m{"nbf": at + 120}), "other issuer": sign(nil, m{"iss": "other"}), "other audience": sign(nil, m{"aud": "web"}), "two audiences": sign(nil, m{"aud": []string{"api", "web"}}),
		"refresh use": sign(nil, m{"use": "refresh"}), "no subject": sign(nil, m{"sub": nil}), "subject 0": sign(nil, m{"sub": "0"}), "no session": sign(nil, m{"sid": nil}),
		"another account": sign(nil, m{"sub": "12345"}), "huge": good + strings.Repeat("A", 5000), "not a token": "hello",
	} {
		_, err := w.Authenticate(t.Context(), token)
		if got := errs.CodeOf(err); got != errs.TokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.Authenticate(t.Context(), sign(nil, m{"exp": at - 31}))
	w.wantCode(err, errs.TokenExpired)
	w.authenticate(sign(nil, m{"exp": at - 29}))
	_, err = w.Authenticate(t.Context(), sign(nil, m{"sid": "AAAAAAAAAAAAAAAAAAAAAA"}))
	w.wantCode(err, errs.SessionRevoked)
	_, err = w.Authenticate(t.Context(), sign(nil, m{"sid": "AAAAAAAAAAAAAAAAAAAAAA", "sub": "12345"}))
	w.wantCode(err, errs.UserNotFound)
	_, err = w.Authenticate(t.Context(), "")
	w.wantCode(err, errs.TokenMissing)
}

func TestAReplacedSecretStillVerifies(t *testing.T) {
	t.Parallel()
	s := testkit.SQLite(t)
	old := newWorld(t, s, session.Config{})
	token := old.enter(1).Access
	if claims := strings.Split(token, "."); len(claims) != 3 {
		t.Fatal(token)
	}
	next := newWorld(t, s, session.Config{AccessKey: bytes.Repeat([]byte{3}, 32), PreviousKeys: [][]byte{accessKey}})
	next.authenticate(token)
	other := newWorld(t, s, session.Config{AccessKey: bytes.Repeat([]byte{3}, 32)})
	_, err := other.Authenticate(t.Context(), token)
	other.wantCode(err, errs.TokenInvalid)
	_, err = old.Authenticate(t.Context(), next.renew(old.enter(1).Refresh).Access)
	old.wantCode(err, errs.TokenInvalid) // the earlier secret never signs
}
