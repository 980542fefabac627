package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/mfa"
	"maska/internal/password"
	"maska/internal/profile"
	"maska/internal/random"
	"maska/internal/telegram"
	"maska/internal/vault"
)

// What the store answers when something is not there.
var (
	ErrNoSession = errors.New("session: no such session")
	ErrNoAccount = errors.New("session: no such account")
)

// Config is what the service needs to know.
type Config struct {
	AccessKey    []byte   // signs access tokens
	PreviousKeys [][]byte // verify only
	EdDSA        bool     // the keys above are seeds of Ed25519 key pairs, whose public halves are told
	AccessLife   time.Duration
	OnceOnly     bool        // a proof of Telegram signs in once (TELEGRAM_REPLAY=once)
	Language     locale.Lang // of accounts that have not told theirs
	Texts        TextSender  // nil when nothing sends text messages
	Places       Places      // nil when nothing is known of places

	Passwords    *password.Hasher // nil for one of the service's own
	Policy       password.Policy  // empty for password.Compat
	Mailer       Mailer           // nil when no mail is sent
	SignupClosed bool             // nobody can register with an address (SIGNUP=closed)
	VerifyFirst  bool             // who has not proved his address cannot sign in with it (EMAIL_VERIFICATION=required)
	PlaceRules   PlaceRules
}

// Service signs people in and keeps them signed in. It is safe for concurrent use.
type Service struct {
	store    Store
	masks    *profile.Service
	telegram *telegram.Verifier
	vault    *vault.Vault
	limits   limit.Limiter
	random   random.Source
	now      func() time.Time

	access     accessKeys
	accessLife time.Duration
	refresh    refreshKey
	onceOnly   bool
	lang       locale.Lang
	cache      *liveCache
	worn       *wornMasks
	ended      func(sessions []string)
	changed    func(account.ID)
	notify     func(context.Context, account.Account, Notice)
	passkeys   *mfa.Passkeys
	texts      TextSender // nil when nothing sends text messages
	places     Places

	passwords    *password.Hasher
	addresses    *turns // of checking passwords, for each address that asks
	guesses      *turns // of guessing, for each lockout
	policy       password.Policy
	mailer       Mailer
	signupClosed bool
	verifyFirst  bool
	placeRules   PlaceRules
}

// New makes the service. now is the clock of all decisions.
func New(cfg Config, store Store, masks *profile.Service, verifier *telegram.Verifier, v *vault.Vault, limits limit.Limiter, source random.Source, now func() time.Time) (*Service, error) {
	access, err := newAccessKeys(cfg.EdDSA, append([][]byte{cfg.AccessKey}, cfg.PreviousKeys...)...)
	if err != nil {
		return nil, err
	}
	refresh, err := v.Key("refresh")
	if err != nil {
		return nil, err
	}
	passkey, err := v.Key("passkey")
	if err != nil {
		return nil, err
	}
	places := cfg.Places
	if places == nil {
		places = nowhere{}
	}
	if cfg.Passwords == nil {
		cfg.Passwords = password.NewHasher(password.DefaultParams(), 2, source)
	}
	if cfg.Mailer == nil {
		cfg.Mailer = noMail{}
	}
	return &Service{
		passwords: cfg.Passwords, addresses: newTurns(checksPerAddress), guesses: newTurns(1), policy: cfg.Policy, mailer: cfg.Mailer, signupClosed: cfg.SignupClosed, verifyFirst: cfg.VerifyFirst,
		store: store, masks: masks, telegram: verifier, vault: v, limits: limits, random: source, now: now,
		access: access, accessLife: cfg.AccessLife, refresh: refresh, onceOnly: cfg.OnceOnly, lang: cfg.Language,
		passkeys: mfa.NewPasskeys(Issuer, passkey, source, now), texts: cfg.Texts,
		places: places, placeRules: cfg.PlaceRules, ended: func([]string) {}, changed: func(account.ID) {}, notify: func(context.Context, account.Account, Notice) {}, cache: newLiveCache(now), worn: newWornMasks(now),
	}, nil
}

// WhenEnded sets who is told of sessions that were ended, after the commit. Set it before the service
// is used.
func (s *Service) WhenEnded(tell func(sessions []string)) { s.ended = tell }

// forget drops ended sessions here and tells of them.
func (s *Service) forget(sessions []string) {
	for _, id := range sessions {
		s.cache.drop(id)
	}
	if len(sessions) > 0 {
		s.ended(sessions)
	}
}

// Tokens is the result of every successful sign-in and refresh.
type Tokens struct {
	Access      string
	AccessLife  time.Duration
	Refresh     string
	RefreshLife time.Duration
	Session     string
	NewAccount  bool
	Account     account.Account
	Identity    account.Identity
	Profile     profile.Profile
}

// tokens makes the tokens of a session as it stands after the transaction, and finds its mask. proved
// is when its owner proved who he is, zero if he did not just now.
func (s *Service) tokens(ctx context.Context, live Live, proved time.Time, lang locale.Lang) (Tokens, error) {
	now := s.now()
	access, err := s.access.sign(live.Session, s.random.Token(16), now, proved, s.accessLife)
	if err != nil {
		return Tokens{}, err
	}
	identity, err := account.Unseal(s.vault, live.Account)
	if err != nil {
		return Tokens{}, err
	}
	mask, err := s.wornMask(ctx, live.Account, lang)
	if err != nil {
		return Tokens{}, err
	}
	refreshLife := min(IdleLife, live.Session.ExpiresAt.Sub(now))
	return Tokens{
		Access: access, AccessLife: s.accessLife,
		Refresh: s.refresh.sign(live.Session), RefreshLife: refreshLife.Truncate(time.Second),
		Session: live.Session.ID, Account: live.Account, Identity: identity, Profile: mask,
	}, nil
}

// record begins an audit record of something that a client did. Its time is cut to the hour: messages
// carry exact times, and a sign-in that did too would tell whose they are.
func (s *Service) record(event audit.Event, client Client) audit.Record {
	return audit.Record{
		ID: s.random.ID(), At: hour(s.now()), Event: event, Outcome: audit.OK,
		RequestID: client.RequestID, IP: CutIP(client.IP), Country: s.places.Locate(client.IP).Country, Agent: DeviceOf(client).Name,
	}
}

// hour cuts a time to the hour: last use and refreshes are kept no finer (decision 6).
func hour(t time.Time) time.Time { return t.Truncate(time.Hour) }

// Refresh exchanges a refresh token for new tokens (auth contract, section 7.2). Parallel refreshes
// of one token all get the same next one; an old token that comes after its successor was used ends
// the session.
func (s *Service) Refresh(ctx context.Context, token string, client Client, lang locale.Lang) (Tokens, error) {
	if token == "" {
		return Tokens{}, errs.New(errs.RefreshTokenRequired)
	}
	if err := s.take(ctx, limit.RefreshIP, limit.IPKey(client.IP)); err != nil {
		return Tokens{}, err
	}
	claim, err := s.refresh.parse(token)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.take(ctx, limit.RefreshSession, claim.session); err != nil {
		return Tokens{}, err
	}
	var live Live
	err = s.transaction(ctx, func(tx Tx) (err error) {
		if live, err = tx.SessionForUpdate(ctx, claim.session); errors.Is(err, ErrNoSession) {
			return errs.New(errs.RefreshTokenInvalid)
		} else if err != nil {
			return err
		}
		return s.step(ctx, tx, &live, claim, client)
	})
	switch {
	case errs.CodeOf(err) == errs.RefreshTokenReused:
		s.forget([]string{live.Session.ID})
		s.notify(ctx, live.Account, Notice{Kind: NoticeTokenReuse, Device: live.Session.Device, Country: live.Session.Country})
		return Tokens{}, err
	case err != nil:
		return Tokens{}, err
	}
	s.cache.drop(live.Session.ID)
	return s.tokens(ctx, live, time.Time{}, lang)
}

// step decides one refresh on a session that is held. It changes live to what the tokens shall say.
func (s *Service) step(ctx context.Context, tx Tx, live *Live, claim refreshClaim, client Client) error {
	now, session := s.now(), &live.Session
	if !s.refresh.proves(claim, session.Salt) || claim.generation > session.Generation {
		return errs.New(errs.RefreshTokenInvalid)
	}
	if err := live.usable(); err != nil {
		return err
	}
	if session.expired(now) {
		return errs.New(errs.RefreshTokenExpired)
	}
	record := s.record(audit.TokenRefreshed, client)
	record.Account, record.Session = int64(session.Account), session.ID
	switch {
	case claim.generation == session.Generation:
		session.Generation++
		session.Confirmed = false
		session.SteppedAt, session.LastSeenAt = now, hour(now)
		return errors.Join(tx.StepGeneration(ctx, *session), tx.Audit(ctx, record))
	case claim.generation == session.Generation-1 && (!session.Confirmed || now.Sub(session.SteppedAt) <= convergence):
		return nil // the same answer again
	}
	record.At = now // the owner must be able to tell when
	record.Event, record.Outcome = audit.TokenReuse, audit.Refused
	revoked := s.record(audit.TokenRevoked, client)
	revoked.Account, revoked.Session, revoked.Detail = record.Account, record.Session, "reuse"
	return leaving(errors.Join(tx.RevokeSession(ctx, session.ID, hour(now), "reuse"), tx.Audit(ctx, record, revoked)), errs.New(errs.RefreshTokenReused))
}

// usable tells why a session cannot be used although it exists.
func (l Live) usable() error {
	if !l.Account.Active {
		return errs.New(errs.AccountDisabled)
	}
	if !l.Session.RevokedAt.IsZero() || l.Session.TokenEpoch != l.Account.TokenEpoch {
		return errs.New(errs.SessionRevoked)
	}
	return nil
}

// Logout ends the bearer's session, and that of a refresh token of the same account if one is given.
// The access token may have expired; everything else about it must hold.
func (s *Service) Logout(ctx context.Context, bearer, refreshToken string, client Client) error {
	c, id, err := s.access.verify(bearer, s.now())
	if err != nil && errs.CodeOf(err) != errs.TokenExpired {
		return err
	}
	ending := []string{c.Session}
	var second refreshClaim
	if refreshToken != "" {
		if second, err = s.refresh.parse(refreshToken); err == nil && second.session != c.Session {
			ending = append(ending, second.session)
		}
	}
	slices.Sort(ending) // sessions are always locked in this order
	var ended []string
	err = s.store.Transaction(ctx, func(tx Tx) error {
		ended = nil
		for _, sid := range ending {
			live, err := tx.SessionForUpdate(ctx, sid)
			switch {
			case errors.Is(err, ErrNoSession) && sid == c.Session:
				return errs.New(errs.SessionRevoked)
			case errors.Is(err, ErrNoSession):
				continue
			case err != nil:
				return err
			case live.Session.Account != id, sid != c.Session && !s.refresh.proves(second, live.Session.Salt):
				continue
			}
			if err := live.usable(); err != nil {
				if sid == c.Session {
					return err
				}
				continue
			}
			record := s.record(audit.Logout, client)
			record.Account, record.Session = int64(id), sid
			if err := errors.Join(tx.RevokeSession(ctx, sid, hour(s.now()), "logout"), tx.Audit(ctx, record)); err != nil {
				return err
			}
			ended = append(ended, sid)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.forget(ended)
	return nil
}
