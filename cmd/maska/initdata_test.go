package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"maska/internal/telegram"
)

// runInitdata starts the program's initdata commands as a shell would and returns what
// they printed.
func runInitdata(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var program struct {
		Initdata initdataCmd `cmd:""`
	}
	var stdout strings.Builder
	parser, err := kong.New(
		&program,
		kong.BindTo(strings.NewReader(stdin), (*io.Reader)(nil)),
		kong.BindTo(&stdout, (*io.Writer)(nil)),
		kong.Writers(t.Output(), t.Output()),
		kong.Exit(func(int) { t.Error("the parser exited") }),
	)
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(append([]string{"initdata"}, args...))
	if err != nil {
		return "", err
	}
	err = command.Run()
	return stdout.String(), err
}

type vector struct {
	ID, Kind, Token, Input, Expect, Reason string

	BotID         int64  `json:"bot_id"`
	PublicKey     string `json:"public_key"`
	Now           int64
	MaxAge        int64 `json:"max_age"`
	MaxFutureSkew int64 `json:"max_future_skew"`
	UserID        int64 `json:"user_id"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("../../internal/telegram/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	return file.Vectors
}

func TestCheckJudgesEveryVectorAsStated(t *testing.T) {
	kinds := map[string]string{"initdata-hmac": "initdata", "login-widget": "widget", "initdata-ed25519": "ed25519"}
	for _, v := range readVectors(t) {
		for ending, input := range map[string]string{"": v.Input, ", newline": v.Input + "\n"} {
			t.Run(v.ID+ending, func(t *testing.T) {
				args := []string{
					"check", "--kind", kinds[v.Kind],
					"--now", strconv.FormatInt(v.Now, 10),
					"--max-age", strconv.FormatInt(v.MaxAge, 10),
					"--skew", strconv.FormatInt(v.MaxFutureSkew, 10),
				}
				if v.Kind == "initdata-ed25519" {
					args = append(args, "--bot-id", strconv.FormatInt(v.BotID, 10), "--public-key", v.PublicKey)
				} else {
					args = append(args, "--token", v.Token)
				}
				printed, err := runInitdata(t, input, args...)
				want, wantCode := []string{fmt.Sprintf(`{"ok":true,"userId":%d}`+"\n", v.UserID)}, 0
				if v.Expect == "reject" {
					want, wantCode = nil, 1
					for reason := range strings.SplitSeq(v.Reason, "|") {
						want = append(want, fmt.Sprintf(`{"ok":false,"reason":%q}`+"\n", reason))
					}
				}
				if !slices.Contains(want, printed) {
					t.Errorf("printed %s, want %s", printed, want)
				}
				if code := exitCode(t, err); code != wantCode {
					t.Errorf("exit code %d, want %d", code, wantCode)
				}
			})
		}
	}
}

// exitCode fails the test for an error that main would have to print.
func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit exitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

const testToken = "700000001:AAMadeUpTokenOnlyForTests_000000000000"

func TestSignedInitDataPassesTheCheckAndSaysWhatWasAsked(t *testing.T) {
	raw, err := runInitdata(
		t, "", "sign", "--token", testToken, "--id", "4503599627370495", "--first-name", "Анна + 1", "--last-name", "Ли",
		"--username", "anna", "--language", "ru", "--start-param", "r_1", "--auth-date", "1760000000",
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"signature=", "auth_date=1760000000", "start_param=r_1", "%22username%22%3A%22anna%22"} {
		if !strings.Contains(raw, part) {
			t.Errorf("no %s in %s", part, raw)
		}
	}
	printed, err := runInitdata(t, raw, "check", "--kind", "initdata", "--token", testToken, "--now", "1760000000")
	if want := `{"ok":true,"userId":4503599627370495}` + "\n"; err != nil || printed != want {
		t.Errorf("printed %s, %v; want %s", printed, err, want)
	}
}

func TestSignAndCheckUseThePresentTimeByDefault(t *testing.T) {
	raw, err := runInitdata(t, "", "sign", "--token", testToken, "--id", "5")
	if err != nil {
		t.Fatal(err)
	}
	if printed, err := runInitdata(t, raw, "check", "--kind", "initdata", "--token", testToken); err != nil {
		t.Errorf("printed %s, %v", printed, err)
	}
	old, err := runInitdata(t, "", "sign", "--token", testToken, "--id", "5", "--auth-date", "1760000000")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := runInitdata(t, old, "check", "--kind", "initdata", "--token", testToken)
	if want := `{"ok":false,"reason":"expired"}` + "\n"; exitCode(t, err) != 1 || printed != want {
		t.Errorf("printed %s, want %s", printed, want)
	}
	if printed, err := runInitdata(t, old, "check", "--kind", "initdata", "--token", testToken, "--max-age", "9223372036854775807"); err != nil {
		t.Errorf("the longest age: printed %s, %v", printed, err)
	}
}

func TestCheckReadsABoundedInputAndForgivesOneNewline(t *testing.T) {
	raw, err := runInitdata(t, "", "sign", "--token", testToken, "--id", "5")
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string]string{
		"two newlines":  raw + "\n",
		"empty":         "",
		"only newlines": "\n\n",
		"a megabyte":    strings.Repeat("a=1&", 1<<18),
		"binary":        "\x00\xff\xfe",
	} {
		for _, kind := range []string{"initdata", "widget", "ed25519"} {
			printed, err := runInitdata(t, input, "check", "--kind", kind, "--token", testToken, "--bot-id", "1")
			if want := `{"ok":false,"reason":"malformed"}` + "\n"; exitCode(t, err) != 1 || printed != want {
				t.Errorf("%s as %s: printed %s, want %s", name, kind, printed, want)
			}
		}
	}
	rest := strings.NewReader(strings.Repeat("x", 1<<20))
	if _, err := readInput(rest); err != nil || rest.Len() < 1<<20-telegram.MaxWidget-4096 {
		t.Errorf("read %d bytes, %v", 1<<20-rest.Len(), err)
	}
}

func TestMistakesInTheCommandAreToldAndPrintNothing(t *testing.T) {
	for name, args := range map[string][]string{
		"no kind":            {"check", "--token", testToken},
		"unknown kind":       {"check", "--kind", "oidc", "--token", testToken},
		"no token":           {"check", "--kind", "initdata"},
		"no token, widget":   {"check", "--kind", "widget"},
		"no bot":             {"check", "--kind", "ed25519"},
		"key too short":      {"check", "--kind", "ed25519", "--bot-id", "1", "--public-key", "00"},
		"negative age":       {"check", "--kind", "initdata", "--token", testToken, "--max-age=-1"},
		"now is no number":   {"check", "--kind", "initdata", "--token", testToken, "--now", "today"},
		"sign without token": {"sign", "--id", "5"},
		"sign without id":    {"sign", "--token", testToken},
		"sign id 0":          {"sign", "--token", testToken, "--id", "0"},
		"sign id 2^52":       {"sign", "--token", testToken, "--id", "4503599627370496"},
	} {
		printed, err := runInitdata(t, "", args...)
		var exit exitError
		if err == nil || errors.As(err, &exit) || printed != "" {
			t.Errorf("%s: printed %q, %v; want an error to tell", name, printed, err)
		}
	}
}
