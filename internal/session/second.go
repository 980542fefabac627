package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/mfa"
)

// ErrNoChallenge is what the store answers when there is no such challenge.
var ErrNoChallenge = errors.New("session: no such challenge")

// TrustLife is how long a trusted device is not asked for a second factor (auth contract, section 12).
const TrustLife = 30 * 24 * time.Hour

// secondFactors lists what a proof can be completed with, if the account wants a second factor
// here; nothing if it may enter as it is. The rule is the same for every door: after a password
// always, after other proofs where the account says so and does not know the device, and after any
// proof from an unusual place. Only a trusted device spares it, and not from an unusual place.
func (s *Service) secondFactors(ctx context.Context, tx Tx, p proven, unusual bool) ([]string, error) {
	known := p.device.tag != nil && !p.device.isNew
	wanted := p.methods[0] == MethodPassword || (p.account.MFAFor == account.MFAForAll && !known)
	if p.isNew || !p.account.SecondFactor || (!unusual && (!wanted || p.device.trusted)) {
		return nil, nil
	}
	all, err := tx.FactorsOf(ctx, p.account.ID)
	if err != nil {
		return nil, err
	}
	var kinds []string
	for _, f := range active(all) {
		if s.reaches(f.Kind) && !slices.Contains(kinds, string(f.Kind)) {
			kinds = append(kinds, string(f.Kind))
		}
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	left, err := tx.RecoveryCodesLeft(ctx, p.account.ID)
	if left > 0 {
		kinds = append(kinds, string(FactorRecovery))
	}
	return kinds, err
}

// reaches reports whether a factor can be used now. An app is always at hand; a code must be able to arrive.
func (s *Service) reaches(kind FactorKind) bool { return kind != FactorSMS || s.texts != nil }

// waiting finds the challenge of a token, if it can still be completed.
func (s *Service) waiting(ctx context.Context, token string) (Challenge, error) {
	c, err := s.store.Challenge(ctx, sha256.Sum256([]byte(token)))
	if errors.Is(err, ErrNoChallenge) {
		return c, errs.New(errs.MFAExpired)
	}
	if err != nil {
		return c, err
	}
	return c, c.open(s.now())
}

// open tells why a challenge cannot be completed any more.
func (c Challenge) open(now time.Time) error {
	switch {
	case c.Purpose != PurposeSignIn, !now.Before(c.ExpiresAt):
		return errs.New(errs.MFAExpired)
	case c.Attempts >= limit.CodeToken.Max:
		return errs.Limited(c.ExpiresAt.Sub(now)) // by then there is another token
	}
	return nil
}

// AskFactor prepares a factor of a challenge (auth contract, row 25): a code is sent, or a passkey is
// asked for. Factors that need neither need no preparation.
func (s *Service) AskFactor(ctx context.Context, token string, kind FactorKind, origin string) (*mfa.RequestOptions, error) {
	c, err := s.waiting(ctx, token)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.Factors, string(kind)) {
		return nil, errs.New(errs.MFAInvalid)
	}
	switch kind {
	case FactorPasskey:
		return s.askPasskey(ctx, c, origin)
	case FactorSMS:
		return nil, s.sendChallenge(ctx, c, kind)
	default:
		return nil, nil
	}
}

func (s *Service) askPasskey(ctx context.Context, c Challenge, origin string) (*mfa.RequestOptions, error) {
	all, err := s.store.FactorsOf(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	owner, err := s.owner(account.Account{ID: c.Account}, all)
	if err != nil {
		return nil, err
	}
	options, err := s.passkeys.RequestOptions(origin, mfa.ForFactor, c.bound(), owner.Keys)
	return &options, err
}

// bound ties what is asked for to the challenge.
func (c Challenge) bound() string { return hex.EncodeToString(c.Hash[:]) }

// sendChallenge sends a code that completes this challenge and no other. A later one voids it.
func (s *Service) sendChallenge(ctx context.Context, c Challenge, kind FactorKind) error {
	if err := s.take(ctx, sentCodes, accountKey(c.Account)); err != nil {
		return err
	}
	var a account.Account
	var phone string
	code := mfa.NewCode(s.random)
	tag := s.vault.CodeTag(int64(c.Account), code)
	err := s.transaction(ctx, func(tx Tx) error {
		var all []Factor
		var err error
		if a, all, err = s.heldFactors(ctx, tx, c.Account); err != nil {
			return err
		}
		if phone, err = s.phone(all); err != nil {
			return err
		}
		return tx.SetChallengeCode(ctx, c.Hash, kind, tag, s.now().Add(codeLife))
	})
	if err != nil {
		return err
	}
	return s.sendCode(ctx, a, phone, code)
}

// phone is the number that codes are sent to; empty when there is none.
func (s *Service) phone(all []Factor) (string, error) {
	for _, f := range ofKind(active(all), FactorSMS) {
		secret, err := s.unsealFactor(f)
		return secret.Phone, err
	}
	return "", nil
}

// FactorProof is what completes a challenge.
type FactorProof struct {
	Token  string // of the challenge
	Factor FactorKind
	Code   string // of a passkey: the JSON of its assertion
	Trust  bool   // this device need not be asked for a while
	Origin string // of the page, for passkeys
}

// ProveFactor completes a challenge: the proof that waited becomes a session (auth contract, row 24).
func (s *Service) ProveFactor(ctx context.Context, proof FactorProof, client Client, lang locale.Lang) (Tokens, error) {
	c, err := s.waiting(ctx, proof.Token)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.takeCode(ctx, c.Account); err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, client, lang, func(tx Tx) (proven, error) { return s.complete(ctx, tx, c.Hash, c.Account, proof, client) })
}

// complete checks a proof against a challenge that is held, and uses the challenge up.
func (s *Service) complete(ctx context.Context, tx Tx, hash [sha256.Size]byte, id account.ID, proof FactorProof, client Client) (proven, error) {
	a, all, err := s.heldFactors(ctx, tx, id)
	if err != nil {
		return proven{}, err
	}
	c, err := tx.ChallengeForUpdate(ctx, hash)
	if errors.Is(err, ErrNoChallenge) || (err == nil && c.TokenEpoch != a.TokenEpoch) {
		return proven{}, errs.New(errs.MFAExpired)
	}
	if err != nil {
		return proven{}, err
	}
	if err := c.open(s.now()); err != nil {
		return proven{}, err
	}
	good, err := s.proves(ctx, tx, c, all, proof)
	if err != nil {
		return proven{}, err
	}
	record := func(event audit.Event) audit.Record {
		r := s.record(event, client)
		r.Account, r.Detail = int64(a.ID), string(proof.Factor)
		return r
	}
	if !good {
		r := record(audit.MFAFailed)
		r.Outcome = audit.Refused
		return proven{}, leaving(errors.Join(tx.CountAttempt(ctx, hash), tx.Audit(ctx, r)), errs.New(errs.MFAInvalid))
	}
	if proof.Factor == FactorRecovery {
		err = tx.Audit(ctx, record(audit.MFARecoveryUsed))
	}
	return proven{
		account: a, methods: append(c.Methods, string(proof.Factor)), detail: c.Detail, client: client, trust: proof.Trust,
	}, errors.Join(err, tx.DeleteChallenge(ctx, hash))
}

// proves reports whether a proof completes a challenge, and uses up whatever is good only once.
func (s *Service) proves(ctx context.Context, tx Tx, c Challenge, all []Factor, proof FactorProof) (bool, error) {
	if !slices.Contains(c.Factors, string(proof.Factor)) {
		return false, nil
	}
	switch proof.Factor {
	case FactorTOTP:
		return s.provesTOTP(ctx, tx, all, proof.Code)
	case FactorRecovery:
		return s.usesRecovery(ctx, tx, c.Account, proof.Code)
	case FactorEmail, FactorSMS:
		tag := s.vault.CodeTag(int64(c.Account), proof.Code)
		return c.CodeFactor == proof.Factor && s.now().Before(c.CodeExpiresAt) && hmac.Equal(c.CodeTag[:], tag[:]), nil
	case FactorPasskey:
		answer, ok := mfa.ReadAssertion(proof.Code)
		if !ok {
			return false, nil
		}
		_, _, good, err := s.provesPasskey(ctx, tx, account.Account{ID: c.Account}, all, proof.Origin, mfa.ForFactor, c.bound(), answer)
		return good, err
	}
	return false, nil
}

// provesTOTP checks the code of an app. The account is held, so a code is good for one of many.
func (s *Service) provesTOTP(ctx context.Context, tx Tx, all []Factor, code string) (bool, error) {
	for _, f := range ofKind(active(all), FactorTOTP) {
		if good, err := s.shows(&f, code); err != nil || good {
			return good, errors.Join(err, tx.UpdateFactor(ctx, f))
		}
	}
	return false, nil
}

func (s *Service) usesRecovery(ctx context.Context, tx Tx, id account.ID, typed string) (bool, error) {
	code, ok := mfa.ReadRecoveryCode(typed)
	if !ok {
		return false, nil
	}
	return tx.UseRecoveryCode(ctx, id, s.vault.CodeTag(int64(id), code))
}
