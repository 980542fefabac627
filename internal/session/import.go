package session

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/email"
	"maska/internal/locale"
	"maska/internal/password"
	"maska/internal/telegram"
	"maska/internal/vault"
)

// ImportedUser is somebody of another system, as a line of the file that is imported.
type ImportedUser struct {
	Email         string         `json:"email"`
	EmailVerified bool           `json:"emailVerified"`
	PasswordHash  string         `json:"passwordHash"` // PHC or MCF; becomes one of ours when it is first used
	TelegramID    int64          `json:"telegramId"`
	Username      string         `json:"username"`
	FirstName     string         `json:"firstName"`
	LastName      string         `json:"lastName"`
	Language      string         `json:"language"`
	Roles         []account.Role `json:"roles"`
	IsActive      *bool          `json:"isActive"` // nil means that he is
	CreatedAt     time.Time      `json:"createdAt"`
}

// Imported tells what became of somebody.
type Imported string

// The outcomes.
const (
	ImportMade  Imported = "made"
	ImportKnown Imported = "already there" // nothing about him is changed
)

// errRehearsed rolls back what was only tried.
var errRehearsed = errors.New("session: only tried")

// Import makes an account of somebody of another system. Whoever has one already, by address or Telegram
// id, is left alone, so that an import can be repeated. With rehearse nothing is kept. The error is one
// sentence for the operator, without anything personal.
func (s *Service) Import(ctx context.Context, in ImportedUser, rehearse bool) (Imported, error) {
	a, name, err := s.imported(in)
	if err != nil {
		return "", err
	}
	if name != nil { // the name stays with who proved it
		if _, err := s.store.FindAccount(ctx, AccountKey{Name: name}); err == nil {
			name = nil
		} else if !errors.Is(err, ErrNoAccount) {
			return "", err
		}
	}
	outcome := ImportMade
	err = s.store.Transaction(ctx, func(tx Tx) error {
		outcome = ImportMade
		made, err := tx.InsertAccount(ctx, &a)
		if err != nil {
			return err
		}
		if !made {
			outcome = ImportKnown
			return nil
		}
		r := s.operated(audit.UserCreated, Operator{}, a.ID)
		r.Detail = "import"
		if err := errors.Join(tx.LinkTelegram(ctx, a, name), tx.Audit(ctx, r)); err != nil {
			return err
		}
		if a.Has(account.RoleAdmin) {
			if err := tx.WithdrawFirstAdmin(ctx); err != nil {
				return err
			}
		}
		if in.IsActive != nil && !*in.IsActive {
			if _, err := s.setActive(ctx, tx, Operator{}, &a, false); err != nil {
				return err
			}
		}
		if rehearse {
			return errRehearsed
		}
		return nil
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return outcome, err
}

// imported checks a line and makes the account of it.
func (s *Service) imported(in ImportedUser) (a account.Account, name *vault.Tag, err error) {
	a = s.newAccount()
	if in.Email == "" && in.TelegramID == 0 {
		return a, nil, errors.New("neither email nor telegramId: nobody could sign in")
	}
	for _, text := range []string{in.Username, in.FirstName, in.LastName} {
		if utf8.RuneCountInString(text) > MaxName || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return a, nil, errors.New("a name is too long or holds control characters")
		}
	}
	if in.Email != "" {
		address, err := email.Parse(in.Email)
		if err != nil {
			return a, nil, errors.New("email is no address")
		}
		tag := s.vault.EmailTag(address.Canonical)
		a.EmailTag, a.SealedEmail, a.EmailVerified = &tag, account.SealEmail(s.vault, a.ID, address.Typed), in.EmailVerified
	}
	if in.PasswordHash != "" {
		if in.Email == "" {
			return a, nil, errors.New("passwordHash without email")
		}
		if err := password.Supported(in.PasswordHash); err != nil {
			return a, nil, errors.New("passwordHash has an unknown form, or costs more than is allowed")
		}
		a.PasswordHash = in.PasswordHash
	}
	if in.TelegramID != 0 {
		if in.TelegramID < 0 || in.TelegramID >= telegram.UserIDLimit {
			return a, nil, errors.New("telegramId is out of range")
		}
		tag := s.vault.TelegramTag(in.TelegramID)
		a.TelegramTag = &tag
		a.SealedTelegram, name, err = s.sealTelegram(a.ID, telegram.User{ID: in.TelegramID, FirstName: in.FirstName, LastName: in.LastName, Username: in.Username})
	} else if in.FirstName != "" || in.LastName != "" {
		a.SealedNames, err = account.SealNames(s.vault, a.ID, account.Names{First: in.FirstName, Last: in.LastName})
	}
	if err != nil {
		return a, nil, err
	}
	if name == nil && in.Username != "" {
		tag := s.vault.NameTag(in.Username)
		name = &tag
	}
	if in.Language != "" {
		lang, ok := locale.Parse(in.Language)
		if !ok {
			return a, nil, errors.New("language is none of zh, en and ru")
		}
		a.Language = lang
	}
	for _, role := range in.Roles {
		if !account.IsRole(string(role)) {
			return a, nil, errors.New("roles holds one that is none of user, moderator and admin")
		}
	}
	a.Roles = account.Including(in.Roles)
	if !in.CreatedAt.IsZero() {
		if in.CreatedAt.After(s.now()) {
			return a, nil, errors.New("createdAt lies in the future")
		}
		a.CreatedAt = hour(in.CreatedAt)
	}
	return a, name, nil
}
