package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTPConfig names a submission server (RFC 6409).
type SMTPConfig struct {
	Host               string
	Port               int
	Username, Password string
	Secure             Security
	Roots              *x509.CertPool // whom TLS trusts; nil means whom the system trusts
	From               netmail.Address
}

// Security is how the way to the server is protected.
type Security int

// The ways.
const (
	StartTLS Security = iota // TLS from STARTTLS on, or no mail (RFC 3207)
	TLS                      // TLS from the first byte (RFC 8314)
	Plain                    // none: for a server on this machine
)

// SMTP sends over one connection a message: mails are rare here.
type SMTP struct{ cfg SMTPConfig }

// NewSMTP makes a sender. It does not connect yet.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	s := &SMTP{cfg: cfg}
	_, err := s.client(s.dial)
	return s, err
}

// client makes a client of one connection.
func (s *SMTP) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	policy := map[Security]gomail.TLSPolicy{
		StartTLS: gomail.TLSMandatory,
		TLS:      gomail.TLSOpportunistic, // dial gives a connection that is secure already
		Plain:    gomail.NoTLS,
	}[s.cfg.Secure]
	options := []gomail.Option{
		gomail.WithPort(s.cfg.Port), gomail.WithTimeout(10 * time.Second), gomail.WithoutSMTPUTF8(),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls()), gomail.WithDialContextFunc(dial),
	}
	if s.cfg.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.cfg.Username), gomail.WithPassword(s.cfg.Password))
	}
	return gomail.NewClient(s.cfg.Host, options...)
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.cfg.Secure == TLS {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Send delivers a message to the server.
func (s *SMTP) Send(ctx context.Context, m Message) (err error) {
	message, err := s.compose(m)
	if err != nil {
		return &PermanentError{err}
	}
	var conn net.Conn
	client, err := s.client(func(ctx context.Context, network, address string) (_ net.Conn, err error) {
		conn, err = s.dial(ctx, network, address)
		return conn, err
	})
	if err != nil {
		return err
	}
	defer func() {
		if conn != nil { // the library leaves it open when the greeting fails
			_ = conn.Close()
		}
	}()
	server, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	err = client.SendWithSMTPClient(server, message)
	_ = client.CloseWithSMTPClient(server) // a server that took the mail and says no goodbye must not be given it twice
	return withoutAddress(err)
}

func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(&s.cfg.From)
	if err := message.To(m.To); err != nil {
		return nil, errors.New("the address cannot be written to") // the cause would print it
	}
	message.Subject(m.Subject)
	message.SetDate()
	message.SetMessageIDWithValue(rand.Text() + "@" + s.cfg.From.Address[strings.LastIndexByte(s.cfg.From.Address, '@')+1:])
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer from a machine, please
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	return message, nil
}

// withoutAddress keeps of a server's refusal what may be logged.
func withoutAddress(err error) error {
	refused, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return err
	}
	cause := fmt.Errorf("%s (%d)", refused.Reason, refused.ErrorCode())
	if refused.ErrorCode() >= 500 {
		return &PermanentError{cause}
	}
	return cause
}
