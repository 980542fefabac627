// Package account is the JSON that an account's owner gets about himself. It must not be sent to
// anybody else.
package account

import (
	"time"

	"maska/internal/account"
	"maska/internal/locale"
	"maska/internal/profile"
	"maska/internal/session"
)

// User is the self view of an account (auth contract, section 3.1).
type User struct {
	ID             int64          `json:"id"`
	ShortID        string         `json:"shortId"`
	TelegramID     *int64         `json:"telegramId"`
	TelegramLinked bool           `json:"telegramLinked"`
	Email          *string        `json:"email"`
	EmailVerified  bool           `json:"emailVerified"`
	Username       string         `json:"username"`
	FirstName      *string        `json:"firstName"`
	LastName       *string        `json:"lastName"`
	FirstNameS2    *string        `json:"first_name"`
	LastNameS2     *string        `json:"last_name"`
	IsActive       bool           `json:"isActive"`
	Roles          []account.Role `json:"roles"`
	Language       locale.Lang    `json:"language" enum:"zh,en,ru"`
	MFAEnabled     bool           `json:"mfaEnabled"`
	HasPassword    bool           `json:"hasPassword"`
	CreatedAt      time.Time      `json:"createdAt"`
}

// UserOf shows an account to its owner.
func UserOf(a account.Account, identity account.Identity) User {
	u := User{
		ID: int64(a.ID), ShortID: a.ShortID, TelegramLinked: a.TelegramTag != nil, EmailVerified: a.EmailVerified,
		Username: "user_" + a.ShortID, IsActive: a.Active, Roles: a.Roles, Language: a.Language,
		MFAEnabled: a.SecondFactor, HasPassword: a.PasswordHash != "", CreatedAt: a.CreatedAt.UTC().Truncate(time.Second),
	}
	if identity.Email != "" {
		u.Email = &identity.Email
	}
	if t := identity.Telegram; t != nil {
		u.TelegramID = &t.ID
		u.FirstName, u.LastName = orNull(t.FirstName), orNull(t.LastName)
		if t.Username != "" {
			u.Username = t.Username
		}
	}
	if own := identity.Names; own != nil {
		u.FirstName, u.LastName = orNull(own.First), orNull(own.Last)
	}
	u.FirstNameS2, u.LastNameS2 = u.FirstName, u.LastName
	return u
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Tokens is the part that every answer with tokens has (auth contract, section 3.2).
type Tokens struct {
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	TokenType        string `json:"token_type" enum:"Bearer"`
	ExpiresIn        int64  `json:"expires_in" description:"seconds"`
	RefreshExpiresIn int64  `json:"refresh_expires_in" description:"seconds"`
	SessionID        string `json:"session_id"`
	IsNewUser        bool   `json:"is_new_user"`
}

// Mask is the profile in the names of the first founding document.
type Mask struct {
	ID        int64  `json:"id"`
	AnonName  string `json:"anon_name"`
	AvatarURL string `json:"avatar_url"`
}

// TokenSet answers a sign-in and a refresh.
type TokenSet struct {
	Tokens
	User    User `json:"user"`
	Profile Mask `json:"profile"`
}

// Auth answers POST /auth: here user is the mask, as the first founding document has it.
type Auth struct {
	Token string `json:"token" description:"the same as access_token"`
	User  Mask   `json:"user"`
	Tokens
	Account User `json:"account"`
}

// TokenSetOf shows the outcome of a sign-in; avatar tells where the picture of a mask lies.
func TokenSetOf(t session.Tokens, avatar func(profile.ID) string) TokenSet {
	return TokenSet{Tokens: tokensOf(t), User: UserOf(t.Account, t.Identity), Profile: maskOf(t.Profile, avatar)}
}

// AuthOf shows the outcome of POST /auth.
func AuthOf(t session.Tokens, avatar func(profile.ID) string) Auth {
	return Auth{Token: t.Access, User: maskOf(t.Profile, avatar), Tokens: tokensOf(t), Account: UserOf(t.Account, t.Identity)}
}

func tokensOf(t session.Tokens) Tokens {
	return Tokens{
		AccessToken: t.Access, RefreshToken: t.Refresh, TokenType: "Bearer",
		ExpiresIn: int64(t.AccessLife / time.Second), RefreshExpiresIn: int64(t.RefreshLife / time.Second),
		SessionID: t.Session, IsNewUser: t.NewAccount,
	}
}

func maskOf(p profile.Profile, avatar func(profile.ID) string) Mask {
	return Mask{ID: int64(p.ID), AnonName: p.Nickname, AvatarURL: avatar(p.ID)}
}
