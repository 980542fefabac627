package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"maska/internal/loadtest"
)

// benchCmd puts load on a running server and checks every delivery.
type benchCmd struct {
	URL       *url.URL `name:"url" default:"http://127.0.0.1:3000" placeholder:"URL" help:"The server (default ${default})."`
	YesRemote bool     `help:"Yes, load a server that is not on this machine."`
	Token     string   `placeholder:"BOT_TOKEN" help:"The server's bot token, to sign people in (default: that of the settings, else the server's dev mode does)."`
	Bare      bool     `help:"The server has no accounts: join rooms by the event join."`

	Rooms    int           `default:"1" help:"Rooms (default ${default}: the global room)."`
	Members  int           `default:"100" help:"Connections in each room (default ${default})."`
	People   int           `help:"People who share the connections (default: each has its own)."`
	Stalled  int           `help:"Further connections that never read."`
	InFlight int           `default:"1" help:"Messages under way in each room (default ${default}; 0: idle)."`
	Rate     float64       `help:"Messages per second in all, whatever comes back, instead of --in-flight."`
	Size     int           `default:"64" help:"Bytes of a message's text (default ${default})."`
	WarmUp   time.Duration `default:"2s" help:"Time before the measurement (default ${default})."`
	Duration time.Duration `default:"10s" help:"Time of the measurement (default ${default})."`
	Drain    time.Duration `default:"10s" help:"Longest wait for what is under way at the end (default ${default})."`
	Parallel int           `default:"16" help:"How many connect at once (default ${default}; a server admits 20 un-joined ones from one address)."`
	PID      int           `name:"pid" help:"Process of the server, to read its CPU time and memory."`

	JSON string `name:"json" placeholder:"FILE" help:"Also write the result as JSON (- for standard output, without the table)."`
}

// Validate keeps a slip of the keyboard from becoming an attack.
func (c *benchCmd) Validate() error {
	if !loadtest.Loopback(c.URL) && !c.YesRemote {
		return fmt.Errorf("%s is not on this machine; --yes-remote if you may load it", c.URL)
	}
	cfg := c.config()
	return cfg.Check()
}

func (c *benchCmd) config() loadtest.Config {
	return loadtest.Config{
		Server: c.URL, BotToken: c.Token, Bare: c.Bare,
		Rooms: c.Rooms, Members: c.Members, People: c.People, Stalled: c.Stalled,
		InFlight: c.InFlight, Rate: c.Rate, Size: c.Size,
		WarmUp: c.WarmUp, Duration: c.Duration, Drain: c.Drain, Parallel: c.Parallel, PID: c.PID,
	}
}

// Run prints the result; exit code 1 means that something was lost, doubled, out of order, misrouted
// or refused, or that a connection ended.
func (c *benchCmd) Run(ctx context.Context, env environment, stdout io.Writer) error {
	test := c.config()
	if test.BotToken == "" && !c.Bare {
		cfg, err := env.load()
		if err != nil {
			return err
		}
		if tokens := cfg.Tokens(); len(tokens) > 0 {
			test.BotToken = tokens[0]
		}
	}
	report, err := loadtest.Run(ctx, test)
	if err != nil {
		return err
	}
	if err := c.write(report, stdout); err != nil {
		return err
	}
	if !report.Clean() {
		return exitError{code: 1}
	}
	return nil
}

func (c *benchCmd) write(report *loadtest.Report, stdout io.Writer) error {
	if c.JSON != "" {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return err
		}
		text = append(text, '\n')
		if c.JSON == "-" {
			_, err = stdout.Write(text)
			return err
		}
		if err := os.WriteFile(c.JSON, text, 0o644); err != nil { //nolint:gosec // there is no secret in it
			return errors.Join(err, report.Print(stdout))
		}
	}
	return report.Print(stdout)
}
