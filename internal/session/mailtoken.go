package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"maska/internal/account"
	"maska/internal/email"
	"maska/internal/errs"
	"maska/internal/vault"
)

// TokenKind is what the link in a mail does.
type TokenKind string

// The kinds.
const (
	TokenVerify TokenKind = "verify" // of the account that names the address
	TokenClaim  TokenKind = "claim"  // of an account that wants an address which another one names
	TokenNew    TokenKind = "new"    // of the account that names the address, for somebody who wanted to register with it
	TokenReset  TokenKind = "reset"
)

// life is how long a link works (auth contract, section 6).
func (k TokenKind) life() time.Duration {
	if k == TokenReset {
		return 30 * time.Minute
	}
	return 24 * time.Hour
}

// mailTokenSize is the number of random bytes of a token.
const mailTokenSize = 32

// ErrNoMailToken is what the store answers when there is no such token.
var ErrNoMailToken = errors.New("session: no such mail token")

// MailToken is a link in a mail. It is found by the hash of its token, works once, and only while the
// account still has the address that it was sent to.
type MailToken struct {
	Hash      [sha256.Size]byte
	Account   account.ID
	Kind      TokenKind
	EmailTag  vault.Tag
	Sealed    []byte // of a claim: what it wants
	ExpiresAt time.Time
}

type mailTokenStore interface {
	// MailToken finds a token that was not used; ErrNoMailToken when there is none.
	MailToken(ctx context.Context, hash [sha256.Size]byte) (MailToken, error)
}

type mailTokenTx interface {
	InsertMailToken(ctx context.Context, t MailToken) error
	// UseMailToken uses a token up; false when somebody else did.
	UseMailToken(ctx context.Context, hash [sha256.Size]byte) (bool, error)
	// DropMailTokens voids the tokens of a kind that an account has.
	DropMailTokens(ctx context.Context, id account.ID, kind TokenKind) error
}

// newMailToken stores a token and voids older ones of its kind: all but those for new accounts, which
// anybody may ask for, so that nobody can void what another one waits for. The account is held.
func (s *Service) newMailToken(ctx context.Context, tx Tx, t MailToken) (token string, err error) {
	token = s.random.Token(mailTokenSize)
	t.Hash, t.ExpiresAt = sha256.Sum256([]byte(token)), stepped(s.now().Add(t.Kind.life()))
	if t.Kind != TokenNew {
		err = tx.DropMailTokens(ctx, t.Account, t.Kind)
	}
	return token, errors.Join(err, tx.InsertMailToken(ctx, t))
}

// mailToken reads a token of one of the kinds. Whatever is wrong with it, the answer is refusal.
func (s *Service) mailToken(ctx context.Context, token string, refusal errs.Code, kinds ...TokenKind) (MailToken, error) {
	t, err := s.store.MailToken(ctx, sha256.Sum256([]byte(token)))
	if errors.Is(err, ErrNoMailToken) {
		return t, errs.New(refusal)
	}
	if err != nil {
		return t, err
	}
	for _, kind := range kinds {
		if t.Kind == kind && s.now().Before(t.ExpiresAt) {
			return t, nil
		}
	}
	return t, errs.New(refusal)
}

// holdFor holds the account of a token and uses the token up. Accounts are held before tokens, always.
func (s *Service) holdFor(ctx context.Context, tx Tx, t MailToken, refusal errs.Code) (account.Account, error) {
	a, err := tx.AccountForUpdate(ctx, t.Account)
	if errors.Is(err, ErrNoAccount) || (err == nil && (a.EmailTag == nil || *a.EmailTag != t.EmailTag)) {
		return a, errs.New(refusal)
	}
	if err != nil {
		return a, err
	}
	used, err := tx.UseMailToken(ctx, t.Hash)
	if err == nil && !used {
		err = errs.New(refusal)
	}
	return a, err
}

// mailbox is where an account's mail goes; empty when it has no address.
func (s *Service) mailbox(a account.Account) (string, error) {
	identity, err := account.Unseal(s.vault, a)
	if err != nil || identity.Email == "" {
		return "", err
	}
	address, err := email.Parse(identity.Email)
	return address.Mailbox, err
}

// post has a letter sent. It is false when too many wait.
func (s *Service) post(letter Letter) bool {
	return s.mailer.Post(func(context.Context) (*Letter, error) { return &letter, nil })
}

// tell writes to the proved address of an account, if it has one, about something that was done.
func (s *Service) tell(a account.Account, kind LetterKind, client Client) {
	s.write(a, Letter{Kind: kind, Device: DeviceOf(client).Name, Country: s.places.Locate(client.IP).Country})
}

// write sends a letter to the proved address of an account, if it has one.
func (s *Service) write(a account.Account, letter Letter) {
	if !a.EmailVerified || a.SealedEmail == nil {
		return
	}
	s.mailer.Post(func(context.Context) (*Letter, error) {
		to, err := s.mailbox(a)
		letter.To, letter.Language = to, a.Language
		return &letter, err
	})
}

// MailNotice tells an account's owner something by mail, if there is a proved address.
func (s *Service) MailNotice(_ context.Context, a account.Account, notice Notice) {
	kind := LetterNewDevice
	if notice.Kind == NoticeTokenReuse {
		kind = LetterTokenReuse
	}
	s.write(a, Letter{Kind: kind, Device: notice.Device.Name, Country: notice.Country})
}
