package session

import (
	"context"
	"encoding/json"
	"errors"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
)

// claim is what an account wants that chose an address which another one holds without having proved
// it. It lies sealed on the row of the one that wants it, and goes with it, until the address answers.
type claim struct {
	Email        string `json:"email"`
	PasswordHash string `json:"passwordHash"`
}

const claimColumn = "mail_tokens.claim"

// offerClaim writes to an address whose holder never proved it: it may go to the account that wants it
// (decision 46). The answer to the one who asked stays the same either way.
func (s *Service) offerClaim(a account.Account, wanted claim, c credentials) error {
	plain, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	s.offer(c, a.Language, func(account.Account) MailToken {
		return MailToken{Account: a.ID, Kind: TokenClaim, EmailTag: c.tag, Sealed: s.vault.Seal(claimColumn, int64(a.ID), plain)}
	})
	return nil
}

// offerAnew writes to such an address when somebody wanted to register with it. Who that was is not
// kept: an account is made for whoever reads the letter, with the password that he chooses then.
func (s *Service) offerAnew(c credentials, lang locale.Lang) {
	s.offer(c, lang, func(holder account.Account) MailToken {
		return MailToken{Account: holder.ID, Kind: TokenNew, EmailTag: c.tag}
	})
}

func (s *Service) offer(c credentials, lang locale.Lang, token func(holder account.Account) MailToken) {
	s.mailer.Post(func(ctx context.Context) (*Letter, error) {
		holder, err := s.store.AccountByEmail(ctx, c.tag)
		if errors.Is(err, ErrNoAccount) || (err == nil && (holder.EmailVerified || !holder.Active)) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		letter := &Letter{Kind: LetterClaim, To: c.address.Mailbox, Language: lang}
		err = s.store.Transaction(ctx, func(tx Tx) error {
			t := token(holder)
			if _, err := tx.AccountForUpdate(ctx, t.Account); err != nil {
				return err
			}
			letter.Token, err = s.newMailToken(ctx, tx, t)
			return err
		})
		if errors.Is(err, ErrNoAccount) { // erased meanwhile
			return nil, nil
		}
		return letter, err
	})
}

func (s *Service) unsealClaim(t MailToken) (wanted claim, err error) {
	plain, err := s.vault.Unseal(claimColumn, int64(t.Account), t.Sealed)
	if err == nil {
		err = json.Unmarshal(plain, &wanted)
	}
	if err != nil {
		return wanted, errs.Wrap(errs.Internal, err)
	}
	return wanted, nil
}

// takeClaim moves an address from the holder, who never proved it, to the account that claimed it.
func (s *Service) takeClaim(ctx context.Context, t MailToken, wanted claim, client Client) error {
	seen, err := s.store.AccountByEmail(ctx, t.EmailTag)
	if errors.Is(err, ErrNoAccount) {
		return errs.New(errs.VerificationTokenInvalid)
	}
	if err != nil {
		return err
	}
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if t.Account < seen.ID { // accounts are held in the order of their ids
			if _, err := tx.AccountForUpdate(ctx, t.Account); err != nil && !errors.Is(err, ErrNoAccount) {
				return err
			}
		}
		holder, err := s.holdUnproved(ctx, tx, t)
		if err == nil && holder.ID != seen.ID {
			err = errs.New(errs.VerificationTokenInvalid)
		}
		if err != nil {
			return err
		}
		a, err := tx.AccountForUpdate(ctx, t.Account)
		if errors.Is(err, ErrNoAccount) || (err == nil && (!a.Active || a.EmailTag != nil || a.PasswordHash != "")) {
			return errs.New(errs.VerificationTokenInvalid)
		}
		if err != nil {
			return err
		}
		if err := s.dispossess(ctx, tx, holder, t, client); err != nil {
			return err
		}
		a.EmailTag, a.SealedEmail, a.EmailVerified, a.PasswordHash = &t.EmailTag, account.SealEmail(s.vault, a.ID, wanted.Email), true, wanted.PasswordHash
		bound, verified := s.record(audit.EmailBound, client), s.record(audit.EmailVerified, client)
		bound.Account, verified.Account, bound.Detail = int64(a.ID), int64(a.ID), "claimed"
		return errors.Join(tx.SetCredentials(ctx, a), tx.DropMailTokens(ctx, a.ID, TokenClaim), tx.Audit(ctx, bound, verified))
	})
	if err == nil {
		s.DropAccount(seen.ID)
		s.DropAccount(t.Account)
	}
	return err
}

// settle makes an account for whoever reads the mail of an address that an account named without
// having proved it, which loses it.
func (s *Service) settle(ctx context.Context, t MailToken, chosen chosenPassword, client Client, lang locale.Lang) (warning string, err error) {
	if s.signupClosed {
		return "", errs.New(errs.SignupDisabled)
	}
	seen, err := s.store.AccountByEmail(ctx, t.EmailTag)
	if errors.Is(err, ErrNoAccount) {
		return "", errs.New(errs.VerificationTokenInvalid)
	}
	if err != nil {
		return "", err
	}
	identity, err := account.Unseal(s.vault, seen)
	if err != nil {
		return "", err
	}
	if warning, err = s.check(chosen, false, identity.Email); err != nil {
		return "", err
	}
	end, err := s.addresses.take(ctx, limit.IPKey(client.IP))
	if err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, chosen)
	end()
	if err != nil {
		return "", err
	}
	a := s.newAccount()
	a.Language = lang
	a.EmailTag, a.SealedEmail, a.EmailVerified, a.PasswordHash = &t.EmailTag, account.SealEmail(s.vault, a.ID, identity.Email), true, hash
	err = s.store.Transaction(ctx, func(tx Tx) error {
		holder, err := s.holdUnproved(ctx, tx, t)
		if err != nil {
			return err
		}
		if err := s.dispossess(ctx, tx, holder, t, client); err != nil {
			return err
		}
		inserted, err := tx.InsertAccount(ctx, &a)
		if err == nil && (!inserted || !a.Active) { // taken, or disabled meanwhile
			err = errs.New(errs.VerificationTokenInvalid)
		}
		created, verified := s.record(audit.UserCreated, client), s.record(audit.EmailVerified, client)
		created.Account, verified.Account, created.Detail = int64(a.ID), int64(a.ID), "claimed"
		return errors.Join(err, tx.Audit(ctx, created, verified))
	})
	if err != nil {
		return "", err
	}
	s.DropAccount(seen.ID)
	return warning, nil
}

// holdUnproved holds the account that names the address of a token without having proved it. An
// address whose holder is disabled stays where it is.
func (s *Service) holdUnproved(ctx context.Context, tx Tx, t MailToken) (account.Account, error) {
	holder, err := tx.AccountByEmailForUpdate(ctx, t.EmailTag)
	if errors.Is(err, ErrNoAccount) || (err == nil && (holder.EmailVerified || !holder.Active || (t.Kind != TokenClaim && holder.ID != t.Account))) {
		return holder, errs.New(errs.VerificationTokenInvalid)
	}
	return holder, err
}

// dispossess uses a token up and takes the address and its password from the account that held it.
func (s *Service) dispossess(ctx context.Context, tx Tx, holder account.Account, t MailToken, client Client) error {
	used, err := tx.UseMailToken(ctx, t.Hash)
	if err == nil && !used {
		err = errs.New(errs.VerificationTokenInvalid)
	}
	if err != nil {
		return err
	}
	r := s.record(audit.EmailUnbound, client)
	r.Account, r.Detail = int64(holder.ID), "claimed by its owner"
	return errors.Join(tx.UnbindEmail(ctx, holder.ID), tx.Audit(ctx, r))
}
