package session_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/session"
	"maska/internal/testkit"
)

func TestOthersCanVerifyTokensOfEd25519AndNobodyElseCanMakeThem(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	first, second := bytes.Repeat([]byte{1}, ed25519.SeedSize), bytes.Repeat([]byte{2}, ed25519.SeedSize)
	old := newWorld(t, db, session.Config{EdDSA: true, AccessKey: first})
	tokens := old.enter(1)
	parts := strings.Split(tokens.Access, ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	keys := old.PublicKeys()
	if len(keys) != 1 || !ed25519.Verify(keys[0].Key, []byte(parts[0]+"."+parts[1]), signature) {
		t.Fatalf("the published keys %v do not verify", keys)
	}
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	type m = map[string]any
	if parts[0] != encode(m{"alg": "EdDSA", "kid": keys[0].ID, "typ": "JWT"}) {
		t.Errorf("header %s", parts[0])
	}
	// The classic confusion: the public key taken for the secret of a MAC (RFC 8725, section 2.1).
	confused := encode(m{"alg": "HS256", "kid": keys[0].ID, "typ": "JWT"}) + "." + parts[1]
	mac := hmac.New(sha256.New, keys[0].Key)
	mac.Write([]byte(confused))
	stranger := ed25519.NewKeyFromSeed(second)
	for name, token := range map[string]string{
		"MAC by the public key": confused + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"another key":           parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(stranger, []byte(parts[0]+"."+parts[1]))),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"alg none":              encode(m{"alg": "none", "kid": keys[0].ID}) + "." + parts[1] + ".",
		"trailing byte":         tokens.Access + "A",
		"of HS256":              newWorld(t, db, session.Config{}).enter(1).Access,
	} {
		if _, err := old.Authenticate(t.Context(), token); errs.CodeOf(err) != errs.TokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}

	next := newWorld(t, db, session.Config{EdDSA: true, AccessKey: second, PreviousKeys: [][]byte{first}})
	next.authenticate(tokens.Access)
	renewed := next.renew(tokens.Refresh).Access
	next.authenticate(renewed)
	if _, err := old.Authenticate(t.Context(), renewed); errs.CodeOf(err) != errs.TokenInvalid {
		t.Errorf("signed with an earlier key: %v", err)
	}
	if all := next.PublicKeys(); len(all) != 2 || all[1].ID != keys[0].ID {
		t.Errorf("keys %v", all)
	}
	if keys := newWorld(t, db, session.Config{}).PublicKeys(); len(keys) != 0 {
		t.Errorf("HS256 publishes %v", keys)
	}
}

func TestAnotherServiceLearnsWhatATokenIsWorthAndNotWhyItIsNot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(1)
		got, err := w.Introspect(t.Context(), tokens.Access)
		if err != nil || !got.Active || got.Account != tokens.Account.ID || got.Session != tokens.Session || len(got.Roles) != 1 || got.Roles[0] != account.RoleUser ||
			got.Methods[0] != session.MethodTelegram || got.Issuer != "maska" || got.Audience != "api" || got.ExpiresAt.Sub(got.IssuedAt) != time.Hour {
			t.Errorf("%+v, %v", got, err)
		}
		ended := w.enter(2)
		if err := w.Logout(t.Context(), ended.Access, "", client); err != nil {
			t.Fatal(err)
		}
		disabled := w.enter(3)
		w.db.Exec(t, `UPDATE accounts SET active = false WHERE id = $1`, disabled.Account.ID)
		for name, token := range map[string]string{
			"none": "", "rubbish": "x.y.z", "a refresh token": tokens.Refresh, "ended": ended.Access, "disabled": disabled.Access,
		} {
			if got, err := w.Introspect(t.Context(), token); err != nil || got.Active || got.Account != 0 {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		w.advance(2 * time.Hour)
		if got, err := w.Introspect(t.Context(), tokens.Access); err != nil || got.Active {
			t.Errorf("expired: %+v, %v", got, err)
		}
	})
}
