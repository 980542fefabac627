package session

import (
	"context"
	"crypto/sha256"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/vault"
)

// ChallengeLife is how long a proof waits for its second factor (auth contract, section 8).
const ChallengeLife = 5 * time.Minute

// What a challenge is for.
const (
	PurposeSignIn = "signin"
)

// Challenge is a proof that waits for another one. It is found by the hash of its token, and keeps
// what the session will be made of.
type Challenge struct {
	Hash       [sha256.Size]byte // of the token
	Purpose    string
	Account    account.ID // 0 when nobody is known yet
	TokenEpoch int64      // of the account; another one voids the challenge
	Methods    []string   // proved so far
	Detail     string
	Device     Device
	DeviceTag  *vault.Tag
	IP         string // cut to /24 or /48
	Country    string
	Factors    []string // any of which completes it
	State      []byte   // of a passkey ceremony
	ExpiresAt  time.Time
}

type challengeTx interface {
	InsertChallenge(ctx context.Context, c Challenge) error
}

// challenge keeps a proof that lacks a second factor, and answers mfa_required.
func (s *Service) challenge(ctx context.Context, tx Tx, p proven, factors []string) error {
	token := s.random.Token(32)
	err := tx.InsertChallenge(ctx, Challenge{
		Hash: sha256.Sum256([]byte(token)), Purpose: PurposeSignIn, Account: p.account.ID, TokenEpoch: p.account.TokenEpoch,
		Methods: p.methods, Detail: p.detail, Device: DeviceOf(p.client), DeviceTag: p.device.tag, IP: CutIP(p.client.IP), Country: p.place.Country,
		Factors: factors, ExpiresAt: s.now().Add(ChallengeLife),
	})
	required := errs.New(errs.MFARequired)
	required.Challenge = &errs.Challenge{Token: token, Factors: factors}
	return leaving(err, required)
}

// secondFactors lists what a proof can be completed with, if the account wants a second factor
// here; nothing if it may enter as it is. The rule is the same for every door.
func (s *Service) secondFactors(_ context.Context, _ Tx, _ proven, _ bool) ([]string, error) {
	return nil, nil
}
