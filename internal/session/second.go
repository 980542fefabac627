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
	"maska/internal/vault"
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
		if s.reaches(p.account, f.Kind) && !slices.Contains(kinds, string(f.Kind)) {
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
func (s *Service) reaches(a account.Account, kind FactorKind) bool {
	switch kind {
	case FactorEmail:
		return a.EmailVerified && a.SealedEmail != nil
	case FactorSMS:
		return s.texts != nil
	default:
		return true
	}
}

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
	case FactorEmail, FactorSMS:
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
	if errors.Is(err, mfa.ErrPasskey) {
		return nil, errs.Wrap(errs.MFAInvalid, err)
	}
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
		return tx.SetChallengeCode(ctx, c.Hash, kind, tag, stepped(s.now().Add(codeLife)))
	})
	if err != nil {
		return err
	}
	return s.sendCode(ctx, a, kind, phone, code)
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
	try, err := s.tryCode(ctx, c.Account, client)
	if err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, client, lang, func(tx Tx) (proven, error) { return s.complete(ctx, tx, c, try, proof, client) })
}

// codeTry is an entry of a code that was counted and not looked at yet.
type codeTry struct {
	lock  vault.Tag // under which failures are counted
	locks bool      // whether this one, if it fails, locks
}

// tryCode counts an entry of a code before it is looked at, so that many at once are as many as they
// would be one after another. Codes are counted apart from passwords: who knows the password must not
// be able to begin anew by proving it. A device that the account knows has a count of its own: strangers
// who use theirs up do not keep the owner out.
func (s *Service) tryCode(ctx context.Context, id account.ID, client Client) (try codeTry, err error) {
	tag, err := s.lockTag(ctx, account.Account{ID: id}, vault.Tag{}, client)
	if err != nil {
		return try, err
	}
	if err := s.take(ctx, limit.CodeAccount, hex.EncodeToString(tag[:])); err != nil {
		return try, err
	}
	try.lock = s.vault.LockTag("code:" + string(tag[:]))
	try.locks, err = s.tryProof(ctx, try.lock)
	return try, err
}

// refuseCode answers mfa_invalid and leaves the trace of it.
func (s *Service) refuseCode(ctx context.Context, tx Tx, try codeTry, id account.ID, kind FactorKind, client Client) error {
	failed := s.record(audit.MFAFailed, client)
	failed.Account, failed.Outcome, failed.Detail = int64(id), audit.Refused, string(kind)
	trace := []audit.Record{failed}
	if try.locks {
		locked := failed
		locked.ID, locked.Event = s.random.ID(), audit.LoginLocked
		trace = append(trace, locked)
	}
	return leaving(tx.Audit(ctx, trace...), errs.New(errs.MFAInvalid))
}

// complete checks a proof against a challenge that is held, and uses the challenge up.
func (s *Service) complete(ctx context.Context, tx Tx, c Challenge, try codeTry, proof FactorProof, client Client) (proven, error) {
	a, all, err := s.heldFactors(ctx, tx, c.Account)
	if err != nil {
		return proven{}, err
	}
	c, err = tx.ChallengeForUpdate(ctx, c.Hash)
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
	if !good {
		if err := tx.CountAttempt(ctx, c.Hash); err != nil {
			return proven{}, err
		}
		return proven{}, s.refuseCode(ctx, tx, try, a.ID, proof.Factor, client)
	}
	if proof.Factor == FactorRecovery {
		err = s.auditRecovery(ctx, tx, a.ID, client)
	}
	return proven{
		account: a, methods: append(c.Methods, string(proof.Factor)), detail: c.Detail, client: client, trust: proof.Trust,
	}, errors.Join(err, tx.DropLockout(ctx, try.lock), tx.DeleteChallenge(ctx, c.Hash))
}

func (s *Service) auditRecovery(ctx context.Context, tx Tx, id account.ID, client Client) error {
	r := s.record(audit.MFARecoveryUsed, client)
	r.Account = int64(id)
	return tx.Audit(ctx, r)
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

// ReauthCode proves once more, by a code of an app or a recovery code, that the actor is who he is
// (auth contract, row 17).
func (s *Service) ReauthCode(ctx context.Context, actor Actor, code string, client Client) (time.Time, error) {
	try, err := s.tryCode(ctx, actor.Account.ID, client)
	if err != nil {
		return time.Time{}, err
	}
	return s.refreshen(ctx, actor, "second factor", client, func(tx Tx, a account.Account) error {
		all, err := tx.FactorsOf(ctx, a.ID)
		if err != nil {
			return err
		}
		good, err := s.provesTOTP(ctx, tx, all, code)
		if err == nil && !good {
			if good, err = s.usesRecovery(ctx, tx, a.ID, code); good {
				err = errors.Join(err, s.auditRecovery(ctx, tx, a.ID, client))
			}
		}
		if err != nil {
			return err
		}
		if !good {
			return s.refuseCode(ctx, tx, try, a.ID, FactorTOTP, client)
		}
		return tx.DropLockout(ctx, try.lock)
	})
}
