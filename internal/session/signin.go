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

// telegramProof is what either of Telegram's proofs says once it was checked.
type telegramProof struct {
	user   telegram.User
	method string
	detail string // for the audit; no part of the proof, which would outlive the account there
	used   string // stands for the proof where its uses are counted
}

// SignInTelegram signs in whoever Telegram's initData names, and makes the account if there is none
// yet. Without keep nothing reversible about the person is stored: the account is found by its tag
// alone; with keep the identity is sealed into the account (design: identity, two halves).
func (s *Service) SignInTelegram(ctx context.Context, initData string, keep bool, client Client, lang locale.Lang) (Tokens, error) {
	if initData == "" { // nothing was tried that could count as a failure
		return Tokens{}, errs.New(errs.InitDataRequired)
	}
	return s.signInTelegram(ctx, func() (telegramProof, error) { return s.checkInitData(initData) }, keep, client, lang)
}

// SignInWidget signs in whoever the login widget names. body is the JSON object as it came; the
// identity is sealed into the account.
func (s *Service) SignInWidget(ctx context.Context, body []byte, client Client, lang locale.Lang) (Tokens, error) {
	return s.signInTelegram(ctx, func() (telegramProof, error) { return s.checkWidget(body) }, true, client, lang)
}

func (s *Service) checkInitData(initData string) (telegramProof, error) {
	proof, err := s.telegram.InitData(initData, s.now())
	if err != nil {
		code := errs.InitDataInvalid
		if outOfDate(err) {
			code = errs.InitDataExpired
		}
		return telegramProof{}, errs.Wrap(code, err)
	}
	return telegramProof{proof.User, MethodTelegram, "telegram", proof.HashPrefix}, nil
}

func (s *Service) checkWidget(body []byte) (telegramProof, error) {
	proof, err := s.telegram.Widget(body, s.now())
	if err == nil {
		return telegramProof{proof.User, MethodWidget, "widget", proof.HashPrefix}, nil
	}
	refusal := errs.Wrap(errs.TelegramDataInvalid, err)
	if outOfDate(err) {
		return telegramProof{}, refusal.WithReason("expired")
	}
	if field := widgetField(err); field != "" {
		return telegramProof{}, errs.Invalid(field, errs.BadFormat)
	}
	return telegramProof{}, refusal
}

// widgetField names the field whose shape is wrong, if the refusal is about that.
func widgetField(err error) string {
	refusal, ok := errors.AsType[*telegram.Error](err)
	if !ok {
		return ""
	}
	switch refusal.Reason {
	case telegram.MissingHash:
		return "hash"
	case telegram.MissingAuthDate, telegram.BadAuthDate:
		return "auth_date"
	case telegram.MissingUser, telegram.BadUser:
		return "id"
	default:
		return ""
	}
}

func outOfDate(err error) bool {
	refusal, ok := errors.AsType[*telegram.Error](err)
	return ok && (refusal.Reason == telegram.Expired || refusal.Reason == telegram.Future)
}

func (s *Service) signInTelegram(ctx context.Context, check func() (telegramProof, error), keep bool, client Client, lang locale.Lang) (Tokens, error) {
	ip := limit.IPKey(client.IP)
	if err := s.peek(ctx, limit.TelegramLoginIP, ip); err != nil {
		return Tokens{}, err
	}
	proof, err := check()
	if err != nil {
		return Tokens{}, errors.Join(err, s.count(ctx, limit.TelegramLoginIP, ip), s.refusedProof(ctx, err, client))
	}
	if err := s.take(ctx, limit.TelegramLoginPerson, strconv.FormatInt(proof.user.ID, 10)); err != nil {
		return Tokens{}, err
	}
	if err := s.useOnce(ctx, proof); err != nil {
		return Tokens{}, err
	}
	isNew := false
	tokens, err := s.enter(ctx, client, lang, func(tx Tx) (proven, error) {
		p, err := s.findTelegram(ctx, tx, proof, keep)
		isNew = p.isNew
		return p, err
	})
	if isNew {
		// A new account is told apart only here, so it may be one above the limit; the next one is refused.
		err = errors.Join(err, s.count(ctx, limit.TelegramLoginIP, ip))
	}
	return tokens, err
}

// refusedProof leaves the trace of a proof that named nobody. Its number is bounded by the limit on
// failed proofs.
func (s *Service) refusedProof(ctx context.Context, cause error, client Client) error {
	r := s.record(audit.LoginFail, client)
	r.Outcome, r.Detail = audit.Refused, string(errs.CodeOf(cause))
	return s.store.Transaction(ctx, func(tx Tx) error { return tx.Audit(ctx, r) })
}

// findTelegram finds the account of a proved Telegram identity, or makes one.
func (s *Service) findTelegram(ctx context.Context, tx Tx, proof telegramProof, keep bool) (proven, error) {
	tag := s.vault.TelegramTag(proof.user.ID)
	p := proven{methods: []string{proof.method}, detail: proof.detail}
	found, err := tx.AccountByTelegram(ctx, tag)
	if errors.Is(err, ErrNoAccount) {
		found = s.newAccount()
		found.TelegramTag = &tag
		if p.isNew, err = tx.InsertAccount(ctx, &found); err == nil && !p.isNew {
			found, err = tx.AccountByTelegram(ctx, tag) // somebody signed in with this identity at the same moment
		}
	}
	if err == nil && found.Active && (keep || found.SealedTelegram != nil) {
		found, err = s.seal(ctx, tx, found, proof.user)
	}
	p.account = found
	return p, err
}

// seal links the identity, or keeps the names of a linked one fresh. The language is taken from
// Telegram only once: later it is the person's own setting.
func (s *Service) seal(ctx context.Context, tx Tx, a account.Account, user telegram.User) (account.Account, error) {
	if lang, ok := locale.Parse(user.LanguageCode); ok && a.SealedTelegram == nil {
		a.Language = lang
	}
	sealed, name, err := s.sealTelegram(a.ID, user)
	if err != nil {
		return a, err
	}
	a.SealedTelegram = sealed
	return a, tx.LinkTelegram(ctx, a, name)
}

// sealTelegram seals an identity for an account. name finds the account by its username, nil without one.
func (s *Service) sealTelegram(id account.ID, user telegram.User) (sealed []byte, name *vault.Tag, err error) {
	if user.Username != "" {
		tag := s.vault.NameTag(user.Username)
		name = &tag
	}
	sealed, err = account.SealTelegram(s.vault, id, account.Telegram{
		ID: user.ID, FirstName: user.FirstName, LastName: user.LastName, Username: user.Username,
	})
	return sealed, name, err
}

// useOnce refuses a proof that has signed in before: always an ID token, which is made for one sign-in, and
// the others with TELEGRAM_REPLAY=once.
func (s *Service) useOnce(ctx context.Context, proof telegramProof) error {
	if !s.onceOnly && proof.method != MethodOIDC {
		return nil
	}
	rule := limit.Rule{Name: "telegram_proof", Max: 1, Per: 7 * 24 * time.Hour, Fixed: true}
	result, err := s.limits.Take(ctx, rule, proof.used, 1)
	if err != nil {
		return err
	}
	if !result.Allowed {
		code := errs.InitDataInvalid
		if proof.method != MethodTelegram {
			code = errs.TelegramDataInvalid
		}
		return errs.New(code).WithReason("replayed")
	}
	return nil
}
