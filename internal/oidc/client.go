package oidc

import (
	"io"
	"net/http"
	"time"
)

const (
	// patience is how long an issuer may take for an answer.
	patience = 10 * time.Second
	// maxAnswer is what is read of it, in bytes.
	maxAnswer = 1 << 20
)

// NewClient makes the client that talks to issuers. It follows no redirects: an issuer is where the
// operator says it is.
func NewClient() *http.Client {
	return &http.Client{
		Timeout: patience, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts answers that are too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}
