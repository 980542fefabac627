package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/vault"
)

// ErrTaken is what the store answers when an identity belongs to another account already.
var ErrTaken = errors.New("session: the identity belongs to another account")

// UnboundLife is how long an unlinked identity is disabled together with the account: who sees it coming cannot
// unlink it and begin anew with it.
const UnboundLife = 30 * 24 * time.Hour

type linkTx interface {
	// BindTelegram gives an account the Telegram identity of a; ErrTaken when another one has it. After
	// that the transaction cannot go on.
	BindTelegram(ctx context.Context, a account.Account, name *vault.Tag) error
	// UnbindTelegram and UnbindEmail take everything about an identity from an account; with the address
	// go the codes that were sent there, and the password, which could not be reset without it.
	UnbindTelegram(ctx context.Context, id account.ID) error
	UnbindEmail(ctx context.Context, id account.ID) error
	// KeepUnbound remembers until a time that an identity led to an account.
	KeepUnbound(ctx context.Context, id account.ID, tag vault.Tag, until time.Time) error
	// Disabled reports whether one of the identities may not sign in.
	Disabled(ctx context.Context, tags ...vault.Tag) (bool, error)
	// OtherProofs counts the passkeys and the identities of other issuers that lead to an account.
	OtherProofs(ctx context.Context, id account.ID) (int, error)
}

// BindTelegramInitData links the Telegram identity that initData names with the actor's account.
func (s *Service) BindTelegramInitData(ctx context.Context, actor Actor, initData string, client Client) (account.Account, error) {
	return s.bindTelegram(ctx, actor, client, func() (telegramProof, error) {
		proof, err := s.checkInitData(initData)
		if err == nil {
			return proof, nil
		}
		refusal := errs.Wrap(errs.TelegramDataInvalid, err)
		if errs.CodeOf(err) == errs.InitDataExpired {
			refusal = refusal.WithReason("expired")
		}
		return proof, refusal
	})
}

// BindTelegramWidget does so with the identity that the login widget names; body is the JSON object as it came.
func (s *Service) BindTelegramWidget(ctx context.Context, actor Actor, body []byte, client Client) (account.Account, error) {
	return s.bindTelegram(ctx, actor, client, func() (telegramProof, error) { return s.checkWidget(body) })
}

func (s *Service) bindTelegram(ctx context.Context, actor Actor, client Client, check func() (telegramProof, error)) (bound account.Account, err error) {
	if err := s.countLinking(ctx, actor); err != nil {
		return bound, err
	}
	proof, err := check()
	if err != nil {
		return bound, err
	}
	if err := s.useOnce(ctx, proof); err != nil {
		return bound, err
	}
	tag := s.vault.TelegramTag(proof.user.ID)
	err = s.store.Transaction(ctx, func(tx Tx) error {
		a, err := s.hold(ctx, tx, actor)
		if err != nil {
			return err
		}
		if disabled, err := tx.Disabled(ctx, tag); err != nil || disabled {
			return errors.Join(err, errs.New(errs.AccountDisabled))
		}
		// An account that came by POST /auth has the tag already, and nothing else (decision 9).
		if a.TelegramTag != nil && (*a.TelegramTag != tag || a.SealedTelegram != nil) {
			return errs.New(errs.TelegramAlreadyBound)
		}
		if lang, ok := locale.Parse(proof.user.LanguageCode); ok && a.EmailTag == nil {
			a.Language = lang // who came by e-mail has chosen his
		}
		var name *vault.Tag
		if a.SealedTelegram, name, err = s.sealTelegram(a.ID, proof.user); err != nil {
			return err
		}
		a.TelegramTag = &tag
		r := s.record(audit.TelegramBound, client)
		r.Account, r.Session, r.Detail = int64(a.ID), actor.Session, proof.detail
		bound = a
		if err := tx.BindTelegram(ctx, a, name); err != nil {
			return err
		}
		return tx.Audit(ctx, r)
	})
	if errors.Is(err, ErrTaken) {
		err = errs.Wrap(errs.TelegramTaken, err)
	}
	if err == nil {
		s.DropAccount(actor.Account.ID)
	}
	return bound, err
}

// UnbindTelegram takes the Telegram identity from the actor's account, if another proof still leads there.
// Other sessions of the account end: they may have begun with it (auth contract, section 7.3).
func (s *Service) UnbindTelegram(ctx context.Context, actor Actor, client Client) (account.Account, error) {
	return s.unbind(ctx, actor, client, audit.TelegramUnbound, func(tx Tx, a *account.Account) error {
		if a.TelegramTag == nil {
			return errs.New(errs.NotBound)
		}
		gone := *a.TelegramTag
		a.TelegramTag, a.SealedTelegram = nil, nil
		return errors.Join(tx.UnbindTelegram(ctx, a.ID), tx.KeepUnbound(ctx, a.ID, gone, hour(s.now()).Add(UnboundLife)))
	})
}

// UnbindEmail takes the address and the password from the actor's account, if another proof still leads there.
// Other sessions end, too.
func (s *Service) UnbindEmail(ctx context.Context, actor Actor, client Client) (account.Account, error) {
	return s.unbind(ctx, actor, client, audit.EmailUnbound, func(tx Tx, a *account.Account) error {
		if a.EmailTag == nil {
			return errs.New(errs.NotBound)
		}
		gone, proved := *a.EmailTag, a.EmailVerified
		a.EmailTag, a.SealedEmail, a.EmailVerified, a.PasswordHash = nil, nil, false, ""
		if err := tx.UnbindEmail(ctx, a.ID); err != nil || !proved { // it may be somebody else's
			return err
		}
		return tx.KeepUnbound(ctx, a.ID, gone, hour(s.now()).Add(UnboundLife))
	})
}

func (s *Service) unbind(ctx context.Context, actor Actor, client Client, event audit.Event, take func(Tx, *account.Account) error) (left account.Account, err error) {
	if err := s.countLinking(ctx, actor); err != nil {
		return left, err
	}
	var ended []string
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if left, err = s.hold(ctx, tx, actor); err != nil {
			return err
		}
		if err := take(tx, &left); err != nil {
			return err
		}
		if err := s.requireLogin(ctx, tx, left); err != nil {
			return err
		}
		if ended, err = s.endAll(ctx, tx, left.ID, actor.Session, "unbound"); err != nil {
			return err
		}
		r := s.record(event, client)
		r.Account, r.Session = int64(left.ID), actor.Session
		return tx.Audit(ctx, r)
	})
	if err == nil {
		s.forget(ended)
		s.DropAccount(actor.Account.ID)
	}
	return left, err
}

// requireLogin refuses a change that leaves no way to sign in to an account.
func (s *Service) requireLogin(ctx context.Context, tx Tx, a account.Account) error {
	if a.TelegramTag != nil || a.EmailTag != nil && a.PasswordHash != "" {
		return nil
	}
	others, err := tx.OtherProofs(ctx, a.ID)
	if err == nil && others == 0 {
		err = errs.New(errs.LastLoginMethod)
	}
	return err
}

// countLinking counts what changes the identities of an account.
func (s *Service) countLinking(ctx context.Context, actor Actor) error {
	return s.take(ctx, limit.BindAccount, strconv.FormatInt(int64(actor.Account.ID), 10))
}
