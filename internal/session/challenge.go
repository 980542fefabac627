package session

import (
	"context"
	"crypto/sha256"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/vault"
)

// ChallengeLife is how long a proof waits for its second factor (auth contract, section 8), and up to
// freshStep longer.
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

	CodeFactor    FactorKind // that a code was sent for; empty when none was
	CodeTag       vault.Tag
	CodeExpiresAt time.Time
	Attempts      int // that failed
}

type challengeTx interface {
	InsertChallenge(ctx context.Context, c Challenge) error
	// ChallengeForUpdate reads a challenge and holds it until the commit; ErrNoChallenge when there is none.
	ChallengeForUpdate(ctx context.Context, hash [sha256.Size]byte) (Challenge, error)
	// SetChallengeCode puts a code that was sent in place of an earlier one.
	SetChallengeCode(ctx context.Context, hash [sha256.Size]byte, factor FactorKind, code vault.Tag, expires time.Time) error
	// CountAttempt counts a proof that failed.
	CountAttempt(ctx context.Context, hash [sha256.Size]byte) error
	// DeleteChallenge ends a challenge that was completed, and leaves no trace of when.
	DeleteChallenge(ctx context.Context, hash [sha256.Size]byte) error
	// SpendChallenge remembers until a time that a challenge of an authenticator was answered; false when it was answered before.
	SpendChallenge(ctx context.Context, hash [sha256.Size]byte, id account.ID, until time.Time) (bool, error)
}

type challengeStore interface {
	// Challenge finds a challenge; ErrNoChallenge when there is none.
	Challenge(ctx context.Context, hash [sha256.Size]byte) (Challenge, error)
}

// challenge keeps a proof that lacks a second factor, and answers mfa_required.
func (s *Service) challenge(ctx context.Context, tx Tx, p proven, factors []string) error {
	if p.device.isNew { // not until the proof is complete: a device that was seen is asked less
		if err := tx.ForgetDevice(ctx, p.account.ID, *p.device.tag); err != nil {
			return err
		}
	}
	token := s.random.Token(32)
	err := tx.InsertChallenge(ctx, Challenge{
		Hash: sha256.Sum256([]byte(token)), Purpose: PurposeSignIn, Account: p.account.ID, TokenEpoch: p.account.TokenEpoch,
		Methods: p.methods, Detail: p.detail, Device: DeviceOf(p.client), DeviceTag: p.device.tag, IP: CutIP(p.client.IP), Country: p.place.Country,
		Factors: factors, ExpiresAt: stepped(s.now().Add(ChallengeLife)),
	})
	required := errs.New(errs.MFARequired)
	required.Challenge = &errs.Challenge{Token: token, Factors: factors}
	return leaving(err, required)
}
