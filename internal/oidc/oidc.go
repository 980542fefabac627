// Package oidc lets people sign in with other issuers: authorization code with PKCE (OpenID Connect Core
// 1.0, RFC 7636), and ID tokens that Telegram hands to pages.
package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	oidclib "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"maska/internal/errs"
	"maska/internal/random"
	"maska/internal/session"
	"maska/internal/telegram"
	"maska/internal/vault"
)

const (
	// flowLife is how long somebody may stay with the issuer.
	flowLife = 10 * time.Minute
	// awayLife is for how long an issuer that did not answer is not asked again.
	awayLife = 10 * time.Second
	// maxToken is the longest ID token that is looked at, in bytes.
	maxToken = 16 << 10
	// flowColumn binds a sealed flow to its use.
	flowColumn = "oidc.flow"
)

// Issuer is one that is trusted to say who somebody is.
type Issuer struct {
	Name         string   // in paths
	URL          string   // what its tokens call it
	ClientIDs    []string // as whom it knows us: the first one starts sign-ins, any may be meant by a token
	ClientSecret string   // empty for a public client
	RedirectURL  string   // where it sends people back to; empty: nobody is sent
	Telegram     bool     // its tokens name a Telegram user in the claim id
}

// Config is what the issuers share.
type Config struct {
	Client *http.Client // see NewClient
	Vault  *vault.Vault
	Random random.Source
	Now    func() time.Time
	MaxAge time.Duration // of Telegram's ID tokens, whose nonce is their sender's word
}

// Issuers signs people in with any of them. It is safe for concurrent use.
type Issuers struct {
	cfg Config
	all map[string]*issuer
}

type issuer struct {
	Issuer
	asking singleflight.Group // for how it works

	mu        sync.Mutex
	provider  *oidclib.Provider // nil until it said so
	awayUntil time.Time         // until when it is not asked again
}

// New makes the issuers; nobody is asked anything yet.
func New(cfg Config, list ...Issuer) *Issuers {
	i := &Issuers{cfg: cfg, all: map[string]*issuer{}}
	for _, one := range list {
		i.all[one.Name] = &issuer{Issuer: one}
	}
	return i
}

// Names lists the issuers that people can be sent to, in order.
func (i *Issuers) Names() []string {
	names := []string{}
	for name, one := range i.all {
		if one.RedirectURL != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// flow is what the page that started a sign-in keeps until its end, sealed. The address that leads to the
// issuer holds the state and not the flow, so that nobody can end a sign-in that another page started.
type flow struct {
	Issuer   string `json:"i"`
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Until    int64  `json:"u"` // UNIX seconds
}

// Start begins a sign-in: the address to open, and what the page must keep and hand to Finish.
func (i *Issuers) Start(ctx context.Context, name string) (address, kept string, err error) {
	one, provider, err := i.find(ctx, name)
	if err != nil {
		return "", "", err
	}
	f := flow{
		Issuer: name, State: i.cfg.Random.Token(16), Nonce: i.cfg.Random.Token(16), Verifier: i.cfg.Random.Token(32),
		Until: i.cfg.Now().Add(flowLife).Unix(),
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return "", "", err
	}
	oauth, err := one.oauth(provider)
	if err != nil {
		return "", "", err
	}
	address = oauth.AuthCodeURL(f.State, oidclib.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))
	return address, base64.RawURLEncoding.EncodeToString(i.cfg.Vault.Seal(flowColumn, 0, plain)), nil
}

// Finish ends a sign-in with what the issuer sent back.
func (i *Issuers) Finish(ctx context.Context, name, kept, state, code string) (session.Issued, error) {
	one, provider, err := i.find(ctx, name)
	if err != nil {
		return session.Issued{}, err
	}
	f, err := i.open(kept)
	if err != nil || f.Issuer != name || code == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) != 1 || i.cfg.Now().Unix() >= f.Until {
		return session.Issued{}, one.refused(errors.New("the sign-in was not started here, or long ago"))
	}
	oauth, err := one.oauth(provider)
	if err != nil {
		return session.Issued{}, err
	}
	tokens, err := oauth.Exchange(oidclib.ClientContext(ctx, i.cfg.Client), code, oauth2.VerifierOption(f.Verifier))
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response.StatusCode < http.StatusInternalServerError {
		return session.Issued{}, one.refused(errors.New("the issuer refused the code: " + refusal.ErrorCode))
	}
	if err != nil {
		return session.Issued{}, errs.Wrap(errs.Unavailable, err)
	}
	idToken, _ := tokens.Extra("id_token").(string)
	return i.verify(ctx, one, provider, idToken, f.Nonce)
}

func (i *Issuers) open(kept string) (f flow, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(kept)
	if err != nil {
		return f, err
	}
	plain, err := i.cfg.Vault.Unseal(flowColumn, 0, sealed)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(plain, &f)
}

// VerifyTelegram checks an ID token that Telegram handed to a page, which asked with the nonce.
func (i *Issuers) VerifyTelegram(ctx context.Context, idToken, nonce string) (session.Issued, error) {
	for _, one := range i.all {
		if one.Telegram {
			provider, err := one.discover(ctx, i.cfg)
			if err != nil {
				return session.Issued{}, err
			}
			return i.verify(ctx, one, provider, idToken, nonce)
		}
	}
	return session.Issued{}, errs.New(errs.NotFound)
}

// verify checks an ID token (OpenID Connect Core 1.0, section 3.1.3.7).
func (i *Issuers) verify(ctx context.Context, one *issuer, provider *oidclib.Provider, idToken, nonce string) (session.Issued, error) {
	if idToken == "" || len(idToken) > maxToken || nonce == "" {
		return session.Issued{}, one.refused(errors.New("no ID token, or one that is too long, or no nonce"))
	}
	// Whom it is for is looked at below: several bots may be meant.
	verifier := provider.Verifier(&oidclib.Config{SkipClientIDCheck: true, Now: i.cfg.Now})
	token, err := verifier.Verify(oidclib.ClientContext(ctx, i.cfg.Client), idToken)
	if ctx.Err() != nil { // it did not tell its keys in time
		return session.Issued{}, errs.Wrap(errs.Unavailable, err)
	}
	if err != nil {
		return session.Issued{}, one.refused(err)
	}
	var claims struct {
		AuthorizedParty string      `json:"azp"`
		TelegramID      json.Number `json:"id"`
		Name            string      `json:"name"`
		Username        string      `json:"preferred_username"`
	}
	if err := token.Claims(&claims); err != nil {
		return session.Issued{}, one.refused(err)
	}
	ours := func(id string) bool { return slices.Contains(one.ClientIDs, id) }
	if !slices.ContainsFunc(token.Audience, ours) || (len(token.Audience) > 1 && claims.AuthorizedParty == "") || (claims.AuthorizedParty != "" && !ours(claims.AuthorizedParty)) {
		return session.Issued{}, one.refused(errors.New("the ID token is for somebody else"))
	}
	if token.Subject == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return session.Issued{}, one.refused(errors.New("another nonce, or no subject"))
	}
	issued := session.Issued{Issuer: one.Name, URL: one.URL, Subject: token.Subject, Mark: mark(token)}
	if !one.Telegram {
		return issued, nil
	}
	if age := i.cfg.Now().Sub(token.IssuedAt); age > i.cfg.MaxAge || age < -telegram.DefaultMaxSkew {
		return session.Issued{}, errs.Wrap(errs.TelegramDataInvalid, errors.New("the ID token is too old, or of the future")).WithReason("expired")
	}
	id, err := claims.TelegramID.Int64()
	if err != nil || id <= 0 || id >= telegram.UserIDLimit {
		return session.Issued{}, one.refused(errors.New("the ID token names no Telegram user"))
	}
	issued.Telegram = &telegram.User{ID: id, FirstName: claims.Name, Username: claims.Username}
	return issued, nil
}

// mark stands for an ID token. It is made of what the token says: its text can be written in several ways.
func mark(token *oidclib.IDToken) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		token.Issuer, token.Subject, token.Nonce, strconv.FormatInt(token.IssuedAt.Unix(), 10), strconv.FormatInt(token.Expiry.Unix(), 10),
	}, "\n")))
	return hex.EncodeToString(sum[:8])
}

func (i *Issuers) find(ctx context.Context, name string) (*issuer, *oidclib.Provider, error) {
	one := i.all[name]
	if one == nil || one.RedirectURL == "" {
		return nil, nil, errs.New(errs.NotFound)
	}
	provider, err := one.discover(ctx, i.cfg)
	return one, provider, err
}

// discover asks the issuer once how it works, and again some time after it failed to answer. Everybody who
// needs the answer waits for the same one, as long as he likes. The answer, and the keys that are fetched with
// it, outlive the request.
func (one *issuer) discover(ctx context.Context, cfg Config) (*oidclib.Provider, error) {
	one.mu.Lock()
	provider, away := one.provider, cfg.Now().Before(one.awayUntil)
	one.mu.Unlock()
	switch {
	case provider != nil:
		return provider, nil
	case away:
		return nil, errs.Wrap(errs.Unavailable, errors.New("the issuer did not answer lately"))
	}
	asked := one.asking.DoChan("", func() (any, error) {
		provider, err := oidclib.NewProvider(oidclib.ClientContext(context.WithoutCancel(ctx), cfg.Client), one.URL)
		one.mu.Lock()
		defer one.mu.Unlock()
		if err != nil {
			one.awayUntil = cfg.Now().Add(awayLife)
			return nil, err
		}
		one.provider = provider
		return provider, nil
	})
	select {
	case <-ctx.Done():
		return nil, errs.Wrap(errs.Unavailable, ctx.Err())
	case answer := <-asked:
		if answer.Err != nil {
			return nil, errs.Wrap(errs.Unavailable, answer.Err)
		}
		return answer.Val.(*oidclib.Provider), nil
	}
}

func (one *issuer) oauth(provider *oidclib.Provider) (*oauth2.Config, error) {
	var about struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&about); err != nil {
		return nil, errs.Wrap(errs.Unavailable, err)
	}
	endpoint := provider.Endpoint()
	// The library would try one way after the other, and a code can be tried once.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if one.ClientSecret == "" || len(about.Methods) > 0 && !slices.Contains(about.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := []string{oidclib.ScopeOpenID}
	if one.Telegram {
		scopes = append(scopes, "profile")
	}
	return &oauth2.Config{ClientID: one.ClientIDs[0], ClientSecret: one.ClientSecret, Endpoint: endpoint, RedirectURL: one.RedirectURL, Scopes: scopes}, nil
}

// refused is the answer to a proof that does not hold; the cause is for the log.
func (one *issuer) refused(cause error) error {
	if one.Telegram {
		return errs.Wrap(errs.TelegramDataInvalid, cause)
	}
	return errs.Wrap(errs.CredentialsInvalid, cause).WithReason("issuer")
}
