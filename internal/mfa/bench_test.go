package mfa_test

import (
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"maska/internal/mfa"
)

func BenchmarkMatchACode(b *testing.B) {
	secret := mfa.NewSecret(source)
	now := time.Unix(1_800_000_000, 0)
	code := secret.At(mfa.StepOf(now) - 1) // the second one that is tried
	for b.Loop() {
		if _, ok := secret.Match(code, now, 0); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkCheckAPasskey(b *testing.B) {
	c := newCeremony(b, virtualwebauthn.KeyTypeEC2)
	c.register()
	c.device.key.Counter = 1
	answer := c.device.prove(c.request(mfa.ForSignIn, ""))
	for b.Loop() {
		if _, _, err := c.Check(site, mfa.ForSignIn, "", c.owner, answer); err != nil {
			b.Fatal(err)
		}
	}
}
