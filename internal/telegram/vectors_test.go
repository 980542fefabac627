package telegram_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"maska/internal/telegram"
)

type vector struct {
	ID            string
	Kind          string
	Token         string
	BotID         int64  `json:"bot_id"`
	PublicKey     string `json:"public_key"`
	Input         string
	Now           int64
	MaxAge        int64 `json:"max_age"`
	MaxFutureSkew int64 `json:"max_future_skew"`
	Expect        string
	Reason        string
	UserID        int64   `json:"user_id"`
	FirstName     *string `json:"first_name"`
	StartParam    *string `json:"start_param"`
}

func readVectors(tb testing.TB) []vector {
	tb.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		tb.Fatal(err)
	}
	if len(file.Vectors) != 49 {
		tb.Fatalf("%d vectors, want 49", len(file.Vectors))
	}
	return file.Vectors
}

func (v vector) limits() telegram.Limits {
	return telegram.Limits{
		MaxAge:  time.Duration(v.MaxAge) * time.Second,
		MaxSkew: time.Duration(v.MaxFutureSkew) * time.Second,
	}
}

// check runs the vector and returns what it says in the form of initData.
func (v vector) check(tb testing.TB) (telegram.InitData, error) {
	tb.Helper()
	now := time.Unix(v.Now, 0)
	switch v.Kind {
	case "initdata-hmac":
		return newVerifier(tb, v.limits(), v.Token).InitData(v.Input, now)
	case "initdata-ed25519":
		key, err := telegram.ParsePublicKey(v.PublicKey)
		if err != nil {
			tb.Fatal(err)
		}
		return telegram.VerifySignature(v.Input, v.BotID, key, v.limits(), now)
	case "login-widget":
		login, err := newVerifier(tb, v.limits(), v.Token).Widget([]byte(v.Input), now)
		return telegram.InitData{User: login.User, AuthDate: login.AuthDate}, err
	}
	tb.Fatalf("unknown kind %q", v.Kind)
	return telegram.InitData{}, nil
}

func TestEveryPublishedVectorIsJudgedAsStated(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			data, err := v.check(t)
			if v.Expect == "reject" {
				if got := reasonOf(t, err); !slices.Contains(strings.Split(v.Reason, "|"), string(got)) {
					t.Fatalf("refused as %q, want %q", got, v.Reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if data.User.ID != v.UserID {
				t.Errorf("user id %d, want %d", data.User.ID, v.UserID)
			}
			if v.FirstName != nil && data.User.FirstName != *v.FirstName {
				t.Errorf("first name %q, want %q", data.User.FirstName, *v.FirstName)
			}
			if v.StartParam != nil && data.StartParam != *v.StartParam {
				t.Errorf("start param %q, want %q", data.StartParam, *v.StartParam)
			}
		})
	}
}

func newVerifier(tb testing.TB, limits telegram.Limits, tokens ...string) *telegram.Verifier {
	tb.Helper()
	v, err := telegram.NewVerifier(tokens, limits)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// reasonOf fails the test if err is no refusal.
func reasonOf(tb testing.TB, err error) telegram.Reason {
	tb.Helper()
	var refusal *telegram.Error
	if !errors.As(err, &refusal) {
		tb.Fatalf("got %v, want a refusal", err)
	}
	return refusal.Reason
}
