package random_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"maska/internal/random"
)

func TestIDsAreNumbersThatJavaScriptHoldsExactly(t *testing.T) {
	t.Parallel()
	source := random.New(rand.Reader)
	seen := map[int64]bool{}
	for range 10_000 {
		id := source.ID()
		if id < 1 || id >= 1<<53 || seen[id] {
			t.Fatalf("id %d", id)
		}
		seen[id] = true
	}
	zeros := append(make([]byte, 8), 0, 0, 0, 0, 0, 0, 0x28, 0)
	if id := random.New(bytes.NewReader(zeros)).ID(); id != 5 {
		t.Errorf("after a zero came %d, want 5", id)
	}
}

func TestLettersAreUniform(t *testing.T) {
	t.Parallel()
	count := map[rune]int{}
	const n = 62_000
	for _, r := range random.New(rand.Reader).Letters(n) {
		count[r]++
	}
	for r, times := range count {
		if times < 800 || times > 1200 { // more than six deviations away
			t.Errorf("%c came %d times of %d", r, times, n)
		}
	}
	if len(count) != 62 {
		t.Errorf("%d letters", len(count))
	}
}

func TestTokensHoldAllTheirBytes(t *testing.T) {
	t.Parallel()
	token := random.New(rand.Reader).Token(16)
	if len(token) != 22 || strings.ContainsAny(token, "+/=") {
		t.Error(token)
	}
}
