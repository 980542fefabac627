package session

import (
	"context"
	"time"

	"maska/internal/account"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/vault"
)

// Lockout counts the failed proofs that were given for one account, or for somebody who does not
// exist: nobody can tell the two apart. It is written before a proof is looked at and dropped when the
// proof was right, so that many tries at once are as many as they would be one after another.
type Lockout struct {
	Failures    int       // in the window that began at Since
	Since       time.Time //
	Locks       int       // how often it came to a lock lately
	LockedUntil time.Time
}

// lockLives are the lengths of the first lock, the second and so on; the last one stays (auth contract,
// section 6).
var lockLives = []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute}

// LocksForgotten is how long after its last failure a lockout starts anew.
const LocksForgotten = 24 * time.Hour

// try counts one try. It returns how long to wait instead if there is a lock, and whether this try, if
// it fails, leads to one.
func (l Lockout) try(now time.Time) (next Lockout, locks bool, wait time.Duration) {
	if now.Before(l.LockedUntil) {
		return l, false, l.LockedUntil.Sub(now)
	}
	rule := limit.LoginFailureAccount
	if now.Sub(l.Since) >= LocksForgotten {
		l = Lockout{Since: now}
	}
	if now.Sub(l.Since) >= rule.Per {
		l.Failures, l.Since = 0, now
	}
	l.Failures++
	if l.Failures < rule.Max {
		return l, false, 0
	}
	life := lockLives[min(l.Locks, len(lockLives)-1)]
	return Lockout{Since: now, Locks: l.Locks + 1, LockedUntil: now.Add(life)}, true, 0
}

// takeBack undoes a try that came to nothing: the proof was not looked at.
func (l Lockout) takeBack(locked bool) Lockout {
	if locked && l.Locks > 0 {
		return Lockout{Failures: limit.LoginFailureAccount.Max - 1, Since: l.Since, Locks: l.Locks - 1}
	}
	l.Failures = max(0, l.Failures-1)
	return l
}

type lockoutTx interface {
	// Lockout reads the count under a tag, begun if there is none, and holds it until the commit.
	Lockout(ctx context.Context, tag vault.Tag, now time.Time) (Lockout, error)
	SetLockout(ctx context.Context, tag vault.Tag, l Lockout) error
	DropLockout(ctx context.Context, tag vault.Tag) error
}

type lockoutStore interface {
	// KnowsDevice reports whether an account was signed in to on a device.
	KnowsDevice(ctx context.Context, id account.ID, device vault.Tag) (bool, error)
}

// lockTag is under what tries are counted: the name that was given, so that a lock does not tell which
// names lead to one account, or the account itself for who is signed in to it. A device on which the
// account was used before is counted by itself, so that strangers who fail on purpose lock out
// strangers only.
func (s *Service) lockTag(ctx context.Context, a account.Account, given vault.Tag, client Client) (vault.Tag, error) {
	who := string(given[:])
	if given == (vault.Tag{}) {
		who = accountKey(a.ID)
	}
	device := s.deviceTag(a.ID, client)
	if device == nil {
		return s.vault.LockTag(who), nil
	}
	known, err := s.store.KnowsDevice(ctx, a.ID, *device)
	if known {
		who += "\n" + string(device[:])
	}
	return s.vault.LockTag(who), err
}

// strangersLock is under what tries with a name are counted on devices that its account does not know.
func (s *Service) strangersLock(given vault.Tag) vault.Tag { return s.vault.LockTag(string(given[:])) }

// tryProof counts a try to prove something, before it is looked at. It refuses with account_locked;
// locks tells whether this try, if it fails, locks.
func (s *Service) tryProof(ctx context.Context, tag vault.Tag) (locks bool, err error) {
	var wait time.Duration
	err = s.store.Transaction(ctx, func(tx Tx) error {
		now := s.now()
		held, err := tx.Lockout(ctx, tag, now)
		if err != nil {
			return err
		}
		if held, locks, wait = held.try(now); wait > 0 {
			return nil
		}
		return tx.SetLockout(ctx, tag, held)
	})
	if err == nil && wait > 0 {
		err = &errs.Error{Code: errs.AccountLocked, RetryAfter: wait}
	}
	return locks, err
}

// takeBack undoes a try whose proof could not be looked at, whatever ended the request.
func (s *Service) takeBack(ctx context.Context, tag vault.Tag, locked bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return s.store.Transaction(ctx, func(tx Tx) error {
		held, err := tx.Lockout(ctx, tag, s.now())
		if err != nil {
			return err
		}
		return tx.SetLockout(ctx, tag, held.takeBack(locked))
	})
}

// forgive forgets the failures before a proof that was right.
func (s *Service) forgive(ctx context.Context, tag vault.Tag) error {
	return s.store.Transaction(ctx, func(tx Tx) error { return tx.DropLockout(ctx, tag) })
}
