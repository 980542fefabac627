package loadtest

import "testing"

func TestARefusalIsOneLineWhateverItCameIn(t *testing.T) {
	for text, want := range map[string]string{
		`{"code":"rate_limited","message":"Too many requests","error":"Too many requests"}`: "rate_limited: " + limitsAdvice,
		`{"error":{"code":"rate_limited","message":"Slow down","retryAfter":1}}]`:           "rate_limited: " + limitsAdvice,
		`{"error":{"code":"banned","message":"You are out"}}]`:                              "banned: You are out",
		`42["error",{"code":"room_full","message":"The room is full"}]`:                     "room_full: The room is full",
		`44{"message":"no"}`:          `44{"message":"no"}`,
		`{"error":"no"}]`:             `{"error":"no"}]`,
		"<html>":                      "<html>",
		"":                            "",
		`{"error":{"code":{}}}`:       `{"error":{"code":{}}}`,
		`{"error":{"code":"x"},"a":1`: `{"error":{"code":"x"},"a":1`,
	} {
		if got := readRefusal([]byte(text)).Error(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
