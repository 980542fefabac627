package session

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
)

// claim is what somebody wants who chose an address that another account holds without having proved
// it. It lies sealed in the token, on the holder's row, until the address itself answers.
type claim struct {
	Account      account.ID  `json:"account,omitempty"` // that shall have the address; 0 for one yet to be made
	Email        string      `json:"email"`
	PasswordHash string      `json:"passwordHash"`
	Language     locale.Lang `json:"language"`
}

const claimColumn = "mail_tokens.claim"

// offerClaim writes to an address whose holder never proved it: whoever reads it may have it (decision
// 46). The answer to the one who asked stays the same either way.
func (s *Service) offerClaim(ctx context.Context, wanted claim, c credentials) error {
	result, err := s.limits.Take(ctx, limit.MailAddress, hex.EncodeToString(c.tag[:]), 1)
	if err != nil || !result.Allowed {
		return err
	}
	plain, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	s.mailer.Post(func(ctx context.Context) (letter *Letter, err error) {
		err = s.store.Transaction(ctx, func(tx Tx) error {
			holder, err := tx.AccountByEmailForUpdate(ctx, c.tag)
			if errors.Is(err, ErrNoAccount) || (err == nil && (holder.EmailVerified || !holder.Active)) {
				return nil
			}
			if err != nil {
				return err
			}
			token, err := s.newMailToken(ctx, tx, MailToken{
				Account: holder.ID, Kind: TokenClaim, EmailTag: c.tag, Sealed: s.vault.Seal(claimColumn, int64(holder.ID), plain),
			})
			letter = &Letter{Kind: LetterClaim, To: c.address.Mailbox, Language: wanted.Language, Token: token}
			return err
		})
		return letter, err
	})
	return nil
}

// takeClaim moves an address from the holder, who never proved it, to the account that claimed it.
func (s *Service) takeClaim(ctx context.Context, t MailToken, client Client) error {
	plain, err := s.vault.Unseal(claimColumn, int64(t.Account), t.Sealed)
	if err != nil {
		return errs.Wrap(errs.Internal, err)
	}
	var wanted claim
	if err := json.Unmarshal(plain, &wanted); err != nil {
		return errs.Wrap(errs.Internal, err)
	}
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if wanted.Account != 0 && wanted.Account < t.Account { // accounts are held in the order of their ids
			if _, err := tx.AccountForUpdate(ctx, wanted.Account); err != nil && !errors.Is(err, ErrNoAccount) {
				return err
			}
		}
		holder, err := s.holdFor(ctx, tx, t, errs.VerificationTokenInvalid)
		if err != nil {
			return err
		}
		if holder.EmailVerified || !holder.Active { // an address that was disabled stays so
			return errs.New(errs.VerificationTokenInvalid)
		}
		if err := s.dispossess(ctx, tx, holder, client); err != nil {
			return err
		}
		return s.endow(ctx, tx, wanted, t, client)
	})
	if err == nil {
		s.DropAccount(t.Account)
		s.DropAccount(wanted.Account)
	}
	return err
}

// dispossess takes the address and its password from an account.
func (s *Service) dispossess(ctx context.Context, tx Tx, holder account.Account, client Client) error {
	r := s.record(audit.EmailUnbound, client)
	r.Account, r.Detail = int64(holder.ID), "claimed by its owner"
	return errors.Join(tx.UnbindEmail(ctx, holder.ID), tx.DropMailTokens(ctx, holder.ID, TokenVerify), tx.DropMailTokens(ctx, holder.ID, TokenReset), tx.Audit(ctx, r))
}

// endow gives a proved address to the account that claimed it, which may have to be made first.
func (s *Service) endow(ctx context.Context, tx Tx, wanted claim, t MailToken, client Client) error {
	a, event := s.newAccount(), audit.UserCreated
	if wanted.Account != 0 {
		var err error
		event = audit.EmailBound
		a, err = tx.AccountForUpdate(ctx, wanted.Account)
		if errors.Is(err, ErrNoAccount) || (err == nil && (!a.Active || a.EmailTag != nil || a.PasswordHash != "")) {
			return errs.New(errs.VerificationTokenInvalid)
		}
		if err != nil {
			return err
		}
	} else {
		a.Language = wanted.Language
	}
	a.EmailTag, a.SealedEmail, a.EmailVerified, a.PasswordHash = &t.EmailTag, account.SealEmail(s.vault, a.ID, wanted.Email), true, wanted.PasswordHash
	bound, verified := s.record(event, client), s.record(audit.EmailVerified, client)
	bound.Account, verified.Account, bound.Detail = int64(a.ID), int64(a.ID), "claimed"
	if wanted.Account != 0 {
		return errors.Join(tx.SetCredentials(ctx, a), tx.Audit(ctx, bound, verified))
	}
	inserted, err := tx.InsertAccount(ctx, &a)
	if err == nil && !inserted {
		err = errs.New(errs.VerificationTokenInvalid)
	}
	return errors.Join(err, tx.Audit(ctx, bound, verified))
}
