package session

import (
	"context"
	"encoding/hex"
	"errors"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/email"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/password"
	"maska/internal/vault"
)

// NewCredentials are an address and a password that somebody chooses, the password typed twice.
type NewCredentials struct{ Email, Password, Confirm string }

// credentials are new ones that were checked.
type credentials struct {
	address email.Address
	tag     vault.Tag
	chosen  chosenPassword
	warning string
}

func (s *Service) checkNew(in NewCredentials, secondFactor bool) (c credentials, err error) {
	if c.address, err = email.Parse(in.Email); err != nil {
		return c, &errs.Error{Code: errs.EmailInvalid, Fields: []errs.Field{{Field: "email", Code: errs.BadFormat}}}
	}
	c.tag = s.vault.EmailTag(c.address.Canonical)
	c.chosen = chosenPassword{in.Password, in.Confirm}
	c.warning, err = s.check(c.chosen, secondFactor, c.address.Canonical)
	return c, err
}

// give puts the credentials into an account.
func (s *Service) give(a account.Account, c credentials, hash string) account.Account {
	a.EmailTag, a.SealedEmail, a.EmailVerified, a.PasswordHash = &c.tag, account.SealEmail(s.vault, a.ID, c.address.Typed), false, hash
	return a
}

// Register makes an account with an address and a password, and signs in to it (auth contract, row 10).
// The warning is for the answer.
func (s *Service) Register(ctx context.Context, in NewCredentials, client Client, lang locale.Lang) (tokens Tokens, warning string, err error) {
	if s.signupClosed {
		return Tokens{}, "", errs.New(errs.SignupDisabled)
	}
	c, err := s.checkNew(in, false)
	if err != nil {
		return Tokens{}, "", err
	}
	if err := s.take(ctx, limit.RegisterIP, limit.IPKey(client.IP)); err != nil {
		return Tokens{}, "", err
	}
	hash, err := s.hash(ctx, c.chosen)
	if err != nil {
		return Tokens{}, "", err
	}
	letter, err := s.mayWrite(ctx, c.tag)
	if err != nil {
		return Tokens{}, "", err
	}
	var token string
	tokens, err = s.enter(ctx, client, lang, func(tx Tx) (proven, error) {
		a := s.give(s.newAccount(), c, hash)
		a.Language = lang
		inserted, err := tx.InsertAccount(ctx, &a)
		if err == nil && !inserted {
			err = errs.Wrap(errs.EmailTaken, ErrTaken)
		}
		if err == nil && a.Active && letter {
			token, err = s.newMailToken(ctx, tx, MailToken{Account: a.ID, Kind: TokenVerify, EmailTag: c.tag})
		}
		return proven{account: a, isNew: true, methods: []string{MethodPassword}, detail: "password"}, err
	})
	if errors.Is(err, ErrTaken) && letter {
		s.offerAnew(c, lang)
	}
	if err != nil {
		return Tokens{}, "", err
	}
	if letter {
		s.post(Letter{Kind: LetterVerify, To: c.address.Mailbox, Language: lang, Token: token})
	}
	return tokens, c.warning, nil
}

// BindEmail gives the actor's account an address and a password (auth contract, row 9).
func (s *Service) BindEmail(ctx context.Context, actor Actor, in NewCredentials, client Client) (bound account.Account, warning string, err error) {
	c, err := s.checkNew(in, actor.Account.SecondFactor)
	if err != nil {
		return bound, "", err
	}
	if err := s.countLinking(ctx, actor); err != nil {
		return bound, "", err
	}
	if err := s.bindable(ctx, actor, actor.Account); err != nil {
		return bound, "", err
	}
	hash, err := s.hash(ctx, c.chosen)
	if err != nil {
		return bound, "", err
	}
	letter, err := s.mayWrite(ctx, c.tag)
	if err != nil {
		return bound, "", err
	}
	var token string
	err = s.store.Transaction(ctx, func(tx Tx) error {
		a, err := s.hold(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := s.bindable(ctx, actor, a); err != nil {
			return err
		}
		if disabled, err := tx.Disabled(ctx, c.tag); err != nil || disabled {
			return errors.Join(err, errs.New(errs.AccountDisabled))
		}
		bound = s.give(a, c, hash)
		if err := tx.SetCredentials(ctx, bound); err != nil {
			return err
		}
		if letter {
			if token, err = s.newMailToken(ctx, tx, MailToken{Account: a.ID, Kind: TokenVerify, EmailTag: c.tag}); err != nil {
				return err
			}
		}
		r := s.record(audit.EmailBound, client)
		r.Account, r.Session = int64(a.ID), actor.Session
		return tx.Audit(ctx, r)
	})
	if errors.Is(err, ErrTaken) {
		err = errs.Wrap(errs.EmailTaken, err)
		if letter {
			err = errors.Join(err, s.offerClaim(actor.Account, claim{Email: c.address.Typed, PasswordHash: hash}, c))
		}
	}
	if err != nil {
		return bound, "", err
	}
	s.DropAccount(bound.ID)
	if letter {
		s.post(Letter{Kind: LetterVerify, To: c.address.Mailbox, Language: bound.Language, Token: token})
	}
	return bound, c.warning, nil
}

// mayWrite counts a letter to an address that nobody asked there for. Above the limit none is sent, and
// the answer stays the same: strangers who used it up must not keep the owner from using his address.
func (s *Service) mayWrite(ctx context.Context, address vault.Tag) (bool, error) {
	result, err := s.limits.Take(ctx, limit.MailAddress, hex.EncodeToString(address[:]), 1)
	return result.Allowed, err
}

// bindable refuses an account that has an address, and one whose password would be replaced by somebody
// who has not proved lately who he is.
func (s *Service) bindable(ctx context.Context, actor Actor, a account.Account) error {
	if a.EmailTag != nil {
		return errs.New(errs.EmailAlreadyBound)
	}
	if a.PasswordHash != "" {
		return s.RequireFresh(ctx, actor)
	}
	return nil
}

// SendVerification sends the actor a new link that proves his address (auth contract, row 12).
func (s *Service) SendVerification(ctx context.Context, actor Actor, client Client) error {
	if err := s.take(ctx, limit.MailIP, limit.IPKey(client.IP)); err != nil {
		return err
	}
	letter := Letter{Kind: LetterVerify, Language: actor.Account.Language}
	err := s.store.Transaction(ctx, func(tx Tx) error {
		a, err := s.hold(ctx, tx, actor)
		if err != nil {
			return err
		}
		letter, err = s.verification(ctx, tx, a)
		return err
	})
	if err != nil {
		return err
	}
	if !s.post(letter) {
		return errs.New(errs.Unavailable)
	}
	return nil
}

// verification writes the letter that proves the address of an account that is held.
func (s *Service) verification(ctx context.Context, tx Tx, a account.Account) (Letter, error) {
	switch {
	case a.EmailTag == nil:
		return Letter{}, errs.New(errs.NotBound)
	case a.EmailVerified:
		return Letter{}, errs.New(errs.EmailVerified)
	}
	if err := s.take(ctx, limit.MailAddress, hex.EncodeToString(a.EmailTag[:])); err != nil {
		return Letter{}, err
	}
	to, err := s.mailbox(a)
	if err != nil {
		return Letter{}, err
	}
	token, err := s.newMailToken(ctx, tx, MailToken{Account: a.ID, Kind: TokenVerify, EmailTag: *a.EmailTag})
	return Letter{Kind: LetterVerify, To: to, Language: a.Language, Token: token}, err
}

// refuseUnverified answers a right password of an account whose address must be proved first, and sends
// the link once more: without a session there is no other way to ask for it.
func (s *Service) refuseUnverified(ctx context.Context, tx Tx, p proven) error {
	letter, err := s.verification(ctx, tx, p.account)
	switch {
	case err == nil:
		s.post(letter) // should the commit fail, the link is one that does not work
	case errs.CodeOf(err) != errs.RateLimited:
		return err
	}
	return s.refuseEntry(ctx, tx, p, audit.LoginFail, errs.EmailNotVerified)
}

// EmailProof is what comes with the token of a link: nothing but who opened it, if he is signed in; or
// the password of the account that asked for the letter; or, typed twice, a password for a new account.
type EmailProof struct {
	Token, Password, Confirm string
	Opener                   account.ID // 0 when nobody is signed in
	LinkAlone                bool       // the link shall do without more, where the contract lets it
}

// VerifyEmail takes the token of a link (auth contract, row 13). The link proves that its reader owns
// the address, and nothing about the account that named it, which may be a stranger's with doors of his
// own. So the address stays with the account that asked for the letter only if the reader is signed in
// to it or knows its password; otherwise he gets an account of his own, with a password that he chooses
// here. reauth_required asks for one or the other: its reason is "password", or "new_password" where no
// account asked. The contract lets a program prove the first address of an account by the link alone;
// links in letters lead to our own page, which never does.
func (s *Service) VerifyEmail(ctx context.Context, in EmailProof, client Client, lang locale.Lang) (warning string, err error) {
	t, err := s.mailToken(ctx, in.Token, errs.VerificationTokenInvalid, TokenVerify, TokenClaim, TokenNew)
	if err != nil {
		return "", err
	}
	if in.Confirm != "" {
		return s.settle(ctx, t, chosenPassword{in.Password, in.Confirm}, client, lang)
	}
	if t.Kind == TokenNew {
		return "", errs.New(errs.ReauthRequired).WithReason("new_password")
	}
	asker, wanted, err := s.asker(ctx, t)
	if err != nil {
		return "", err
	}
	switch {
	case in.Opener == asker.ID, in.LinkAlone && in.Password == "" && t.Kind == TokenVerify:
	case in.Password == "":
		return "", errs.New(errs.ReauthRequired).WithReason("password")
	case len(in.Password) > password.MaxBytes:
		return "", errs.Invalid("password", errs.TooLong)
	default:
		if _, err := s.checkPassword(ctx, asker, t.EmailTag, in.Password, client); err != nil {
			return "", err
		}
	}
	if t.Kind == TokenClaim {
		return "", s.takeClaim(ctx, t, wanted, client)
	}
	return "", s.proveAddress(ctx, t, asker, client)
}

// asker is the account that asked for a letter, with the password that it has, or is to have by a claim.
func (s *Service) asker(ctx context.Context, t MailToken) (a account.Account, wanted claim, err error) {
	a, err = s.store.AccountOf(ctx, t.Account)
	if errors.Is(err, ErrNoAccount) {
		return a, wanted, errs.New(errs.VerificationTokenInvalid)
	}
	if err != nil || t.Kind != TokenClaim {
		return a, wanted, err
	}
	wanted, err = s.unsealClaim(t)
	a.PasswordHash = wanted.PasswordHash
	return a, wanted, err
}

// proveAddress marks the address of an account as proved. asker is that account as it was looked at.
func (s *Service) proveAddress(ctx context.Context, t MailToken, asker account.Account, client Client) error {
	err := s.store.Transaction(ctx, func(tx Tx) error {
		a, err := s.holdFor(ctx, tx, t, errs.VerificationTokenInvalid)
		if err != nil {
			return err
		}
		if a.PasswordHash != asker.PasswordHash { // changed meanwhile
			return errs.New(errs.CredentialsInvalid)
		}
		a.EmailVerified = true
		r := s.record(audit.EmailVerified, client)
		r.Account = int64(a.ID)
		// Whoever else wants the address has lost.
		return errors.Join(tx.SetCredentials(ctx, a), tx.DropMailTokens(ctx, a.ID, TokenVerify), tx.DropMailTokens(ctx, a.ID, TokenNew), tx.Audit(ctx, r))
	})
	if err == nil {
		s.DropAccount(t.Account)
	}
	return err
}
