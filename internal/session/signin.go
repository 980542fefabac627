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
	"maska/internal/telegram"
	"maska/internal/vault"
)

// SignInTelegram signs in whoever Telegram's initData names, and makes the account if there is none
// yet. Without keep nothing reversible about the person is stored: the account is found by its tag
// alone; with keep the identity is sealed into the account (design: identity, two halves).
func (s *Service) SignInTelegram(ctx context.Context, initData string, keep bool, client Client, lang locale.Lang) (Tokens, error) {
	if initData == "" {
		return Tokens{}, errs.New(errs.InitDataRequired)
	}
	ip := limit.IPKey(client.IP)
	if err := s.peek(ctx, limit.TelegramLoginIP, ip); err != nil {
		return Tokens{}, err
	}
	proof, err := s.telegram.InitData(initData, s.now())
	if err != nil {
		return Tokens{}, s.refuseProof(ctx, ip, err)
	}
	if err := s.take(ctx, limit.TelegramLoginPerson, strconv.FormatInt(proof.User.ID, 10)); err != nil {
		return Tokens{}, err
	}
	if s.onceOnly {
		if err := s.useOnce(ctx, proof); err != nil {
			return Tokens{}, err
		}
	}
	live, evicted, isNew, err := s.signIn(ctx, proof, keep, client)
	if isNew {
		// A new account is told apart only here, so it may be one above the limit; the next one is refused.
		err = errors.Join(err, s.count(ctx, limit.TelegramLoginIP, ip))
	}
	if err != nil {
		return Tokens{}, err
	}
	s.forget(evicted)
	return s.tokens(ctx, live, isNew, lang)
}

func (s *Service) refuseProof(ctx context.Context, ip string, err error) error {
	code := errs.InitDataInvalid
	if refusal, ok := errors.AsType[*telegram.Error](err); ok && (refusal.Reason == telegram.Expired || refusal.Reason == telegram.Future) {
		code = errs.InitDataExpired
	}
	return errors.Join(errs.Wrap(code, err), s.count(ctx, limit.TelegramLoginIP, ip))
}

// signIn is one transaction: account found or made, session begun, others evicted, all in the audit.
func (s *Service) signIn(ctx context.Context, proof telegram.InitData, keep bool, client Client) (live Live, evicted []string, isNew bool, err error) {
	tag := s.vault.TelegramTag(proof.User.ID)
	err = s.store.Transaction(ctx, func(tx Tx) error {
		live.Account, isNew = account.Account{}, false
		found, err := tx.AccountByTelegram(ctx, tag)
		if errors.Is(err, ErrNoAccount) {
			found = s.newAccount()
			found.TelegramTag = &tag
			if isNew, err = tx.InsertAccount(ctx, found); err == nil && !isNew {
				found, err = tx.AccountByTelegram(ctx, tag) // somebody signed in with this identity at the same moment
			}
		}
		if err != nil {
			return err
		}
		if !found.Active {
			return errs.New(errs.AccountDisabled)
		}
		if keep || found.SealedTelegram != nil {
			if found, err = s.seal(ctx, tx, found, proof.User); err != nil {
				return err
			}
		}
		live = Live{Account: found, Session: s.newSession(found, "tg", client)}
		evicted, err = s.begin(ctx, tx, live, isNew, proof, client)
		return err
	})
	return live, evicted, isNew, err
}

// newAccount knows nothing of the person yet; even the language waits until the identity is linked.
func (s *Service) newAccount() account.Account {
	return account.Account{
		ID: account.ID(s.random.ID()), ShortID: s.random.Letters(account.ShortIDLength), Language: s.lang,
		Roles: []account.Role{account.RoleUser}, Active: true, TokenEpoch: 1, Generation: 1, CreatedAt: hour(s.now()),
	}
}

func (s *Service) newSession(a account.Account, method string, client Client) Session {
	now := hour(s.now())
	return Session{
		ID: s.random.Token(sessionSize), Account: a.ID, TokenEpoch: a.TokenEpoch, Generation: 1, Salt: s.random.Bytes(16),
		Methods: []string{method}, Device: DeviceOf(client), IP: CutIP(client.IP),
		CreatedAt: now, SteppedAt: now, LastSeenAt: now, ExpiresAt: now.Add(AbsoluteLife),
	}
}

// seal links the identity, or keeps the names of a linked one fresh. The language is taken from
// Telegram only once: later it is the person's own setting.
func (s *Service) seal(ctx context.Context, tx Tx, a account.Account, user telegram.User) (account.Account, error) {
	if lang, ok := locale.Parse(user.LanguageCode); ok && a.SealedTelegram == nil {
		a.Language = lang
	}
	sealed, err := account.SealTelegram(s.vault, a.ID, account.Telegram{
		ID: user.ID, FirstName: user.FirstName, LastName: user.LastName, Username: user.Username,
	})
	if err != nil {
		return a, err
	}
	a.SealedTelegram = sealed
	var name *vault.Tag
	if user.Username != "" {
		tag := s.vault.NameTag(user.Username)
		name = &tag
	}
	return a, tx.LinkTelegram(ctx, a, name)
}

// begin stores the session, evicts those above the limit, and leaves the trace.
func (s *Service) begin(ctx context.Context, tx Tx, live Live, isNew bool, proof telegram.InitData, client Client) (evicted []string, err error) {
	audited := func(event audit.Event, session, detail string) error {
		r := s.record(event, client)
		r.Account, r.Session, r.Detail = int64(live.Account.ID), session, detail
		return tx.Audit(ctx, r)
	}
	others, err := tx.SessionsOf(ctx, live.Account.ID)
	if err != nil {
		return nil, err
	}
	for ; len(others) >= MaxLive; others = others[1:] {
		oldest := others[0].ID
		if err := errors.Join(tx.RevokeSession(ctx, oldest, s.now(), "evicted"), audited(audit.SessionEvicted, oldest, "")); err != nil {
			return nil, err
		}
		evicted = append(evicted, oldest)
	}
	if err := tx.InsertSession(ctx, live.Session); err != nil {
		return nil, err
	}
	if isNew {
		if err := audited(audit.UserCreated, live.Session.ID, ""); err != nil {
			return nil, err
		}
	}
	return evicted, errors.Join(
		audited(audit.SessionCreated, live.Session.ID, ""),
		audited(audit.LoginSuccess, live.Session.ID, "telegram "+proof.HashPrefix),
	)
}

// useOnce refuses a proof that has signed in before (TELEGRAM_REPLAY=once).
func (s *Service) useOnce(ctx context.Context, proof telegram.InitData) error {
	rule := limit.Rule{Name: "telegram_proof", Max: 1, Per: 7 * 24 * time.Hour, Fixed: true}
	result, err := s.limits.Take(ctx, rule, proof.HashPrefix, 1)
	if err != nil {
		return err
	}
	if !result.Allowed {
		return errs.New(errs.InitDataInvalid).WithReason("replayed")
	}
	return nil
}

// take counts one use and refuses above the limit.
func (s *Service) take(ctx context.Context, rule limit.Rule, key string) error {
	result, err := s.limits.Take(ctx, rule, key, 1)
	if err != nil {
		return err
	}
	if !result.Allowed {
		return errs.Limited(result.RetryAfter)
	}
	return nil
}

// peek refuses above the limit without counting.
func (s *Service) peek(ctx context.Context, rule limit.Rule, key string) error {
	result, err := s.limits.Peek(ctx, rule, key)
	if err != nil {
		return err
	}
	if !result.Allowed {
		return errs.Limited(result.RetryAfter)
	}
	return nil
}

// count counts one use whatever the limit says.
func (s *Service) count(ctx context.Context, rule limit.Rule, key string) error {
	_, err := s.limits.Take(ctx, rule, key, 1)
	return err
}
