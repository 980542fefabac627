package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"maska/internal/telegram"
)

// exitError ends the program with a code after everything has been said; main
// prints nothing for it. It is a kong.ExitCoder.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// ExitCode is the code for os.Exit.
func (e exitError) ExitCode() int { return e.code }

// initdataCmd is for deployers and scripts: does this token fit this initData?
type initdataCmd struct {
	Sign  initdataSignCmd  `cmd:"" help:"Print initData for a test, signed with a bot token."`
	Check initdataCheckCmd `cmd:"" help:"Check what standard input holds; exit code 1 means refused."`
}

// unixTime is a flag in UNIX seconds.
type unixTime int64

func (t *unixTime) orNow() time.Time {
	if t == nil {
		return time.Now()
	}
	return time.Unix(int64(*t), 0)
}

type initdataSignCmd struct {
	Token      string    `required:"" placeholder:"TOKEN" help:"Bot token to sign with."`
	ID         int64     `required:"" name:"id" placeholder:"N" help:"Telegram id of the person."`
	FirstName  string    `default:"Test" help:"First name (default ${default})."`
	LastName   string    `help:"Last name."`
	Username   string    `help:"Username without @."`
	Language   string    `help:"Language code, such as en."`
	StartParam string    `help:"Start parameter of the link."`
	AuthDate   *unixTime `placeholder:"UNIX" help:"When it was signed (default: now)."`
}

// Run prints the initData on a line.
func (c *initdataSignCmd) Run(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, telegram.SignInitData(c.Token, telegram.SignParams{
		User: telegram.User{
			ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Username: c.Username, LanguageCode: c.Language,
		},
		AuthDate:   c.AuthDate.orNow(),
		StartParam: c.StartParam,
	}))
	return err
}

// Validate refuses an id that Telegram cannot give: initData for it would never pass.
func (c *initdataSignCmd) Validate() error {
	if c.ID <= 0 || c.ID >= telegram.UserIDLimit {
		return fmt.Errorf("--id must lie between 1 and %d", int64(telegram.UserIDLimit-1))
	}
	return nil
}

type initdataCheckCmd struct {
	Kind      string    `required:"" enum:"initdata,widget,ed25519" help:"What it is: ${enum}."`
	Token     string    `placeholder:"TOKEN" help:"Bot token, for initdata and widget."`
	BotID     int64     `name:"bot-id" placeholder:"N" help:"Id of the bot, for ed25519."`
	PublicKey string    `placeholder:"HEX" help:"Public key, for ed25519 (default: Telegram's)."`
	Now       *unixTime `placeholder:"UNIX" help:"Time to judge the age at (default: now)."`
	MaxAge    int64     `default:"86400" placeholder:"S" help:"Seconds that it stays valid (default ${default})."`
	Skew      int64     `default:"60" placeholder:"S" help:"Seconds that it may lie in the future (default ${default})."`
}

// Validate asks for the flags that the kind needs.
func (c *initdataCheckCmd) Validate() error {
	switch {
	case c.Kind != "ed25519" && c.Token == "":
		return fmt.Errorf("--kind %s needs --token", c.Kind)
	case c.Kind == "ed25519" && c.BotID <= 0:
		return errors.New("--kind ed25519 needs --bot-id")
	}
	return nil
}

// verdict is the one line on standard output.
type verdict struct {
	OK     bool            `json:"ok"`
	UserID int64           `json:"userId,omitempty"`
	Reason telegram.Reason `json:"reason,omitempty"`
}

// Run prints the verdict; what is refused ends with exit code 1.
func (c *initdataCheckCmd) Run(stdin io.Reader, stdout io.Writer) error {
	input, err := readInput(stdin)
	if err != nil {
		return err
	}
	userID, err := c.check(input)
	said := verdict{OK: true, UserID: userID}
	if refusal, ok := errors.AsType[*telegram.Error](err); ok {
		said = verdict{Reason: refusal.Reason}
	} else if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(said); err != nil {
		return err
	}
	if !said.OK {
		return exitError{code: 1}
	}
	return nil
}

// check returns the id of the person whom the input names.
func (c *initdataCheckCmd) check(input []byte) (int64, error) {
	limits := telegram.Limits{MaxAge: seconds(c.MaxAge), MaxSkew: seconds(c.Skew)}
	if c.Kind == "ed25519" {
		key, err := telegram.ParsePublicKey(cmp.Or(c.PublicKey, telegram.ProductionPublicKey))
		if err != nil {
			return 0, err
		}
		data, err := telegram.VerifySignature(string(input), c.BotID, key, limits, c.Now.orNow())
		return data.User.ID, err
	}
	verifier, err := telegram.NewVerifier([]string{c.Token}, limits)
	if err != nil {
		return 0, err
	}
	if c.Kind == "widget" {
		login, err := verifier.Widget(input, c.Now.orNow())
		return login.User.ID, err
	}
	data, err := verifier.InitData(string(input), c.Now.orNow())
	return data.User.ID, err
}

// readInput reads no more than any check would look at, without the newline that
// a shell puts at the end.
func readInput(stdin io.Reader) ([]byte, error) {
	input, err := io.ReadAll(io.LimitReader(stdin, telegram.MaxWidget+2))
	return bytes.TrimSuffix(input, []byte("\n")), err
}

// seconds is n seconds, or as many as a duration can hold.
func seconds(n int64) time.Duration {
	return time.Duration(min(n, int64(math.MaxInt64/time.Second))) * time.Second
}
