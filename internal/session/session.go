// Package session is signing in and staying signed in: proofs become sessions, sessions become
// tokens, tokens become actors.
package session

import (
	"context"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/vault"
)

// Limits of sessions (auth contract, section 7.2; decision 41).
const (
	// IdleLife is how long a session lives without a refresh.
	IdleLife = 30 * 24 * time.Hour
	// AbsoluteLife is how long a session lives at all.
	AbsoluteLife = 90 * 24 * time.Hour
	// MaxLive is the number of live sessions of an account; one more evicts the least recently used.
	MaxLive = 20
	// convergence is how long the previous refresh token still gets the present one.
	convergence = 30 * time.Second
)

// Session is one sign-in on one device, with its refresh-token family. It holds neither a token nor
// a hash of one, and never a profile id.
type Session struct {
	ID         string // 22 characters of base64url, 16 random bytes
	Account    account.ID
	TokenEpoch int64  // of the account when the session began
	Generation int64  // of the refresh token that is valid now
	Confirmed  bool   // a token of this generation has been used
	Salt       []byte // goes into the proofs of this session's refresh tokens
	Methods    []string
	Device     Device
	DeviceTag  *vault.Tag // nil when the client did not name its device
	IP         string     // cut to /24 or /48
	Country    string     // empty when unknown
	FreshUntil time.Time  // until when a proof that was given within the session counts as fresh
	CreatedAt  time.Time  // to the hour
	SteppedAt  time.Time  // the last step of the generation; to the hour when it is older than that
	LastSeenAt time.Time  // to the hour
	ExpiresAt  time.Time
	RevokedAt  time.Time // zero while live
	RevokedWhy string
}

// Live pairs a session with the account it belongs to, as one read of the store gives them.
type Live struct {
	Session Session
	Account account.Account
}

// Client is what a request tells about where it came from.
type Client struct {
	IP        string // as the connection has it; never stored whole
	Agent     string // User-Agent
	Device    string // deviceInfo as sent
	DeviceID  string // X-Device-Id as sent; never stored
	RequestID string
}

// Store keeps accounts, sessions and the audit.
type Store interface {
	// Transaction does everything that do does, or nothing. It runs do again if another transaction stood in its way, so do must not rely on what it left behind.
	Transaction(ctx context.Context, do func(Tx) error) error
	// LiveSession finds a session and its account; ErrNoSession when there is none.
	LiveSession(ctx context.Context, id string) (Live, error)
	// LiveSessions finds those of the sessions that exist, with their accounts.
	LiveSessions(ctx context.Context, ids []string) ([]Live, error)
	// ConfirmGeneration marks the generation of a session as used, if it still is the present one.
	ConfirmGeneration(ctx context.Context, id string, generation int64) error
	// NextGeneration moves an account from one mask generation to the next; false when it was not at from.
	NextGeneration(ctx context.Context, id account.ID, from int64) (bool, error)
	// AccountOf finds an account by its id; ErrNoAccount when there is none.
	AccountOf(ctx context.Context, id account.ID) (account.Account, error)
	// SessionsOf lists the sessions of an account that are not revoked, least recently used first.
	SessionsOf(ctx context.Context, id account.ID) ([]Session, error)

	personStore
	operatorStore

	credentialStore
	lockoutStore
	mailTokenStore
	challengeStore
	factorStore
}

// Tx is what a transaction of this package can do.
type Tx interface {
	// AccountByTelegram finds an account by its tag and holds it until the commit; ErrNoAccount when there is none.
	AccountByTelegram(ctx context.Context, tag vault.Tag) (account.Account, error)
	// AccountForUpdate finds an account and holds it until the commit; ErrNoAccount when there is none.
	AccountForUpdate(ctx context.Context, id account.ID) (account.Account, error)
	// InsertAccount adds an account; false when another transaction took its identity meanwhile. One
	// whose identity was disabled is added inactive, and told so in a.
	InsertAccount(ctx context.Context, a *account.Account) (bool, error)
	// LinkTelegram stores the sealed identity and the language of a; the newest proof of a username takes its tag over.
	LinkTelegram(ctx context.Context, a account.Account, name *vault.Tag) error

	// SessionsOf lists the sessions of an account that are not revoked, least recently used first.
	SessionsOf(ctx context.Context, id account.ID) ([]Session, error)
	// SessionForUpdate reads a session and its account, and holds the session until the commit; ErrNoSession when there is none.
	SessionForUpdate(ctx context.Context, id string) (Live, error)
	InsertSession(ctx context.Context, s Session) error
	// StepGeneration writes the generation, its time and the time of last use.
	StepGeneration(ctx context.Context, s Session) error
	RevokeSession(ctx context.Context, id string, at time.Time, why string) error

	// Audit adds records, in one statement.
	Audit(ctx context.Context, records ...audit.Record) error

	challengeTx
	deviceTx
	placeTx
	operatorTx
	issuedTx
	endingTx
	freshTx
	linkTx
	credentialTx
	lockoutTx
	mailTokenTx
	personTx
	factorTx
}

// idleAt is when the session ends unless it is refreshed before. The hour makes up for what was cut.
func (s Session) idleAt() time.Time { return s.SteppedAt.Add(IdleLife + time.Hour) }

func (s Session) expired(now time.Time) bool {
	return !now.Before(s.ExpiresAt) || !now.Before(s.idleAt())
}
