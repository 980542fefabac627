package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"maska/internal/account"
	"maska/internal/app"
	"maska/internal/errs"
	"maska/internal/session"
)

// adminCmd acts on accounts. It may run beside the server, which notices within ten seconds.
type adminCmd struct {
	Grant   grantCmd   `cmd:"" help:"Give an account a role, which includes those below it."`
	Revoke  revokeCmd  `cmd:"" help:"Take all roles from an account but user."`
	List    listCmd    `cmd:"" help:"List accounts with roles, and disabled ones."`
	Disable disableCmd `cmd:"" help:"Shut somebody out, with every account that he may make of the same identities."`
	Enable  enableCmd  `cmd:"" help:"Let him in again."`
	Logout  logoutCmd  `cmd:"" help:"End all sessions of an account."`
}

// person names an account.
type person struct {
	Person string `arg:"" help:"Account id, short id, address, @username, or tg:<Telegram id>."`
}

// act finds the account and does something with it.
func (p person) act(ctx context.Context, env environment, do func(*session.Service, account.Account) error) error {
	cfg, err := env.load()
	if err != nil {
		return err
	}
	return app.Operate(ctx, cfg, func(s *session.Service) error {
		found, err := s.Find(ctx, p.Person)
		if errs.CodeOf(err) == errs.NotFound {
			return fmt.Errorf("there is no account %s", p.Person)
		}
		if err != nil {
			return err
		}
		return do(s, found)
	})
}

// change changes the account and prints what it is now.
func (p person) change(ctx context.Context, env environment, stdout io.Writer, change session.AccountChange) error {
	return p.act(ctx, env, func(s *session.Service, found account.Account) error {
		changed, err := s.Operate(ctx, session.Operator{}, found.ID, change)
		if err != nil {
			return err
		}
		return printAccount(stdout, changed)
	})
}

func printAccount(stdout io.Writer, a account.Account) error {
	names := make([]string, len(a.Roles))
	for i, role := range a.Roles {
		names[i] = string(role)
	}
	state := "active"
	if !a.Active {
		state = "disabled"
	}
	_, err := fmt.Fprintf(stdout, "%s\t%d\t%s\t%s\n", a.ShortID, a.ID, strings.Join(names, ","), state)
	return err
}

type grantCmd struct {
	person
	Role string `arg:"" enum:"moderator,admin" help:"Which: ${enum}."`
}

// Run prints the account.
func (c grantCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	return c.change(ctx, env, stdout, session.AccountChange{Roles: []account.Role{account.Role(c.Role)}})
}

type revokeCmd struct{ person }

// Run prints the account.
func (c revokeCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	return c.change(ctx, env, stdout, session.AccountChange{Roles: []account.Role{account.RoleUser}})
}

type disableCmd struct{ person }

// Run prints the account.
func (c disableCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	return c.change(ctx, env, stdout, session.AccountChange{Active: new(false)})
}

type enableCmd struct{ person }

// Run prints the account.
func (c enableCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	return c.change(ctx, env, stdout, session.AccountChange{Active: new(true)})
}

type logoutCmd struct{ person }

// Run prints how many sessions were ended.
func (c logoutCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	return c.act(ctx, env, func(s *session.Service, found account.Account) error {
		n, err := s.EndSessionsOf(ctx, session.Operator{}, found.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s\t%d sessions ended\n", found.ShortID, n)
		return err
	})
}

type listCmd struct{}

// Run prints a line for each account: short id, id, roles, state.
func (listCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	cfg, err := env.load()
	if err != nil {
		return err
	}
	return app.Operate(ctx, cfg, func(s *session.Service) error {
		for next := account.ID(0); ; {
			var page []account.Account
			page, next, err = s.Accounts(ctx, next, true)
			if err != nil {
				return err
			}
			for _, each := range page {
				if err := printAccount(stdout, each); err != nil {
					return err
				}
			}
			if next == 0 {
				return nil
			}
		}
	})
}
