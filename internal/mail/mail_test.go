package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"maska/internal/locale"
	"maska/internal/mail"
	"maska/internal/session"
	"maska/internal/testkit"
)

const site = "https://maska.example.org"

func quiet() (*slog.Logger, *bytes.Buffer) {
	var log bytes.Buffer
	return slog.New(slog.NewTextHandler(&log, nil)), &log
}

// drawer is a sender that keeps what it is given, and fails as told.
type drawer struct {
	mu    sync.Mutex
	fails []error
	tries []time.Time
	kept  []mail.Message
}

func (d *drawer) Send(_ context.Context, m mail.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries = append(d.tries, time.Now())
	if len(d.fails) > 0 {
		err := d.fails[0]
		d.fails = d.fails[1:]
		return err
	}
	d.kept = append(d.kept, m)
	return nil
}

func send(t *testing.T, sender mail.Sender, letters ...session.Letter) (log string) {
	t.Helper()
	logger, text := quiet()
	outbox, err := mail.NewOutbox(sender, site, logger)
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range letters {
		if !outbox.Post(func(context.Context) (*session.Letter, error) { return &letter, nil }) {
			t.Error("the outbox is full")
		}
	}
	outbox.Close(time.Minute)
	return text.String()
}

func TestEveryLetterIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	var d drawer
	var letters []session.Letter
	for _, kind := range session.LetterKinds() {
		for _, lang := range locale.All() {
			letters = append(letters, session.Letter{Kind: kind, To: "ann@example.com", Language: lang, Token: "the-token", Code: "123456", Device: "iPhone", Country: "PT"})
		}
	}
	log := send(t, &d, letters...)
	if len(d.kept) != len(letters) || log != "" {
		t.Fatalf("%d of %d letters; %s", len(d.kept), len(letters), log)
	}
	different := map[string]bool{}
	for _, m := range d.kept {
		if m.To != "ann@example.com" || m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") || !strings.Contains(m.Text, site) || strings.Contains(m.Subject+m.Text, "{{") {
			t.Errorf("%+v", m)
		}
		different[m.Subject+m.Text] = true
	}
	if len(different) != len(letters) {
		t.Errorf("%d different letters of %d", len(different), len(letters))
	}
}

func TestLinksLeadToTheConfiguredSiteWithTheTokenBehindTheHash(t *testing.T) {
	t.Parallel()
	for kind, want := range map[session.LetterKind]string{
		session.LetterVerify: site + "/verify-email#token=abc", session.LetterClaim: site + "/verify-email#token=abc", session.LetterReset: site + "/reset-password#token=abc",
	} {
		var d drawer
		send(t, &d, session.Letter{Kind: kind, To: "a@example.com", Language: locale.English, Token: "abc"})
		if len(d.kept) != 1 || !strings.Contains(d.kept[0].Text, "\n"+want+"\n") {
			t.Errorf("%s: %+v", kind, d.kept)
		}
	}
}

func TestAPassingFailureIsTriedAgainAndALastingOneIsNot(t *testing.T) {
	t.Parallel()
	letter := session.Letter{Kind: session.LetterReset, To: "ann@example.com", Language: locale.English, Token: "the-token"}
	synctest.Test(t, func(t *testing.T) {
		d := drawer{fails: []error{errors.New("busy"), errors.New("busy")}}
		if log := send(t, &d, letter); len(d.kept) != 1 || log != "" {
			t.Errorf("kept %d, %s", len(d.kept), log)
		}
		if len(d.tries) != 3 || d.tries[2].Sub(d.tries[0]) < 10*time.Second {
			t.Errorf("tries at %v", d.tries)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := drawer{fails: []error{&mail.PermanentError{Cause: errors.New("no such user")}}}
		log := send(t, &d, letter)
		if len(d.tries) != 1 || !strings.Contains(log, "no such user") || strings.Contains(log, "ann@") || strings.Contains(log, "the-token") {
			t.Errorf("%d tries, %s", len(d.tries), log)
		}
	})
}

func TestAFullOutboxSaysSoAndAClosedOneToo(t *testing.T) {
	t.Parallel()
	logger, _ := quiet()
	outbox, err := mail.NewOutbox(new(drawer), site, logger)
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	blocked := func(context.Context) (*session.Letter, error) { <-gate; return nil, nil } //nolint:nilnil // no letter to send
	n := 0
	for outbox.Post(blocked) {
		if n++; n > 10_000 {
			t.Fatal("it takes any number")
		}
	}
	close(gate)
	outbox.Close(time.Minute)
	outbox.Close(time.Minute)
	if outbox.Post(blocked) {
		t.Error("a closed outbox takes letters")
	}
}

func TestAServerThatHangsDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logger, _ := quiet()
		outbox, err := mail.NewOutbox(hanging{}, site, logger)
		if err != nil {
			t.Fatal(err)
		}
		outbox.Post(func(context.Context) (*session.Letter, error) {
			return &session.Letter{Kind: session.LetterReset, Language: locale.English}, nil
		})
		began := time.Now()
		outbox.Close(time.Second)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
}

type hanging struct{}

func (hanging) Send(ctx context.Context, _ mail.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAMailArrivesWholeOverSMTP(t *testing.T) {
	t.Parallel()
	secure, roots := testkit.Certificate(t)
	for name, c := range map[string]struct {
		server *testkit.MailServer
		cfg    mail.SMTPConfig
	}{
		"plain":    {testkit.StartMail(t, nil), mail.SMTPConfig{Secure: mail.Plain}},
		"TLS":      {testkit.StartMailTLS(t, secure), mail.SMTPConfig{Secure: mail.TLS, Roots: roots, Username: "maska", Password: "s3cret p@ss"}},
		"STARTTLS": {testkit.StartMail(t, secure), mail.SMTPConfig{Secure: mail.StartTLS, Roots: roots, Username: "maska", Password: "s3cret p@ss"}},
	} {
		c.cfg.Host, c.cfg.Port = c.server.Host, c.server.Port
		c.cfg.From = netmail.Address{Name: "Маска", Address: "noreply@example.org"}
		sender, err := mail.NewSMTP(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		text := "Здравствуйте!\n\n" + site + "/reset-password#token=" + strings.Repeat("a-_Z", 30) + "\n.\n..две точки\n您好\n"
		if err := sender.Send(t.Context(), mail.Message{To: "Ann+tag@xn--80a1acny.xn--p1ai", Subject: "Новый пароль 新密码", Text: text}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := c.server.Next(t)
		if got.To != "Ann+tag@xn--80a1acny.xn--p1ai" || got.From != "noreply@example.org" || got.Subject != "Новый пароль 新密码" || got.Text != text || got.Secure == (c.cfg.Secure == mail.Plain) {
			t.Errorf("%s: %+v", name, got)
		}
		for header, want := range map[string]string{"Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "", "Reply-To": ""} {
			if got.Header.Get(header) != want {
				t.Errorf("%s: %q", header, got.Header.Get(header))
			}
		}
		if c.cfg.Username != "" && (len(c.server.Logins()) != 1 || c.server.Logins()[0] != "maska:s3cret p@ss") {
			t.Errorf("logins %q", c.server.Logins())
		}
		if !strings.HasSuffix(got.Header.Get("Message-Id"), "@example.org>") || got.Header.Get("Date") == "" {
			t.Errorf("%v", got.Header)
		}
	}
}

func TestNoMailGoesInTheClearWhereTLSIsWanted(t *testing.T) {
	t.Parallel()
	secure, _ := testkit.Certificate(t)
	for name, server := range map[string]*testkit.MailServer{"no STARTTLS": testkit.StartMail(t, nil), "a certificate nobody trusts": testkit.StartMail(t, secure)} {
		sender, err := mail.NewSMTP(mail.SMTPConfig{Host: server.Host, Port: server.Port, From: netmail.Address{Address: "noreply@example.org"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := sender.Send(t.Context(), mail.Message{To: "ann@example.com", Subject: "x", Text: "x"}); err == nil || len(server.Kept()) != 0 {
			t.Errorf("%s: %v, %d mails", name, err, len(server.Kept()))
		}
	}
}

func TestWhatTheServerRefusesIsToldWithoutTheAddress(t *testing.T) {
	t.Parallel()
	server := testkit.StartMail(t, nil)
	sender, err := mail.NewSMTP(mail.SMTPConfig{Host: server.Host, Port: server.Port, Secure: mail.Plain, From: netmail.Address{Address: "noreply@example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	for answer, lasting := range map[string]bool{"550 5.1.1 <ann@example.com> does not exist": true, "450 4.2.1 <ann@example.com> try later": false} {
		server.RefuseNext(answer)
		err := sender.Send(t.Context(), mail.Message{To: "ann@example.com", Subject: "x", Text: "x"})
		_, permanent := errors.AsType[*mail.PermanentError](err)
		if err == nil || permanent != lasting || strings.Contains(err.Error(), "ann@") || !strings.Contains(err.Error(), answer[:3]) {
			t.Errorf("%s: %v, lasting %t", answer, err, permanent)
		}
	}
	if err := sender.Send(t.Context(), mail.Message{To: "ann@example.com\r\nRCPT TO:<x@example.com>", Subject: "x", Text: "x"}); err == nil || len(server.Kept()) != 0 {
		t.Errorf("a line end in an address: %v", err)
	}
}

func TestThePrinterShowsTheLink(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	send(t, mail.NewPrinter(&out), session.Letter{Kind: session.LetterVerify, To: "ann@example.com", Language: locale.English, Token: "abc"})
	if !strings.Contains(out.String(), "mail to ann@example.com") || !strings.Contains(out.String(), site+"/verify-email#token=abc") {
		t.Error(out.String())
	}
}
