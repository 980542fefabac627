package session

import (
	"context"
	"encoding/hex"
	"errors"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/telegram"
	"maska/internal/vault"
)

// Issued is an identity that an OpenID Connect issuer proved.
type Issued struct {
	Issuer   string         // its name in our settings
	URL      string         // its name in its tokens
	Subject  string         // who it is there
	Telegram *telegram.User // who it is in Telegram, if the issuer is Telegram: that identity counts, and not the subject
	Mark     string         // stands for the proof where its uses are counted
}

type issuedTx interface {
	// AccountByIssued finds an account by the tag of an identity and holds it until the commit; ErrNoAccount when there is none.
	AccountByIssued(ctx context.Context, tag vault.Tag) (account.Account, error)
	// InsertIssued lets an identity lead to an account; false when it leads to one already.
	InsertIssued(ctx context.Context, tag vault.Tag, id account.ID, issuer string) (bool, error)
}

// SignInIssued signs in whoever an issuer names. check asks the issuer; it runs only while the address has
// not failed too often.
func (s *Service) SignInIssued(ctx context.Context, check func() (Issued, error), client Client, lang locale.Lang) (Tokens, error) {
	ip := limit.IPKey(client.IP)
	if err := s.peek(ctx, limit.TelegramLoginIP, ip); err != nil {
		return Tokens{}, err
	}
	proof, err := check()
	switch errs.CodeOf(err) {
	case "":
	case errs.Unavailable, errs.NotFound:
		return Tokens{}, err // nobody failed to prove anything
	default:
		return Tokens{}, errors.Join(err, s.count(ctx, limit.TelegramLoginIP, ip), s.refusedProof(ctx, err, client))
	}
	if proof.Telegram != nil {
		return s.signInTelegram(ctx, func() (telegramProof, error) {
			return telegramProof{*proof.Telegram, MethodOIDC, "oidc " + proof.Issuer, proof.Mark}, nil
		}, true, client, lang)
	}
	tag := s.vault.IssuedTag(proof.URL, proof.Subject)
	if err := s.take(ctx, limit.TelegramLoginPerson, hex.EncodeToString(tag[:])); err != nil {
		return Tokens{}, err
	}
	isNew := false
	tokens, err := s.enter(ctx, client, lang, func(tx Tx) (proven, error) {
		p, err := s.findIssued(ctx, tx, proof, tag)
		isNew = p.isNew
		return p, err
	})
	if isNew {
		err = errors.Join(err, s.count(ctx, limit.TelegramLoginIP, ip))
	}
	return tokens, err
}

// findIssued finds the account of an identity, or makes one.
func (s *Service) findIssued(ctx context.Context, tx Tx, proof Issued, tag vault.Tag) (proven, error) {
	p := proven{methods: []string{MethodOIDC}, detail: "oidc " + proof.Issuer}
	found, err := tx.AccountByIssued(ctx, tag)
	if err == nil || !errors.Is(err, ErrNoAccount) {
		p.account = found
		return p, err
	}
	if disabled, err := tx.Disabled(ctx, tag); err != nil {
		return p, err
	} else if disabled {
		return p, errs.New(errs.AccountDisabled)
	}
	p.account = s.newAccount()
	if _, err = tx.InsertAccount(ctx, &p.account); err != nil {
		return p, err
	}
	if p.isNew, err = tx.InsertIssued(ctx, tag, p.account.ID, proof.Issuer); err != nil || p.isNew {
		return p, err
	}
	// Somebody signed in with this identity at the same moment.
	if err := tx.DeleteAccount(ctx, p.account.ID); err != nil {
		return p, err
	}
	p.account, err = tx.AccountByIssued(ctx, tag)
	return p, err
}
