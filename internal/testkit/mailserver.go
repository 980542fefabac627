package testkit

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// MailServer is an SMTP server (RFC 5321) on a port of its own that keeps what it is given.
type MailServer struct {
	Host     string
	Port     int
	listener net.Listener
	tls      *tls.Config // offers STARTTLS; nil for none
	inbox    chan Mail

	mu      sync.Mutex
	refuse  []string // answers to the next RCPT commands
	seen    []Mail
	logins  []string
	serving sync.WaitGroup
}

// Mail is a mail as its reader sees it.
type Mail struct {
	To, From string // of the envelope
	Header   mail.Header
	Subject  string
	Text     string
	Secure   bool // came over TLS
}

// StartMail runs a mail server until the test ends. With a TLS configuration it offers STARTTLS.
func StartMail(t testing.TB, secure *tls.Config) *MailServer {
	t.Helper()
	return startMail(t, secure, false)
}

// StartMailTLS is StartMail with TLS from the first byte.
func StartMailTLS(t testing.TB, secure *tls.Config) *MailServer {
	t.Helper()
	return startMail(t, secure, true)
}

func startMail(t testing.TB, secure *tls.Config, atOnce bool) *MailServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &MailServer{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, listener: listener, tls: secure, inbox: make(chan Mail, 100)} //nolint:forcetypeassert // it listens on TCP
	s.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if atOnce {
				conn = tls.Server(conn, secure)
			}
			s.serving.Go(func() { s.serve(conn, atOnce) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		s.serving.Wait()
	})
	return s
}

// Certificate makes a certificate for this machine: how a server shows it, and who trusts it.
func Certificate(t testing.TB) (server *tls.Config, roots *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	s.Close()
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots
}

// URL is the value of SMTP_URL that leads here.
func (s *MailServer) URL() string { return "smtp://" + s.listener.Addr().String() + "?tls=none" }

// RefuseNext makes the server answer so to the next recipients, such as "550 no such user".
func (s *MailServer) RefuseNext(answers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = append(s.refuse, answers...)
}

// Next waits for the next mail.
func (s *MailServer) Next(t testing.TB) Mail {
	t.Helper()
	select {
	case m := <-s.inbox:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no mail came")
		return Mail{}
	}
}

// Kept lists every mail so far.
func (s *MailServer) Kept() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.seen...)
}

// Logins lists who signed in to the server, as "name:password".
func (s *MailServer) Logins() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.logins...)
}

// Link is the token of the link in a mail, and the page it leads to.
func (m Mail) Link(t testing.TB) (page, token string) {
	t.Helper()
	for line := range strings.Lines(m.Text) {
		if before, after, found := strings.Cut(strings.TrimSpace(line), "#token="); found {
			return before, after
		}
	}
	t.Fatalf("no link in %q", m.Text)
	return "", ""
}

func (s *MailServer) serve(conn net.Conn, secure bool) {
	defer conn.Close()                                     //nolint:errcheck // the client may have gone
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // a test that hangs ends by itself
	session := &mailSession{server: s, conn: conn, in: bufio.NewReader(conn), secure: secure}
	session.say("220 mail.test ESMTP")
	for session.command() {
	}
}

// mailSession is one conversation.
type mailSession struct {
	server   *MailServer
	conn     net.Conn
	in       *bufio.Reader
	secure   bool
	from, to string
}

func (c *mailSession) say(lines string) { _, _ = io.WriteString(c.conn, lines+"\r\n") }

// command reads and answers one command; false ends the conversation.
func (c *mailSession) command() bool {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return false
	}
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		answer := "250-mail.test\r\n250-8BITMIME\r\n"
		if c.server.tls != nil && !c.secure {
			answer += "250-STARTTLS\r\n"
		}
		c.say(answer + "250 AUTH PLAIN")
	case "STARTTLS":
		c.say("220 go ahead")
		c.conn, c.secure = tls.Server(c.conn, c.server.tls), true
		c.in = bufio.NewReader(c.conn)
	case "AUTH":
		_, encoded, _ := strings.Cut(rest, " ")
		plain, _ := base64.StdEncoding.DecodeString(encoded)
		c.server.mu.Lock()
		c.server.logins = append(c.server.logins, strings.ReplaceAll(strings.TrimPrefix(string(plain), "\x00"), "\x00", ":"))
		c.server.mu.Unlock()
		c.say("235 welcome")
	case "MAIL":
		c.from = envelope(rest)
		c.say("250 ok")
	case "RCPT":
		c.to = envelope(rest)
		c.say(c.server.answerTo())
	case "DATA":
		c.say("354 go ahead")
		return c.data()
	case "RSET", "NOOP":
		c.say("250 ok")
	case "QUIT":
		c.say("221 bye")
		return false
	default:
		c.say("502 not known here")
	}
	return true
}

func envelope(text string) string {
	_, after, _ := strings.Cut(text, "<")
	address, _, _ := strings.Cut(after, ">")
	return address
}

func (s *MailServer) answerTo() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refuse) == 0 {
		return "250 ok"
	}
	answer := s.refuse[0]
	s.refuse = s.refuse[1:]
	return answer
}

func (c *mailSession) data() bool {
	var text strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	m, err := readMail(text.String())
	if err != nil {
		c.say("554 " + err.Error())
		return true
	}
	m.From, m.To, m.Secure = c.from, c.to, c.secure
	c.server.mu.Lock()
	c.server.seen = append(c.server.seen, m)
	c.server.mu.Unlock()
	c.server.inbox <- m
	c.say("250 kept")
	return true
}

func readMail(text string) (Mail, error) {
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return Mail{}, err
	}
	body := message.Body
	switch strings.ToLower(message.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	plain, err := io.ReadAll(body)
	if err != nil {
		return Mail{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	return Mail{Header: message.Header, Subject: subject, Text: strings.ReplaceAll(string(plain), "\r\n", "\n")}, err
}
