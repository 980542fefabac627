package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/mfa"
	"maska/internal/vault"
)

// FactorKind is what somebody proves besides his password.
type FactorKind string

// The kinds of factors (auth contract, row 24). A recovery code stands for any of the others; it is
// never enrolled.
const (
	FactorTOTP     FactorKind = "totp"
	FactorEmail    FactorKind = "email"
	FactorSMS      FactorKind = "sms"
	FactorPasskey  FactorKind = "passkey"
	FactorRecovery FactorKind = "recovery"
)

// ErrNoFactor is what the store answers when there is no such factor.
var ErrNoFactor = errors.New("session: no such factor")

// Factor is one second factor of an account. Until its owner has shown that he has it, it is not
// active and proves nothing.
type Factor struct {
	ID        string
	Account   account.ID
	Kind      FactorKind
	Name      string     // given by its owner to a passkey; empty for others
	Sealed    []byte     // what it is checked with
	Lookup    *vault.Tag // finds a passkey by its credential; nil for others
	Active    bool
	CreatedAt time.Time // to the hour
}

const (
	// maxPasskeys is the number of passkeys of an account.
	maxPasskeys = 20
	// maxFactorName is the length of a name of a passkey in code points.
	maxFactorName = 40
	// EnrolmentLife is how long an enrolment that was never finished is kept.
	EnrolmentLife = 24 * time.Hour
	// factorIDSize is the number of random bytes of a factor's id.
	factorIDSize = 16
)

// factorStore reads what an account can be proved with.
type factorStore interface {
	// FactorsOf lists the factors of an account, the oldest first.
	FactorsOf(ctx context.Context, id account.ID) ([]Factor, error)
	// FactorByLookup finds a passkey; ErrNoFactor when there is none.
	FactorByLookup(ctx context.Context, tag vault.Tag) (Factor, error)
	// RecoveryCodesLeft counts the recovery codes of an account that were not used.
	RecoveryCodesLeft(ctx context.Context, id account.ID) (int, error)
}

// factorTx changes it. The account is held by whoever calls, so nothing here happens twice at once.
type factorTx interface {
	FactorsOf(ctx context.Context, id account.ID) ([]Factor, error)
	// InsertFactor adds a factor; false when its passkey belongs to somebody already.
	InsertFactor(ctx context.Context, f Factor) (bool, error)
	// UpdateFactor writes what the factor is checked with, and whether it is active.
	UpdateFactor(ctx context.Context, f Factor) error
	DeleteFactor(ctx context.Context, id string) error
	SetMFAFor(ctx context.Context, id account.ID, choice string) error

	// ReplaceRecoveryCodes voids all recovery codes of an account and gives it others.
	ReplaceRecoveryCodes(ctx context.Context, id account.ID, codes []vault.Tag) error
	RecoveryCodesLeft(ctx context.Context, id account.ID) (int, error)
	// UseRecoveryCode uses a code up; false when there is no such code, or it was used.
	UseRecoveryCode(ctx context.Context, id account.ID, code vault.Tag) (bool, error)
}

// factorSecret is what lies sealed in a factor.
type factorSecret struct {
	TOTP  mfa.Secret   `json:"totp,omitempty"`
	Step  int64        `json:"step,omitempty"`  // the last one whose code was used; in the clear it would date a sign-in
	Phone string       `json:"phone,omitempty"` // E.164
	Key   *mfa.Passkey `json:"key,omitempty"`
	Code  *sentCode    `json:"code,omitempty"` // while an enrolment waits for it
}

// sentCode is a code on its way.
type sentCode struct {
	Tag       vault.Tag `json:"tag"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// codeLife is how long a code that was sent is good (auth contract, section 12).
const codeLife = 5 * time.Minute

func (s *Service) sealFactor(f *Factor, secret factorSecret) error {
	plain, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	f.Sealed = s.vault.Seal(factorPlace(*f), int64(f.Account), plain)
	return nil
}

func (s *Service) unsealFactor(f Factor) (secret factorSecret, err error) {
	plain, err := s.vault.Unseal(factorPlace(f), int64(f.Account), f.Sealed)
	if err != nil {
		return secret, err
	}
	return secret, json.Unmarshal(plain, &secret)
}

// factorPlace binds a sealed value to its factor.
func factorPlace(f Factor) string { return "factors." + f.ID }

func (s *Service) newFactor(id account.ID, kind FactorKind) Factor {
	return Factor{ID: s.random.Token(factorIDSize), Account: id, Kind: kind, CreatedAt: hour(s.now())}
}

// Factors is how an account is protected, as its owner sees it.
type Factors struct {
	Active        []Factor
	RecoveryCodes int          // that were not used
	Available     []FactorKind // what can be enrolled here
}

// Factors tells the owner how his account is protected.
func (s *Service) Factors(ctx context.Context, actor Actor) (Factors, error) {
	all, err := s.store.FactorsOf(ctx, actor.Account.ID)
	if err != nil {
		return Factors{}, err
	}
	found := Factors{Active: active(all), Available: []FactorKind{FactorTOTP, FactorPasskey}}
	if actor.Account.EmailVerified {
		found.Available = append(found.Available, FactorEmail)
	}
	if s.texts != nil {
		found.Available = append(found.Available, FactorSMS)
	}
	found.RecoveryCodes, err = s.store.RecoveryCodesLeft(ctx, actor.Account.ID)
	return found, err
}

func active(all []Factor) []Factor {
	return slices.DeleteFunc(slices.Clone(all), func(f Factor) bool { return !f.Active })
}

func ofKind(all []Factor, kind FactorKind) []Factor {
	return slices.DeleteFunc(slices.Clone(all), func(f Factor) bool { return f.Kind != kind })
}

// RemoveFactor takes a factor away, and with the last one the recovery codes. Other sessions of the
// account end. Among kinds only; any kind if there are none.
func (s *Service) RemoveFactor(ctx context.Context, actor Actor, id string, client Client, kinds ...FactorKind) error {
	return s.changeFactors(ctx, actor, func(tx Tx, a account.Account, all []Factor) error {
		at := slices.IndexFunc(all, func(f Factor) bool { return f.ID == id && (len(kinds) == 0 || slices.Contains(kinds, f.Kind)) })
		if at < 0 {
			return errs.New(errs.NotFound)
		}
		gone := all[at]
		left := active(slices.Delete(all, at, at+1))
		if err := tx.DeleteFactor(ctx, id); err != nil {
			return err
		}
		err := s.requireLogin(ctx, tx, a)
		if len(left) == 0 {
			err = errors.Join(err, tx.ReplaceRecoveryCodes(ctx, a.ID, nil))
		}
		return errors.Join(err, s.auditFactor(ctx, tx, actor, audit.MFARemoved, gone.Kind, client))
	})
}

// SetMFAFor chooses when a second factor is asked for.
func (s *Service) SetMFAFor(ctx context.Context, actor Actor, choice string, client Client) (account.Account, error) {
	if choice != account.MFAForPassword && choice != account.MFAForAll {
		return account.Account{}, errs.Invalid("mfaFor", errs.OutOfRange)
	}
	var a account.Account
	err := s.transaction(ctx, func(tx Tx) (err error) {
		if a, _, err = s.heldFactors(ctx, tx, actor.Account.ID); err != nil || a.MFAFor == choice {
			return err
		}
		a.MFAFor = choice
		event := audit.MFAEnrolled
		if choice == account.MFAForPassword {
			event = audit.MFARemoved
		}
		r := s.record(event, client)
		r.Account, r.Session, r.Detail = int64(a.ID), actor.Session, "for "+choice
		return errors.Join(tx.SetMFAFor(ctx, a.ID, choice), tx.Audit(ctx, r))
	})
	if err != nil {
		return account.Account{}, err
	}
	s.DropAccount(a.ID)
	return a, nil
}

// RenewRecoveryCodes voids the recovery codes of an account that has a factor, and gives it ten others.
func (s *Service) RenewRecoveryCodes(ctx context.Context, actor Actor, client Client) (codes []string, err error) {
	err = s.changeFactors(ctx, actor, func(tx Tx, a account.Account, all []Factor) error {
		if len(active(all)) == 0 {
			return errs.New(errs.NotFound)
		}
		if codes, err = s.newRecoveryCodes(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.auditFactor(ctx, tx, actor, audit.MFAEnrolled, FactorRecovery, client)
	})
	return codes, err
}

func (s *Service) newRecoveryCodes(ctx context.Context, tx Tx, id account.ID) (codes []string, err error) {
	tags := make([]vault.Tag, mfa.RecoveryCodes)
	for i := range tags {
		code := mfa.NewRecoveryCode(s.random)
		codes, tags[i] = append(codes, code), s.vault.CodeTag(int64(id), code)
	}
	return codes, tx.ReplaceRecoveryCodes(ctx, id, tags)
}

// changeFactors runs a change of what protects an account: the account is held, and all its other
// sessions end (auth contract, section 7.3).
func (s *Service) changeFactors(ctx context.Context, actor Actor, change func(tx Tx, a account.Account, all []Factor) error) error {
	var ended []string
	err := s.transaction(ctx, func(tx Tx) error {
		ended = nil
		a, all, err := s.heldFactors(ctx, tx, actor.Account.ID)
		if err != nil {
			return err
		}
		if err := change(tx, a, all); err != nil {
			return err
		}
		ended, err = s.endAll(ctx, tx, a.ID, actor.Session, "factors")
		return err
	})
	if err != nil {
		return err
	}
	s.forget(ended)
	s.DropAccount(actor.Account.ID)
	return nil
}

// heldFactors holds an account and reads its factors.
func (s *Service) heldFactors(ctx context.Context, tx Tx, id account.ID) (account.Account, []Factor, error) {
	a, err := tx.AccountForUpdate(ctx, id)
	if errors.Is(err, ErrNoAccount) {
		return a, nil, errs.New(errs.UserNotFound)
	}
	if err != nil {
		return a, nil, err
	}
	all, err := tx.FactorsOf(ctx, id)
	return a, all, err
}

func (s *Service) auditFactor(ctx context.Context, tx Tx, actor Actor, event audit.Event, kind FactorKind, client Client) error {
	r := s.record(event, client)
	r.Account, r.Session, r.Detail = int64(actor.Account.ID), actor.Session, string(kind)
	return tx.Audit(ctx, r)
}
