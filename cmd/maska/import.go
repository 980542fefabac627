package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"

	"maska/internal/app"
	"maska/internal/session"
)

type importCmd struct {
	Users importUsersCmd `cmd:"" help:"Make accounts of the people of another system."`
}

// importUsersCmd reads people of another system, one JSON object a line.
type importUsersCmd struct {
	File   string `arg:"" placeholder:"FILE" help:"JSON lines with email, emailVerified, passwordHash (PHC or MCF: argon2, bcrypt, scrypt, pbkdf2), telegramId, username, firstName, lastName, language, roles, isActive, createdAt; - for standard input."`
	DryRun bool   `help:"Only say what would happen."`
}

// maxImportLine is the longest line that is read, in bytes.
const maxImportLine = 64 << 10

// Run prints what is wrong line by line, without anything personal, and then the sums. It may be run again:
// who is there already is left alone. Exit code 1 means that a line was refused.
func (c *importUsersCmd) Run(ctx context.Context, env environment, stdin io.Reader, stdout io.Writer) error {
	cfg, err := env.load()
	if err != nil {
		return err
	}
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it is only read
		stdin = file
	}
	counts := map[session.Imported]int{}
	refused := 0
	err = app.Operate(ctx, cfg, func(s *session.Service) error {
		lines := bufio.NewScanner(stdin)
		lines.Buffer(nil, maxImportLine)
		for n := 1; lines.Scan(); n++ {
			if len(lines.Bytes()) == 0 {
				continue
			}
			outcome, err := c.importLine(ctx, s, lines.Bytes())
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				refused++
				if _, err := fmt.Fprintf(stdout, "line %d: %v\n", n, err); err != nil {
					return err
				}
				continue
			}
			counts[outcome]++
		}
		return lines.Err()
	})
	if err != nil {
		return err
	}
	would := ""
	if c.DryRun {
		would = "nothing was kept; would be: "
	}
	if _, err := fmt.Fprintf(stdout, "%s%d made, %d already there, %d refused\n", would, counts[session.ImportMade], counts[session.ImportKnown], refused); err != nil {
		return err
	}
	if refused > 0 {
		return exitError{code: 1}
	}
	return nil
}

func (c *importUsersCmd) importLine(ctx context.Context, s *session.Service, line []byte) (session.Imported, error) {
	var user session.ImportedUser
	// A member that nobody knows is likely a slip, and what it says would be lost.
	if err := json.Unmarshal(line, &user, json.RejectUnknownMembers(true)); err != nil {
		if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
			return "", fmt.Errorf("%s is unknown or of another type", wrong.JSONPointer)
		}
		return "", errors.New("not a JSON object, or a member twice")
	}
	return s.Import(ctx, user, c.DryRun)
}
