package mail

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Printer is the sender of dev mode: it writes letters where the developer reads them. It is for made-up
// people only, since what it prints are secrets.
type Printer struct {
	mu  sync.Mutex
	out io.Writer
}

// NewPrinter makes a sender that writes to out.
func NewPrinter(out io.Writer) *Printer { return &Printer{out: out} }

// Send prints a message.
func (p *Printer) Send(_ context.Context, m Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := fmt.Fprintf(p.out, "\n--- mail to %s: %s\n\n%s---\n", m.To, m.Subject, m.Text)
	return err
}
