// Package sms sends text messages: through a gateway of the operator's, or, in dev mode, to the
// terminal.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// message is what a gateway is told.
type message struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// patience is how long a gateway may take; somebody waits for the code.
const patience = 10 * time.Second

// Webhook hands messages to an HTTP gateway: a POST of {"to", "text"} as JSON, which answers 2xx once
// it has taken the message.
type Webhook struct {
	url    string
	client *http.Client
}

// NewWebhook makes a sender for a gateway. User and password in the URL are sent as Basic
// authorization. Redirects are not followed: they would carry codes to another place.
func NewWebhook(url string) *Webhook {
	return &Webhook{url: url, client: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send hands a text for a number in E.164, such as +4915112345678, over. Its errors hold neither the number, the text nor the URL.
func (w *Webhook) Send(ctx context.Context, to, text string) (err error) {
	body, err := json.Marshal(message{To: to, Text: text})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("sms: SMS_WEBHOOK_URL is no address")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := w.client.Do(request)
	if err != nil {
		return errors.New("sms: the gateway does not answer")
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("sms: the gateway answered %d", answer.StatusCode)
	}
	return nil
}

// Terminal shows messages instead of sending them, for dev mode, where the only reader is the
// developer.
type Terminal struct{ out io.Writer }

// NewTerminal makes a sender that writes to out.
func NewTerminal(out io.Writer) Terminal { return Terminal{out: out} }

// Send writes a message.
func (t Terminal) Send(_ context.Context, to, text string) error {
	_, err := fmt.Fprintf(t.out, "text message to %s: %s\n", to, text)
	return err
}
