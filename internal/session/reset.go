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
	"maska/internal/password"
	"maska/internal/vault"
)

// ForgotPassword sends a link that lets a new password be set, if the address belongs to an account and
// was proved (auth contract, row 14). Everything that depends on the account happens after the answer.
func (s *Service) ForgotPassword(ctx context.Context, typed string, client Client) error {
	address, err := email.Parse(typed)
	if err != nil {
		return &errs.Error{Code: errs.EmailInvalid, Fields: []errs.Field{{Field: "email", Code: errs.BadFormat}}}
	}
	tag := s.vault.EmailTag(address.Canonical)
	if err := s.take(ctx, limit.MailIP, limit.IPKey(client.IP)); err != nil {
		return err
	}
	if err := s.take(ctx, limit.MailAddress, hex.EncodeToString(tag[:])); err != nil {
		return err
	}
	if !s.mailer.Post(func(ctx context.Context) (*Letter, error) { return s.reset(ctx, tag, client) }) {
		return errs.New(errs.Unavailable)
	}
	return nil
}

// reset writes the letter with the link; nil when there is nobody to write to.
func (s *Service) reset(ctx context.Context, tag vault.Tag, client Client) (letter *Letter, err error) {
	err = s.store.Transaction(ctx, func(tx Tx) error {
		a, err := tx.AccountByEmailForUpdate(ctx, tag)
		if errors.Is(err, ErrNoAccount) || (err == nil && (!a.EmailVerified || !a.Active)) {
			return nil
		}
		if err != nil {
			return err
		}
		to, err := s.mailbox(a)
		if err != nil {
			return err
		}
		token, err := s.newMailToken(ctx, tx, MailToken{Account: a.ID, Kind: TokenReset, EmailTag: tag})
		if err != nil {
			return err
		}
		letter = &Letter{Kind: LetterReset, To: to, Language: a.Language, Token: token}
		r := s.record(audit.PasswordResetRequested, client)
		r.Account = int64(a.ID)
		return tx.Audit(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	return letter, nil
}

// PasswordReset is the token of a link and a new password, typed twice.
type PasswordReset struct{ Token, Password, Confirm string }

// ResetPassword sets a new password and ends every session of the account (auth contract, row 15). It
// does not sign in: a second factor is asked for there.
func (s *Service) ResetPassword(ctx context.Context, in PasswordReset, client Client) (warning string, err error) {
	chosen := chosenPassword{in.Password, in.Confirm}
	if _, err := s.check(chosen, s.policy == password.Strict); err != nil { // what holds for anybody, before the token is looked at
		return "", err
	}
	t, err := s.mailToken(ctx, in.Token, errs.ResetTokenInvalid, TokenReset)
	if err != nil {
		return "", err
	}
	a, err := s.store.AccountOf(ctx, t.Account)
	if errors.Is(err, ErrNoAccount) {
		return "", errs.New(errs.ResetTokenInvalid)
	}
	if err != nil {
		return "", err
	}
	identity, err := account.Unseal(s.vault, a)
	if err != nil {
		return "", err
	}
	if warning, err = s.check(chosen, a.SecondFactor, identity.Email); err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, chosen)
	if err != nil {
		return "", err
	}
	lock, err := s.lockTag(ctx, a, t.EmailTag, client)
	if err != nil {
		return "", err
	}
	var ended []string
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if a, err = s.holdFor(ctx, tx, t, errs.ResetTokenInvalid); err != nil {
			return err
		}
		a.PasswordHash = hash
		if ended, err = s.endAll(ctx, tx, a.ID, "", "password_reset"); err != nil {
			return err
		}
		r := s.record(audit.PasswordReset, client)
		r.Account = int64(a.ID)
		return errors.Join(
			tx.SetCredentials(ctx, a), tx.DropLockout(ctx, lock), tx.DropLockout(ctx, s.strangersLock(t.EmailTag)),
			tx.DropMailTokens(ctx, a.ID, TokenReset), tx.Audit(ctx, r),
		)
	})
	if err != nil {
		return "", err
	}
	s.forget(ended)
	s.DropAccount(a.ID)
	s.tell(a, LetterPasswordChanged, client)
	return warning, nil
}
