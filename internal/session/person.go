package session

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/locale"
)

// MaxName is the longest first or last name, in code points.
const MaxName = 64

// personStore reads what an account's owner may see of it.
type personStore interface {
	// AuditOf lists up to n records of an account that are older than a place in the list, newest first.
	AuditOf(ctx context.Context, id account.ID, before AuditPlace, n int) ([]audit.Record, error)
	// KeptOf tells what else is kept of an account.
	KeptOf(ctx context.Context, id account.ID) (Kept, error)
}

type personTx interface {
	// SetPerson stores the sealed names and the language of a.
	SetPerson(ctx context.Context, a account.Account) error
	// DeleteAccount removes an account with all that hangs on it, except its audit.
	DeleteAccount(ctx context.Context, id account.ID) error
}

// AuditPlace is a place in the list of an account's records; the zero value is its newest end.
type AuditPlace struct {
	At time.Time
	ID int64
}

// Kept is what is kept of an account besides its sessions, its factors and its audit.
type Kept struct {
	Devices []KeptDevice
	Issuers []string // of other identities that lead here
}

// KeptDevice is a device that the account was used on.
type KeptDevice struct {
	Name         string
	FirstSeen    time.Time // to the hour
	TrustedUntil time.Time // zero if it is not trusted
}

// PersonChange is what somebody changes about himself; nil leaves things as they are.
type PersonChange struct {
	FirstName, LastName *string // empty for no name
	Language            *string
}

// ChangePerson changes how the actor is called where others cannot see it, and his language.
func (s *Service) ChangePerson(ctx context.Context, actor Actor, change PersonChange) (changed account.Account, err error) {
	lang, err := change.check()
	if err != nil {
		return changed, err
	}
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if changed, err = s.hold(ctx, tx, actor); err != nil {
			return err
		}
		if change.Language != nil {
			changed.Language = lang
		}
		if change.FirstName != nil || change.LastName != nil {
			if changed.SealedNames, err = s.renamed(changed, change); err != nil {
				return err
			}
		}
		return tx.SetPerson(ctx, changed)
	})
	if err == nil {
		s.DropAccount(actor.Account.ID)
	}
	return changed, err
}

func (c PersonChange) check() (lang locale.Lang, err error) {
	var wrong []errs.Field
	for field, name := range map[string]*string{"firstName": c.FirstName, "lastName": c.LastName} {
		if name == nil {
			continue
		}
		*name = norm.NFC.String(strings.TrimSpace(*name))
		switch {
		case utf8.RuneCountInString(*name) > MaxName:
			wrong = append(wrong, errs.Field{Field: field, Code: errs.TooLong})
		case strings.ContainsFunc(*name, func(r rune) bool { return !unicode.IsPrint(r) }):
			wrong = append(wrong, errs.Field{Field: field, Code: errs.BadCharacter})
		}
	}
	if c.Language != nil {
		if lang = locale.Lang(*c.Language); lang != locale.Chinese && lang != locale.English && lang != locale.Russian {
			wrong = append(wrong, errs.Field{Field: "language", Code: errs.BadFormat})
		}
	}
	if len(wrong) > 0 {
		return lang, &errs.Error{Code: errs.ValidationFailed, Fields: wrong}
	}
	return lang, nil
}

// renamed seals the names after a change; what is left alone stays as the person saw it.
func (s *Service) renamed(a account.Account, change PersonChange) ([]byte, error) {
	identity, err := account.Unseal(s.vault, a)
	if err != nil {
		return nil, err
	}
	var names account.Names
	if identity.Telegram != nil {
		names = account.Names{First: identity.Telegram.FirstName, Last: identity.Telegram.LastName}
	}
	if identity.Names != nil {
		names = *identity.Names
	}
	if change.FirstName != nil {
		names.First = *change.FirstName
	}
	if change.LastName != nil {
		names.Last = *change.LastName
	}
	return account.SealNames(s.vault, a.ID, names)
}

// Delete ends the actor's account: the mask is put down, then everything is removed that is kept of the
// person, and every session ends.
func (s *Service) Delete(ctx context.Context, actor Actor, client Client) error {
	// The mask goes first: a deletion that is cut short can be repeated by its owner. No generation is
	// worn twice (ADR 6).
	a := actor.Account
	if _, err := s.store.NextGeneration(ctx, a.ID, a.Generation); err != nil {
		return err
	}
	s.DropAccount(a.ID)
	if err := s.masks.PutDown(ctx, s.vault.OwnerTag(int64(a.ID), a.Generation)); err != nil {
		return err
	}
	var ended []string
	var last account.Account
	err := s.store.Transaction(ctx, func(tx Tx) (err error) {
		if last, err = s.hold(ctx, tx, actor); err != nil {
			return err
		}
		if ended, err = tx.EndSessions(ctx, last.ID, "", hour(s.now()), "deleted"); err != nil {
			return err
		}
		r := s.record(audit.AccountDeleted, client)
		r.Account, r.Session = int64(last.ID), actor.Session
		return errors.Join(tx.Audit(ctx, r), tx.DeleteAccount(ctx, last.ID))
	})
	if err != nil {
		return err
	}
	s.forget(ended)
	s.DropAccount(last.ID)
	// Another device may have taken a mask meanwhile. Nobody can do so any more.
	return s.masks.PutDown(ctx, s.vault.OwnerTag(int64(last.ID), last.Generation))
}

// AuditPage is how many records a page of the own audit has.
const AuditPage = 50

// OwnAudit lists what happened to the actor's account, newest first, and where the next page begins,
// zero at the end.
func (s *Service) OwnAudit(ctx context.Context, actor Actor, before AuditPlace) (page []audit.Record, next AuditPlace, err error) {
	if page, err = s.store.AuditOf(ctx, actor.Account.ID, before, AuditPage+1); err != nil || len(page) <= AuditPage {
		return page, AuditPlace{}, err
	}
	page = page[:AuditPage]
	last := page[AuditPage-1]
	return page, AuditPlace{At: last.At, ID: last.ID}, nil
}

// OwnData is everything that is kept of a person and can be shown to him.
type OwnData struct {
	Account  account.Account
	Identity account.Identity
	Sessions []Session
	Audit    []audit.Record
	Factors  Factors
	Kept     Kept
}

// maxExport bounds the records of the audit in an export.
const maxExport = 10_000

// Export gathers everything that is kept of the actor's account.
func (s *Service) Export(ctx context.Context, actor Actor) (data OwnData, err error) {
	if data.Account, err = s.store.AccountOf(ctx, actor.Account.ID); err != nil {
		return data, err
	}
	if data.Identity, err = account.Unseal(s.vault, data.Account); err != nil {
		return data, err
	}
	if data.Sessions, err = s.Sessions(ctx, actor); err != nil {
		return data, err
	}
	if data.Audit, err = s.store.AuditOf(ctx, actor.Account.ID, AuditPlace{}, maxExport); err != nil {
		return data, err
	}
	if data.Factors, err = s.Factors(ctx, actor); err != nil {
		return data, err
	}
	data.Kept, err = s.store.KeptOf(ctx, actor.Account.ID)
	return data, err
}
