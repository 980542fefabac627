package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/email"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/password"
	"maska/internal/vault"
)

// credentialStore finds accounts by what people type.
type credentialStore interface {
	// AccountByEmail, AccountByName and AccountByShortID find an account; ErrNoAccount when there is none.
	AccountByEmail(ctx context.Context, tag vault.Tag) (account.Account, error)
	AccountByName(ctx context.Context, tag vault.Tag) (account.Account, error)
	AccountByShortID(ctx context.Context, shortID string) (account.Account, error)
}

type credentialTx interface {
	// AccountByEmailForUpdate finds an account by its address and holds it; ErrNoAccount when there is none.
	AccountByEmailForUpdate(ctx context.Context, tag vault.Tag) (account.Account, error)
	// SetCredentials stores the address and the password of a; ErrTaken when another account has the
	// address. After that the transaction cannot go on.
	SetCredentials(ctx context.Context, a account.Account) error
}

// PasswordLogin is what somebody signs in with: an address or a username, and a password.
type PasswordLogin struct{ Email, Username, Password string }

// SignInPassword signs in with a password (auth contract, row 11). Whether the account exists can be
// told neither from the answer nor from its time.
func (s *Service) SignInPassword(ctx context.Context, in PasswordLogin, client Client, lang locale.Lang) (Tokens, error) {
	if err := in.check(); err != nil {
		return Tokens{}, err
	}
	found, given, err := s.whoIs(ctx, in)
	if err != nil {
		return Tokens{}, err
	}
	proof, err := s.checkPassword(ctx, found, given, in.Password, client)
	if err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, client, lang, func(tx Tx) (proven, error) {
		a, err := s.keepPassword(ctx, tx, proof)
		if err != nil {
			return proven{}, err
		}
		p := proven{account: a, methods: []string{MethodPassword}, detail: "password"}
		if s.verifyFirst && a.EmailTag != nil && !a.EmailVerified {
			p.client = client
			return p, s.refuseUnverified(ctx, tx, p)
		}
		return p, nil
	})
}

func (in PasswordLogin) check() error {
	switch {
	case in.Email == "" && in.Username == "":
		return errs.Invalid("email", errs.Required)
	case in.Email != "" && in.Username != "":
		return errs.Invalid("username", errs.BadFormat)
	case in.Password == "":
		return errs.Invalid("password", errs.Required)
	case len(in.Password) > password.MaxBytes:
		return errs.Invalid("password", errs.TooLong)
	}
	return nil
}

// whoIs finds the account that a sign-in names, the zero account if there is none, and the tag of the
// name that was given.
func (s *Service) whoIs(ctx context.Context, in PasswordLogin) (a account.Account, given vault.Tag, err error) {
	if in.Email != "" {
		address, err := email.Parse(in.Email)
		if err != nil {
			return a, given, errs.Invalid("email", errs.BadFormat)
		}
		given = s.vault.EmailTag(address.Canonical)
		a, err = s.store.AccountByEmail(ctx, given)
		return orNobody(a, given, err)
	}
	name := strings.TrimPrefix(strings.TrimSpace(in.Username), "@")
	given = s.vault.NameTag(name)
	a, err = s.store.AccountByName(ctx, given)
	// Who has no username of Telegram's is shown one made of his short id.
	if short, made := strings.CutPrefix(name, "user_"); errors.Is(err, ErrNoAccount) && made && account.IsShortID(short) {
		a, err = s.store.AccountByShortID(ctx, short)
	}
	return orNobody(a, given, err)
}

func orNobody(a account.Account, given vault.Tag, err error) (account.Account, vault.Tag, error) {
	if errors.Is(err, ErrNoAccount) {
		return account.Account{}, given, nil
	}
	return a, given, err
}

// passwordProof is a password that was right, outside of a transaction, because checking it takes long.
type passwordProof struct {
	account account.Account // as it was when the password was checked
	rehash  string          // to be stored in place of a hash that is out of date
}

// checksPerAddress is how many passwords are checked at once for one address (limit.IPKey): few enough
// that nobody can fill the queue of the hasher by himself. It is also by how many failures at once an
// address may go above its limit.
const checksPerAddress = 4

// checkPassword checks a password against an account, or against nobody, and counts failures. Guesses
// under one tag are checked one after the other, so that right ones at once do not look like failures.
func (s *Service) checkPassword(ctx context.Context, a account.Account, given vault.Tag, secret string, client Client) (proof passwordProof, err error) {
	ip := limit.IPKey(client.IP)
	end, err := s.addresses.take(ctx, ip)
	if err != nil {
		return proof, err
	}
	defer end()
	if err := s.peek(ctx, limit.LoginFailureIP, ip); err != nil {
		return proof, err
	}
	proof.account = a
	lock, err := s.lockTag(ctx, a, given, client)
	if err != nil {
		return proof, err
	}
	endGuess, err := s.guesses.take(ctx, string(lock[:]))
	if err != nil {
		return proof, err
	}
	defer endGuess()
	locks, err := s.tryProof(ctx, lock)
	if err != nil {
		return proof, err
	}
	right, stale, err := s.passwords.Verify(ctx, secret, a.PasswordHash)
	switch {
	case err != nil:
		return proof, errors.Join(busy(err), s.takeBack(ctx, lock, locks))
	case !right:
		return proof, s.wrongPassword(ctx, a, locks, client)
	case stale:
		proof.rehash, err = s.passwords.Hash(ctx, secret)
	}
	return proof, errors.Join(busy(err), s.forgive(ctx, lock))
}

func busy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return errs.Wrap(errs.Unavailable, err)
	}
	return err
}

// wrongPassword leaves the trace of a failure. Nobody's failures are written down too: it must take as long.
func (s *Service) wrongPassword(ctx context.Context, a account.Account, locks bool, client Client) error {
	failed := s.record(audit.LoginFail, client)
	failed.Account, failed.Outcome, failed.Detail = int64(a.ID), audit.Refused, "password"
	trace := []audit.Record{failed}
	if locks {
		locked := failed
		locked.ID, locked.Event = s.random.ID(), audit.LoginLocked
		trace = append(trace, locked)
	}
	return errors.Join(
		errs.New(errs.CredentialsInvalid),
		s.count(ctx, limit.LoginFailureIP, limit.IPKey(client.IP)),
		s.store.Transaction(ctx, func(tx Tx) error { return tx.Audit(ctx, trace...) }),
	)
}

// keepPassword takes a right password into a transaction: the account is held, and an outdated hash is
// replaced. A password that was changed meanwhile is wrong.
func (s *Service) keepPassword(ctx context.Context, tx Tx, proof passwordProof) (account.Account, error) {
	a, err := tx.AccountForUpdate(ctx, proof.account.ID)
	if errors.Is(err, ErrNoAccount) || (err == nil && a.PasswordHash != proof.account.PasswordHash) {
		return a, errs.New(errs.CredentialsInvalid)
	}
	if err == nil && proof.rehash != "" {
		a.PasswordHash = proof.rehash
		err = tx.SetCredentials(ctx, a)
	}
	return a, err
}

// chosenPassword is a password that somebody chooses, typed twice.
type chosenPassword struct{ text, confirm string }

// check applies the policy; own is what belongs to the person. The warning is for the answer.
func (s *Service) check(chosen chosenPassword, secondFactor bool, own ...string) (warning string, err error) {
	if chosen.text != chosen.confirm {
		return "", &errs.Error{Code: errs.PasswordMismatch, Fields: []errs.Field{{Field: "confirmPassword", Code: errs.BadFormat}}}
	}
	refused, flaw := s.policy.Check(chosen.text, secondFactor, own...)
	if refused != "" {
		return "", &errs.Error{Code: errs.PasswordWeak, Fields: []errs.Field{{Field: "password", Code: errs.FieldCode(refused)}}}
	}
	return string(flaw), nil
}

// hash hashes a chosen password.
func (s *Service) hash(ctx context.Context, chosen chosenPassword) (string, error) {
	hash, err := s.passwords.Hash(ctx, chosen.text)
	return hash, busy(err)
}

// ReauthPassword proves once more, by the password, that the actor is who he is (auth contract, row 17).
func (s *Service) ReauthPassword(ctx context.Context, actor Actor, secret string, client Client) (time.Time, error) {
	proof, err := s.checkOwnPassword(ctx, actor, secret, client)
	if err != nil {
		return time.Time{}, err
	}
	return s.refreshen(ctx, actor, "password", client, func(tx Tx, _ account.Account) error {
		_, err := s.keepPassword(ctx, tx, proof)
		return err
	})
}

// checkOwnPassword checks the actor's present password.
func (s *Service) checkOwnPassword(ctx context.Context, actor Actor, secret string, client Client) (passwordProof, error) {
	if len(secret) > password.MaxBytes {
		return passwordProof{}, errs.Invalid("password", errs.TooLong)
	}
	a, err := s.store.AccountOf(ctx, actor.Account.ID)
	if errors.Is(err, ErrNoAccount) {
		return passwordProof{}, errs.New(errs.UserNotFound)
	}
	if err != nil {
		return passwordProof{}, err
	}
	return s.checkPassword(ctx, a, vault.Tag{}, secret, client)
}

// PasswordChange is a new password, typed twice, and the present one.
type PasswordChange struct{ Current, Password, Confirm string }

// ChangePassword replaces the actor's password and ends his other sessions (auth contract, row 16). Who
// has none yet, because he came by Telegram alone, must have proved lately who he is instead.
func (s *Service) ChangePassword(ctx context.Context, actor Actor, in PasswordChange, client Client) (revoked int, warning string, err error) {
	chosen := chosenPassword{in.Password, in.Confirm}
	identity, err := account.Unseal(s.vault, actor.Account)
	if err != nil {
		return 0, "", err
	}
	if warning, err = s.check(chosen, actor.Account.SecondFactor, identity.Email); err != nil {
		return 0, "", err
	}
	proof := passwordProof{account: account.Account{ID: actor.Account.ID}}
	if actor.Account.PasswordHash == "" {
		err = s.RequireFresh(ctx, actor)
	} else {
		proof, err = s.checkOwnPassword(ctx, actor, in.Current, client)
	}
	if err != nil {
		return 0, "", err
	}
	hash, err := s.hash(ctx, chosen)
	if err != nil {
		return 0, "", err
	}
	var a account.Account
	var ended []string
	err = s.store.Transaction(ctx, func(tx Tx) error {
		if _, err := s.hold(ctx, tx, actor); err != nil {
			return err
		}
		if a, err = s.keepPassword(ctx, tx, proof); err != nil {
			return err
		}
		a.PasswordHash = hash
		if ended, err = s.endAll(ctx, tx, a.ID, actor.Session, "password"); err != nil {
			return err
		}
		r := s.record(audit.PasswordChanged, client)
		r.Account, r.Session = int64(a.ID), actor.Session
		return errors.Join(tx.SetCredentials(ctx, a), tx.Audit(ctx, r))
	})
	if err != nil {
		return 0, "", err
	}
	s.forget(ended)
	s.DropAccount(a.ID)
	s.tell(a, LetterPasswordChanged, client)
	return len(ended), warning, nil
}
