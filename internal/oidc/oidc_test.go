package oidc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maska/internal/errs"
	"maska/internal/oidc"
	"maska/internal/random"
	"maska/internal/testkit"
	"maska/internal/vault"
)

// clock is moved by the test.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func issuersOf(t *testing.T, c *clock, list ...oidc.Issuer) *oidc.Issuers {
	t.Helper()
	keys, err := vault.New(bytes.Repeat([]byte{7}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return oidc.New(oidc.Config{Client: oidc.NewClient(), Vault: keys, Random: random.New(rand.Reader), Now: c.now}, list...)
}

func corp(url string) oidc.Issuer {
	return oidc.Issuer{Name: "corp", URL: url, ClientIDs: []string{"client"}, ClientSecret: "secret", RedirectURL: "https://maska.example.org/back"}
}

func TestAnIssuerThatHangsIsAskedOnceAndHoldsUpNobodyForLong(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	asking, release := make(chan struct{}, 100), make(chan struct{})
	tarpit := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		asking <- struct{}{}
		<-release
		http.Error(w, "too late", http.StatusInternalServerError)
	}))
	t.Cleanup(tarpit.Close)
	issuers := issuersOf(t, new(clock), corp(tarpit.URL))
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	start := func(ctx context.Context) {
		if _, _, err := issuers.Start(ctx, "corp"); errs.CodeOf(err) != errs.Unavailable {
			t.Errorf("%v", err)
		}
	}
	const n = 6
	for range n {
		all.Go(func() { start(ctx) })
	}
	<-asking
	leave()
	all.Wait() // although the issuer still has not answered
	patient := make(chan struct{})
	go func() {
		defer close(patient)
		start(t.Context())
	}()
	close(release)
	<-patient
	start(t.Context())
	if got := asked.Load(); got != 1 {
		t.Errorf("the issuer was asked %d times", got)
	}
}

func TestAnIssuerThatFailedIsAskedAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	issuer, c := testkit.StartIssuer(t, "client", "secret"), new(clock)
	issuers := issuersOf(t, c, corp(issuer.URL))
	issuer.SetDown(true)
	start := func() errs.Code {
		_, _, err := issuers.Start(t.Context(), "corp")
		return errs.CodeOf(err)
	}
	if got := start(); got != errs.Unavailable {
		t.Errorf("while it is away: %s", got)
	}
	issuer.SetDown(false)
	if got := start(); got != errs.Unavailable {
		t.Errorf("soon after: %s", got)
	}
	c.advance(11 * time.Second)
	if got := start(); got != "" {
		t.Errorf("later: %s", got)
	}
}
