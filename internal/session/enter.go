package session

import (
	"context"
	"errors"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/locale"
)

// The methods by which sessions begin, as access tokens (amr) and session lists name them.
const (
	MethodTelegram = "tg"     // initData
	MethodWidget   = "widget" // the login widget or a login URL
	MethodPassword = "pwd"
	MethodOIDC     = "oidc"
	MethodPasskey  = "passkey"
)

// proven is a proof that was accepted, inside the transaction in which it becomes a session.
type proven struct {
	account account.Account // as the transaction holds it
	isNew   bool            // made in this transaction
	methods []string        // the first one proved the identity, the others are second factors
	detail  string          // for the audit: what was proved; never a secret
	client  Client
	device  seenDevice // set by prove
	place   Place      // set by prove
	unusual bool       // whether that is unlike the places before; set by admit
	trust   bool       // the device shall not be asked for a second factor for a while
}

// second reports whether a second factor was proved already.
func (p proven) second() bool { return len(p.methods) > 1 || p.methods[0] == MethodPasskey }

// traced is a refusal that leaves a trace: the transaction commits, and the caller gets the error.
type traced struct{ error }

func (t traced) Unwrap() error { return t.error }

// leaving is a refusal whose trace was written with err.
func leaving(err, refusal error) error {
	if err != nil {
		return err
	}
	return traced{refusal}
}

// transaction is Store.Transaction, except that what do did before a traced refusal is kept.
func (s *Service) transaction(ctx context.Context, do func(Tx) error) error {
	var refusal error
	err := s.store.Transaction(ctx, func(tx Tx) error {
		refusal = nil
		err := do(tx)
		if left, ok := errors.AsType[traced](err); ok {
			refusal = left.error
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

// enter is the one way from a proof to a session. find checks what needs the database and names the
// account, held or made in the transaction; whether that account may enter from here and now, and
// what else it takes, is the same for every door (auth contract, section 12). A proof that lacks a
// second factor answers mfa_required with a challenge, which resume completes.
func (s *Service) enter(ctx context.Context, client Client, lang locale.Lang, find func(Tx) (proven, error)) (Tokens, error) {
	var in admission
	err := s.transaction(ctx, func(tx Tx) error {
		in = admission{}
		p, err := find(tx)
		if err != nil {
			return err
		}
		p.client = client
		in, err = s.admit(ctx, tx, p)
		return err
	})
	if err != nil {
		return Tokens{}, err
	}
	return s.entered(ctx, in, lang)
}

// admission is a session that began.
type admission struct {
	proven
	live    Live
	evicted []string
}

// entered does what follows the commit of a sign-in.
func (s *Service) entered(ctx context.Context, in admission, lang locale.Lang) (Tokens, error) {
	s.forget(in.evicted)
	tokens, err := s.tokens(ctx, in.live, s.now(), lang)
	if err != nil {
		return Tokens{}, err
	}
	tokens.NewAccount = in.isNew
	told := Notice{Kind: NoticeNewDevice, Device: in.live.Session.Device, Country: in.place.Country}
	switch {
	case in.unusual:
		told.Kind = NoticeUnusualPlace
		s.notify(ctx, in.live.Account, told)
	case in.device.isNew && !in.isNew:
		s.notify(ctx, in.live.Account, told)
	}
	return tokens, nil
}

// admit decides whether a proven identity gets a session, and begins it.
func (s *Service) admit(ctx context.Context, tx Tx, p proven) (admission, error) {
	if !p.account.Active {
		return admission{}, s.refuseEntry(ctx, tx, p, audit.LoginFail, errs.AccountDisabled)
	}
	p.place = s.places.Locate(p.client.IP)
	var err error
	if p.unusual, err = s.checkPlace(ctx, tx, p); err != nil {
		return admission{}, err
	}
	if p.device, err = s.see(ctx, tx, p); err != nil {
		return admission{}, err
	}
	if !p.second() {
		factors, err := s.secondFactors(ctx, tx, p, p.unusual)
		if err != nil {
			return admission{}, err
		}
		if len(factors) > 0 {
			return admission{}, s.challenge(ctx, tx, p, factors)
		}
	}
	live := Live{Account: p.account, Session: s.newSession(p)}
	evicted, err := s.begin(ctx, tx, live, p)
	return admission{proven: p, live: live, evicted: evicted}, err
}

// refuseEntry answers with a code after leaving a trace of the attempt.
func (s *Service) refuseEntry(ctx context.Context, tx Tx, p proven, event audit.Event, code errs.Code) error {
	r := s.record(event, p.client)
	r.Account, r.Outcome, r.Detail = int64(p.account.ID), audit.Refused, p.methods[0]+" "+string(code)
	return leaving(tx.Audit(ctx, r), errs.New(code))
}

// newAccount knows nothing of the person yet; even the language waits until the identity is linked.
func (s *Service) newAccount() account.Account {
	return account.Account{
		ID: account.ID(s.random.ID()), ShortID: s.random.Letters(account.ShortIDLength), Language: s.lang, MFAFor: account.MFAForPassword,
		Roles: []account.Role{account.RoleUser}, Active: true, TokenEpoch: 1, Generation: 1, CreatedAt: hour(s.now()),
	}
}

func (s *Service) newSession(p proven) Session {
	now := hour(s.now())
	return Session{
		ID: s.random.Token(sessionSize), Account: p.account.ID, TokenEpoch: p.account.TokenEpoch, Generation: 1, Salt: s.random.Bytes(16),
		Methods: p.methods, Device: DeviceOf(p.client), DeviceTag: p.device.tag, IP: CutIP(p.client.IP), Country: p.place.Country,
		CreatedAt: now, SteppedAt: now, LastSeenAt: now, ExpiresAt: now.Add(AbsoluteLife),
	}
}

// begin stores the session, evicts those above the limit, and leaves the trace. The account is held,
// so sign-ins of one account that run at once come here one after the other.
func (s *Service) begin(ctx context.Context, tx Tx, live Live, p proven) (evicted []string, err error) {
	var trace []audit.Record
	leave := func(event audit.Event, session, detail string) {
		r := s.record(event, p.client)
		r.Account, r.Session, r.Detail = int64(live.Account.ID), session, detail
		trace = append(trace, r)
	}
	if p.isNew {
		leave(audit.UserCreated, live.Session.ID, "")
	} else {
		others, err := s.liveSessions(ctx, tx, live.Account)
		if err != nil {
			return nil, err
		}
		for ; len(others) >= MaxLive; others = others[1:] {
			oldest := others[0].ID
			if err := tx.RevokeSession(ctx, oldest, hour(s.now()), "evicted"); err != nil {
				return nil, err
			}
			leave(audit.SessionEvicted, oldest, "")
			evicted = append(evicted, oldest)
		}
	}
	if p.device.isNew {
		leave(audit.DeviceNew, live.Session.ID, "")
		if err := tx.KeepDevices(ctx, live.Account.ID, maxDevices, *p.device.tag); err != nil {
			return nil, err
		}
	}
	if p.trust && p.device.tag != nil {
		if err := tx.TrustDevice(ctx, live.Account.ID, *p.device.tag, hour(s.now()).Add(TrustLife)); err != nil {
			return nil, err
		}
	}
	leave(audit.SessionCreated, live.Session.ID, "")
	leave(audit.LoginSuccess, live.Session.ID, p.detail)
	return evicted, errors.Join(tx.InsertSession(ctx, live.Session), tx.Audit(ctx, trace...))
}

// liveSessions lists the sessions of an account that can be used, least recently used first.
func (s *Service) liveSessions(ctx context.Context, tx Tx, a account.Account) ([]Session, error) {
	all, err := tx.SessionsOf(ctx, a.ID)
	now := s.now()
	live := all[:0]
	for _, each := range all {
		if each.TokenEpoch == a.TokenEpoch && !each.expired(now) {
			live = append(live, each)
		}
	}
	return live, err
}
