package sms_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"maska/internal/sms"
)

const to, text = "+15550100", "your code is 123456"

func TestAGatewayGetsNumberAndText(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || user != "maska" || password != "word" {
			t.Errorf("%s %v %s:%s %v", r.Method, r.Header, user, password, err)
		}
		got <- string(body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer gateway.Close()
	if err := sms.NewWebhook(strings.Replace(gateway.URL, "//", "//maska:word@", 1)).Send(t.Context(), to, text); err != nil {
		t.Fatal(err)
	}
	if body := <-got; body != `{"to":"+15550100","text":"your code is 123456"}` {
		t.Error(body)
	}
}

func TestAFailingGatewayIsAnErrorWithoutSecrets(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	answering := func(status int) string {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(status)
		}))
		t.Cleanup(gateway.Close)
		return gateway.URL
	}
	for name, url := range map[string]string{"500": answering(500), "403": answering(403), "redirect": answering(307), "gone": gone.URL, "no address": "http://["} {
		err := sms.NewWebhook(strings.Replace(url, "//", "//maska:word@", 1)).Send(t.Context(), to, text)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, secret := range []string{"123456", "+15550100", "word", "127.0.0.1"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestTheTerminalShowsTheMessage(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := sms.NewTerminal(&out).Send(t.Context(), to, text); err != nil || !strings.Contains(out.String(), "123456") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
