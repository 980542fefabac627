package config

import (
	"net/mail"
	"strings"
	"testing"
)

func TestSMTPURLNamesOneServer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]SMTP{
		"smtp://mail.example.org":                         {Host: "mail.example.org", Port: 587, Security: "starttls"},
		"smtp://maska:p%40ss%3A%2F@mail.example.org:2525": {Host: "mail.example.org", Port: 2525, Username: "maska", Password: "p@ss:/", Security: "starttls"},
		"smtps://maska:x@mail.example.org/":               {Host: "mail.example.org", Port: 465, Username: "maska", Password: "x", Security: "tls"},
		"smtp://[::1]:25?tls=none":                        {Host: "::1", Port: 25, Security: "none"},
	} {
		if got, err := parseSMTP(text); got != want || err != nil {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"mail.example.org", "smtp://", "http://mail.example.org", "smtp://mail.example.org/x", "smtp://mail.example.org:0", "smtp://mail.example.org:70000", "smtp://mail.example.org#x",
		"smtp://user@mail.example.org", "smtp://user:s3cret@localhost?tls=none", "smtps://localhost?tls=none", "smtp://localhost?tls=maybe", "smtp://localhost?tls=none&x=1", "smtp://user:s3cret@local host",
	} {
		if got, err := parseSMTP(text); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestMailComesFromTheGivenAddress(t *testing.T) {
	t.Parallel()
	c, err := Load([]string{"PUBLIC_URL=https://maska.example.org", "SMTP_URL=smtp://localhost:25?tls=none", "MAIL_FROM=Маска <noreply@example.org>"}, "testdata/none.env")
	if err != nil || c.SMTP.From != (mail.Address{Name: "Маска", Address: "noreply@example.org"}) {
		t.Errorf("%+v, %v", c.SMTP.From, err)
	}
}
