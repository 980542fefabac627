package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/email"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/telegram"
	"maska/internal/vault"
)

// operatorStore finds accounts for operators: exactly or not at all, and never from a mask.
type operatorStore interface {
	// FindAccount finds the account that one of the keys leads to; ErrNoAccount when there is none.
	FindAccount(ctx context.Context, key AccountKey) (account.Account, error)
	// ListAccounts lists up to n accounts by id, after one; only those with special roles and disabled ones if special is set.
	ListAccounts(ctx context.Context, after account.ID, n int, special bool) ([]account.Account, error)
	// OfferFirstAdmin keeps the hash of a code that makes its first user an admin, and reports whether that code stands.
	OfferFirstAdmin(ctx context.Context, hash [sha256.Size]byte) (bool, error)
	// AllAudit lists up to n records of all accounts that are older than a place in the list, newest first.
	AllAudit(ctx context.Context, before AuditPlace, n int) ([]audit.Record, error)
}

type operatorTx interface {
	// SetRoles and SetActive change what an account may do.
	SetRoles(ctx context.Context, id account.ID, roles []account.Role) error
	SetActive(ctx context.Context, id account.ID, active bool) error
	// DisableTags and EnableTags close and open the door for the account's identities, with any account.
	DisableTags(ctx context.Context, id account.ID) error
	EnableTags(ctx context.Context, id account.ID) error
	// TakeFirstAdmin uses the code up; false when it is another one or gone.
	TakeFirstAdmin(ctx context.Context, hash [sha256.Size]byte) (bool, error)
	// WithdrawFirstAdmin voids the code, since there is an admin.
	WithdrawFirstAdmin(ctx context.Context) error
}

// AccountKey is what an account can be found by; zero members find nothing.
type AccountKey struct {
	ID                    account.ID
	ShortID               string
	Telegram, Email, Name *vault.Tag
}

// Operator is who acts on somebody's account.
type Operator struct {
	Account account.ID // 0: at the command line
	Client  Client
}

// Find finds the account that an operator names: by account id or short id, as tg:<Telegram id>, by
// address, or as @<username>. Plain digits that are no account id are taken for a Telegram id.
func (s *Service) Find(ctx context.Context, named string) (account.Account, error) {
	named = strings.TrimSpace(named)
	if number, err := strconv.ParseInt(named, 10, 64); err == nil && number > 0 {
		found, err := s.find(ctx, AccountKey{ID: account.ID(number)})
		if !errors.Is(err, errs.New(errs.NotFound)) {
			return found, err
		}
		named = "tg:" + named
	}
	var key AccountKey
	if digits, ok := strings.CutPrefix(named, "tg:"); ok {
		id, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || id <= 0 || id >= telegram.UserIDLimit {
			return account.Account{}, errs.New(errs.NotFound)
		}
		tag := s.vault.TelegramTag(id)
		key.Telegram = &tag
	} else if username, ok := strings.CutPrefix(named, "@"); ok && username != "" {
		tag := s.vault.NameTag(username)
		key.Name = &tag
	} else if address, err := email.Parse(named); err == nil {
		tag := s.vault.EmailTag(address.Canonical)
		key.Email = &tag
	} else if account.IsShortID(named) {
		key.ShortID = named
	} else {
		return account.Account{}, errs.New(errs.NotFound)
	}
	return s.find(ctx, key)
}

func (s *Service) find(ctx context.Context, key AccountKey) (account.Account, error) {
	found, err := s.store.FindAccount(ctx, key)
	if errors.Is(err, ErrNoAccount) {
		return found, errs.New(errs.NotFound)
	}
	return found, err
}

// AccountPage is how many accounts, or records of the audit, a page has for admins.
const AccountPage = 100

// Accounts lists accounts by id after one, only special ones if asked, and where the next page begins, 0 at
// the end.
func (s *Service) Accounts(ctx context.Context, after account.ID, special bool) (page []account.Account, next account.ID, err error) {
	if page, err = s.store.ListAccounts(ctx, after, AccountPage+1, special); err != nil || len(page) <= AccountPage {
		return page, 0, err
	}
	page = page[:AccountPage]
	return page, page[AccountPage-1].ID, nil
}

// AllAudit lists what happened to all accounts, newest first, and where the next page begins, zero at the
// end.
func (s *Service) AllAudit(ctx context.Context, before AuditPlace) (page []audit.Record, next AuditPlace, err error) {
	if page, err = s.store.AllAudit(ctx, before, AccountPage+1); err != nil || len(page) <= AccountPage {
		return page, AuditPlace{}, err
	}
	page = page[:AccountPage]
	last := page[AccountPage-1]
	return page, AuditPlace{At: last.At, ID: last.ID}, nil
}

// AccountChange is what an operator changes about an account; nil leaves things as they are.
type AccountChange struct {
	Active *bool
	Roles  []account.Role
}

// Operate changes an account. Who is disabled is out at once, on all devices, and does not come back by
// deleting the account (decision 8). An admin cannot take his own rights.
func (s *Service) Operate(ctx context.Context, by Operator, id account.ID, change AccountChange) (changed account.Account, err error) {
	if by.Account == id && (change.Active != nil || change.Roles != nil) {
		return changed, errs.New(errs.Forbidden).WithReason("self")
	}
	var ended []string
	err = s.store.Transaction(ctx, func(tx Tx) (err error) {
		ended = nil
		if changed, err = s.holdOperated(ctx, tx, by, id); err != nil {
			return err
		}
		if change.Roles != nil {
			if err := s.setRoles(ctx, tx, by, &changed, change.Roles); err != nil {
				return err
			}
		}
		if change.Active != nil && *change.Active != changed.Active {
			ended, err = s.setActive(ctx, tx, by, &changed, *change.Active)
		}
		return err
	})
	if err != nil {
		return changed, err
	}
	s.dropEverywhere(id)
	s.forget(ended)
	return changed, nil
}

// holdOperated holds an account for a change by an operator, and the operator, who must have the right now:
// what the request found may be some seconds old. Of two admins who demote one another, one stays.
func (s *Service) holdOperated(ctx context.Context, tx Tx, by Operator, id account.ID) (held account.Account, err error) {
	ids := []account.ID{id}
	if by.Account != 0 && by.Account != id {
		ids = []account.ID{min(id, by.Account), max(id, by.Account)} // accounts are always locked in this order
	}
	missing := false
	for _, each := range ids {
		a, err := tx.AccountForUpdate(ctx, each)
		if err != nil && !errors.Is(err, ErrNoAccount) {
			return held, err
		}
		if each == by.Account && (err != nil || !a.Active || !a.May(account.ManageAccounts)) {
			return held, errs.New(errs.Forbidden)
		}
		if each == id {
			held, missing = a, err != nil
		}
	}
	if missing {
		return held, errs.New(errs.NotFound)
	}
	return held, nil
}

// dropEverywhere drops what this node remembers of an account whose roles or state changed, and tells the others.
func (s *Service) dropEverywhere(id account.ID) {
	s.DropAccount(id)
	s.changed(id)
}

func (s *Service) setRoles(ctx context.Context, tx Tx, by Operator, a *account.Account, roles []account.Role) error {
	roles = account.Including(roles)
	if slices.Equal(roles, a.Roles) {
		return nil
	}
	r := s.operated(audit.RoleChanged, by, a.ID)
	r.Detail = string(roles[len(roles)-1])
	a.Roles = roles
	err := errors.Join(tx.SetRoles(ctx, a.ID, roles), tx.Audit(ctx, r))
	if a.Has(account.RoleAdmin) {
		err = errors.Join(err, tx.WithdrawFirstAdmin(ctx))
	}
	return err
}

func (s *Service) setActive(ctx context.Context, tx Tx, by Operator, a *account.Account, active bool) (ended []string, err error) {
	a.Active = active
	if active {
		return nil, errors.Join(tx.SetActive(ctx, a.ID, true), tx.EnableTags(ctx, a.ID), tx.Audit(ctx, s.operated(audit.AccountEnabled, by, a.ID)))
	}
	if ended, err = s.endAll(ctx, tx, a.ID, "", "disabled"); err != nil {
		return nil, err
	}
	return ended, errors.Join(tx.SetActive(ctx, a.ID, false), tx.DisableTags(ctx, a.ID), tx.Audit(ctx, s.operated(audit.AccountDisabled, by, a.ID)))
}

// EndSessionsOf ends all sessions of somebody, and tells how many.
func (s *Service) EndSessionsOf(ctx context.Context, by Operator, id account.ID) (int, error) {
	var ended []string
	err := s.store.Transaction(ctx, func(tx Tx) (err error) {
		if _, err = s.holdOperated(ctx, tx, by, id); err != nil {
			return err
		}
		if ended, err = s.endAll(ctx, tx, id, "", "operator"); err != nil {
			return err
		}
		return tx.Audit(ctx, s.operated(audit.LogoutAll, by, id))
	})
	if err != nil {
		return 0, err
	}
	s.DropAccount(id)
	s.forget(ended)
	return len(ended), nil
}

// operated begins a record of what an operator did. The account's owner sees where from: nowhere.
func (s *Service) operated(event audit.Event, by Operator, id account.ID) audit.Record {
	r := s.record(event, Client{RequestID: by.Client.RequestID})
	r.Account, r.Actor = int64(id), int64(by.Account)
	if by.Account == 0 {
		r.Detail = "command line"
	}
	return r
}

// firstAdminBytes is what of a derived key makes the code.
const firstAdminBytes = 18

// OfferFirstAdmin is the code by which somebody becomes the first admin. It is derived from the root key,
// so that every start can tell it until it is used or there is an admin; after that it is empty for ever.
// Only its hash is kept.
func (s *Service) OfferFirstAdmin(ctx context.Context) (string, error) {
	key, err := s.vault.Key("first admin")
	if err != nil {
		return "", err
	}
	code := base64.RawURLEncoding.EncodeToString(key[:firstAdminBytes])
	stands, err := s.store.OfferFirstAdmin(ctx, sha256.Sum256([]byte(code)))
	if err != nil || !stands {
		return "", err
	}
	return code, nil
}

// BecomeFirstAdmin makes the actor an admin if he knows the code, which is used up.
func (s *Service) BecomeFirstAdmin(ctx context.Context, actor Actor, code string, client Client) (a account.Account, err error) {
	if err := s.take(ctx, limit.CodeAccount, strconv.FormatInt(int64(actor.Account.ID), 10)); err != nil {
		return a, err
	}
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if a, err = s.hold(ctx, tx, actor); err != nil {
			return err
		}
		taken, err := tx.TakeFirstAdmin(ctx, sha256.Sum256([]byte(code)))
		if err != nil {
			return err
		}
		if !taken {
			return errs.New(errs.MFAInvalid)
		}
		return s.setRoles(ctx, tx, Operator{Account: a.ID, Client: client}, &a, []account.Role{account.RoleAdmin})
	})
	if err != nil {
		return a, err
	}
	s.dropEverywhere(a.ID)
	return a, nil
}
