package telegram_test

import (
	"testing"

	"maska/internal/telegram"
)

func BenchmarkInitData(b *testing.B) {
	verifier := newVerifier(b, limits, token)
	raw := telegram.SignInitData(token, anna)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.InitData(raw, signedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWidget(b *testing.B) {
	verifier := newVerifier(b, limits, token)
	body := telegram.SignWidget(token, anna)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Widget(body, signedAt); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignature(b *testing.B) {
	raw := withSignature("user=%7B%22id%22%3A5%7D&auth_date=1795165200")
	key := publicKey()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := telegram.VerifySignature(raw, botID, key, limits, signedAt); err != nil {
			b.Fatal(err)
		}
	}
}

// The worst that fits into the limit: 5,461 tiny fields, all to be sorted.
func BenchmarkHostileInitData(b *testing.B) {
	verifier := newVerifier(b, limits, token)
	raw := make([]byte, 0, telegram.MaxInitData)
	for i := 0; len(raw)+4 < telegram.MaxInitData; i++ {
		raw = append(raw, 'a'+byte(i%26), '=', '&')
	}
	text := string(raw) + "a="
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.InitData(text, signedAt); err == nil {
			b.Fatal("accepted")
		}
	}
}
