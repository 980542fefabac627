package session

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/mfa"
)

// owner is an account as authenticators know it, with the passkeys among its factors.
func (s *Service) owner(a account.Account, all []Factor) (mfa.Owner, error) {
	handle := s.vault.Handle(int64(a.ID))
	owner := mfa.Owner{Handle: handle[:]}
	for _, f := range ofKind(active(all), FactorPasskey) {
		secret, err := s.unsealFactor(f)
		if err != nil {
			return mfa.Owner{}, err
		}
		if secret.Key != nil {
			owner.Keys = append(owner.Keys, *secret.Key)
		}
	}
	return owner, nil
}

// named adds what the authenticator shows to the person: his address, his username, or his short id.
func (s *Service) named(owner mfa.Owner, a account.Account) (mfa.Owner, error) {
	identity, err := account.Unseal(s.vault, a)
	if err != nil {
		return owner, err
	}
	owner.Name = "user_" + a.ShortID
	switch {
	case identity.Email != "":
		owner.Name = identity.Email
	case identity.Telegram != nil && identity.Telegram.Username != "":
		owner.Name = identity.Telegram.Username
	}
	return owner, nil
}

// PasskeyOptions asks the actor's authenticator for a new passkey. origin is that of the page.
func (s *Service) PasskeyOptions(ctx context.Context, actor Actor, origin string) (mfa.CreationOptions, error) {
	all, err := s.store.FactorsOf(ctx, actor.Account.ID)
	if err != nil {
		return mfa.CreationOptions{}, err
	}
	owner, err := s.owner(actor.Account, all)
	if err == nil {
		owner, err = s.named(owner, actor.Account)
	}
	if err != nil {
		return mfa.CreationOptions{}, err
	}
	return s.passkeys.CreationOptions(origin, owner)
}

// AddPasskey keeps a new passkey. An account without unused recovery codes gets some. Other sessions
// of the account end.
func (s *Service) AddPasskey(ctx context.Context, actor Actor, origin, name string, answer mfa.Registration, client Client) (f Factor, codes []string, err error) {
	err = s.changeFactors(ctx, actor, func(tx Tx, a account.Account, all []Factor) error {
		codes = nil
		owner, err := s.owner(a, all)
		if err != nil {
			return err
		}
		if len(owner.Keys) >= maxPasskeys {
			return errs.New(errs.FactorExists)
		}
		key, err := s.passkeys.Register(origin, owner, answer)
		if errors.Is(err, mfa.ErrPasskey) {
			return leaving(s.auditFactor(ctx, tx, actor, audit.MFAFailed, FactorPasskey, client), errs.Wrap(errs.MFAInvalid, err))
		}
		if err != nil {
			return err
		}
		f = s.newFactor(a.ID, FactorPasskey)
		lookup := s.vault.CredentialTag(key.ID)
		f.Name, f.Active, f.Lookup = nameOf(name), true, &lookup
		if err := s.sealFactor(&f, factorSecret{Key: &key}); err != nil {
			return err
		}
		added, err := tx.InsertFactor(ctx, f)
		if err != nil {
			return err
		}
		if !added {
			return errs.New(errs.FactorExists)
		}
		left, err := tx.RecoveryCodesLeft(ctx, a.ID)
		if err == nil && left == 0 {
			codes, err = s.newRecoveryCodes(ctx, tx, a.ID)
		}
		return errors.Join(err, s.auditFactor(ctx, tx, actor, audit.MFAEnrolled, FactorPasskey, client))
	})
	return f, codes, err
}

// nameOf is what is kept of the name that somebody gives to a passkey.
func nameOf(typed string) string {
	name := []rune(strings.TrimSpace(typed))
	return string(name[:min(len(name), maxFactorName)])
}

// PasskeySignInOptions asks for any passkey of this site. It tells nothing about anybody.
func (s *Service) PasskeySignInOptions(origin string) (mfa.RequestOptions, error) {
	return s.passkeys.RequestOptions(origin, mfa.ForSignIn, "", nil)
}

// SignInPasskey signs in whoever proves a passkey. It is something that a person has and something
// that he is or knows, so no second factor is asked for.
func (s *Service) SignInPasskey(ctx context.Context, origin string, answer mfa.Assertion, client Client, lang locale.Lang) (Tokens, error) {
	ip := limit.IPKey(client.IP)
	if err := s.peek(ctx, limit.LoginFailureIP, ip); err != nil {
		return Tokens{}, err
	}
	tokens, err := s.signInPasskey(ctx, origin, answer, client, lang)
	if errs.CodeOf(err) == errs.MFAInvalid {
		err = errors.Join(err, s.count(ctx, limit.LoginFailureIP, ip))
	}
	return tokens, err
}

func (s *Service) signInPasskey(ctx context.Context, origin string, answer mfa.Assertion, client Client, lang locale.Lang) (Tokens, error) {
	found, err := s.store.FactorByLookup(ctx, s.vault.CredentialTag(answer.Credential()))
	if errors.Is(err, ErrNoFactor) {
		return Tokens{}, errs.New(errs.MFAInvalid)
	}
	if err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, client, lang, func(tx Tx) (proven, error) {
		a, all, err := s.heldFactors(ctx, tx, found.Account)
		if err != nil {
			return proven{}, err
		}
		challenge, expires, good, err := s.provesPasskey(ctx, tx, a, all, origin, mfa.ForSignIn, "", answer)
		if err == nil && good { // a challenge is answered once, on whatever node
			good, err = tx.SpendChallenge(ctx, sha256.Sum256([]byte(challenge)), a.ID, expires)
		}
		if err != nil {
			return proven{}, err
		}
		if !good {
			r := s.record(audit.LoginFail, client)
			r.Account, r.Outcome, r.Detail = int64(a.ID), audit.Refused, MethodPasskey
			return proven{}, leaving(tx.Audit(ctx, r), errs.New(errs.MFAInvalid))
		}
		return proven{account: a, methods: []string{MethodPasskey}, detail: MethodPasskey, client: client}, nil
	})
}

// provesPasskey checks the answer of an authenticator against the passkeys of an account that is
// held, and keeps the counter of the key. The challenge that was answered is void after expires.
func (s *Service) provesPasskey(ctx context.Context, tx Tx, a account.Account, all []Factor, origin, purpose, bound string, answer mfa.Assertion) (challenge string, expires time.Time, good bool, err error) {
	owner, err := s.owner(a, all)
	if err != nil {
		return "", time.Time{}, false, err
	}
	used, challenge, err := s.passkeys.Check(origin, purpose, bound, owner, answer)
	if errors.Is(err, mfa.ErrPasskey) {
		return "", time.Time{}, false, nil
	}
	if err != nil {
		return "", time.Time{}, false, err
	}
	lookup := s.vault.CredentialTag(used.ID)
	at := slices.IndexFunc(all, func(f Factor) bool { return f.Lookup != nil && bytes.Equal(f.Lookup[:], lookup[:]) })
	if at < 0 {
		return "", time.Time{}, false, nil
	}
	f := all[at]
	if err := s.sealFactor(&f, factorSecret{Key: &used}); err != nil {
		return "", time.Time{}, false, err
	}
	return challenge, hour(s.now().Add(mfa.PasskeyTime)).Add(time.Hour), true, tx.UpdateFactor(ctx, f)
}
