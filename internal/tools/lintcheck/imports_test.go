// Package lintcheck proves that the lint settings refuse what they are meant to refuse: a rule whose file pattern
// matches nothing is silent, and silence looks like success.
package lintcheck_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// law says, in the order of the layers, what of ours each package may import.
var law = []struct{ name, may string }{
	{"internal/locale", "internal/random"},
	{"internal/random", "internal/locale"},
	{"internal/config", words},
	{"internal/email", words},
	{"internal/errs", words},
	{"internal/limit", words},
	{"internal/mfa", words},
	{"internal/password", words},
	{"internal/telegram", words},
	{"internal/vault", words},
	{"internal/profile/maskart", words},
	{"internal/profile/nickname", words},
	{"socketio", ""},
	{"socketio/conformance", "socketio"},
	{"web", ""},
	{"internal/collector", ""},
	{"internal/metrics", ""},

	{"internal/account", tools},
	{"internal/profile", tools + " internal/profile/maskart internal/profile/nickname"},
	{"internal/audit", tools + " internal/account"},
	{"internal/session", tools + " internal/account internal/audit internal/email internal/mfa internal/password internal/profile internal/telegram"},
	{"internal/room", tools + " internal/profile"},
	{"internal/media", tools + " internal/profile"},
	{"internal/message", tools + " internal/profile internal/room internal/media"},
	{"internal/view", "internal/errs internal/locale internal/profile internal/room internal/media internal/message"},
	{"internal/view/account", "internal/errs internal/locale internal/account internal/audit internal/session internal/profile internal/view"},

	{"internal/httpapi", tools + domain + " internal/profile/maskart internal/profile/nickname internal/view internal/view/account internal/mfa internal/telegram web"},
	{"internal/realtime", words + " internal/errs internal/limit" + domain + " internal/view socketio"},
	{"internal/store", tools + domain},
	{"internal/cluster", tools + domain},
	{"internal/cluster/clustertest", tools + domain},
	{"internal/blob", tools + domain},
	{"internal/geo", tools + domain},
	{"internal/webhook", tools + domain},
	{"internal/oidc", "internal/errs internal/random internal/session internal/telegram internal/vault"},
	{"internal/mail", tools + domain},
	{"internal/sms", tools + domain},

	{"internal/app", "everything but internal/testkit internal/testkit/testdb internal/testkit/testredis internal/testkit/services internal/faultlab" + commands},
	{"internal/testkit", "everything but" + commands},
	{"internal/testkit/testdb", ""},
	{"internal/testkit/services", ""},
	{"internal/testkit/testredis", "internal/testkit/services"},
	{"internal/tools/withservices", "internal/testkit/services"},
	{"internal/loadtest", "internal/telegram"},
	{"internal/faultlab", "internal/telegram internal/testkit/services"},
	{"internal/authcheck", "internal/telegram"},
	{"internal/tools/faults", "internal/faultlab internal/testkit/services"},
	{"internal/tools/benchserver", "internal/collector internal/loadtest socketio"},
	{"internal/tools/benchcompare", "internal/collector internal/loadtest socketio"},
	{"cmd/maska", words + " internal/account internal/app internal/authcheck internal/collector internal/config internal/errs internal/loadtest internal/session internal/telegram"},
}

const (
	words    = "internal/locale internal/random"
	tools    = words + " internal/errs internal/limit internal/vault"
	commands = " internal/tools/withservices internal/tools/benchserver internal/tools/benchcompare internal/tools/faults"
	domain   = " internal/account internal/audit internal/session internal/profile internal/room internal/media internal/message"
)

// Tests start real databases and the real app, so they may import everything; except these.
var (
	leaves = strings.Fields(words + " internal/config internal/email internal/errs internal/limit internal/mfa internal/password internal/telegram internal/vault" +
		" internal/profile/maskart internal/profile/nickname")
	maskSide = strings.Fields("internal/room internal/media internal/message internal/view")
	person   = strings.Fields("internal/account internal/session internal/telegram internal/view/account")
)

// technology is what the domain must not know; the edges must not know the first of it, the databases.
var technology = []string{
	"database/sql", "github.com/jackc/pgx/v5", "modernc.org/sqlite",
	"net/http", "github.com/pressly/goose/v3", "github.com/coder/websocket",
}

const databases = 3

func TestEveryPackageStandsInTheImportLaw(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	known := packages()
	for found := range strings.FieldsSeq(string(out)) {
		if name := strings.TrimPrefix(found, "maska/"); !slices.Contains(known, name) {
			t.Errorf("%s is in no import rule: give it one here and in .golangci.yml", name)
		}
	}
}

func TestLintHoldsTheImportLaw(t *testing.T) {
	t.Parallel()
	// Go loads no import cycles, so what points up and what points down is planted apart.
	for _, direction := range []string{"up", "down"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, packages())
			want := map[string]bool{} // whether the planted file is allowed
			for i, from := range law {
				for j, to := range law {
					if i != j && (i < j) == (direction == "up") && !strings.HasPrefix(to.name, "cmd/") {
						want[s.plant(from.name, "maska/"+to.name, "")] = mayImport(from.may, to.name)
					}
				}
			}
			compare(t, want, s.lint("depguard"))
		})
	}
}

func TestLintHoldsTheMaskBoundaryInTestsToo(t *testing.T) {
	t.Parallel()
	s := newStub(t, packages())
	want := map[string]bool{}
	for _, from := range packages() {
		for _, to := range packages() {
			if strings.HasPrefix(to, "cmd/") || (from == "internal/testkit" && strings.HasPrefix(to, "internal/tools/")) {
				continue
			}
			allowed := true
			switch {
			case strings.HasPrefix(from, "socketio"):
				allowed = to == "socketio"
			case slices.Contains(leaves, from):
				allowed = slices.Contains(leaves, to) || strings.HasPrefix(to, "internal/testkit")
			case slices.Contains(maskSide, from):
				allowed = !slices.Contains(person, to)
			}
			want[s.plant(from, "maska/"+to, "_test")] = allowed
		}
	}
	compare(t, want, s.lint("depguard"))
}

func TestLintKeepsTechnologyOutOfTheDomain(t *testing.T) {
	t.Parallel()
	s := newStub(t, packages())
	want := map[string]bool{}
	for _, name := range technology {
		for from := range strings.FieldsSeq(domain + " internal/view internal/view/account") {
			want[s.plant(from, name, "")] = false
		}
		want[s.plant("internal/app", name, "")] = true
		want[s.plant("internal/store", name, "")] = true
	}
	for _, name := range technology[:databases] {
		want[s.plant("internal/httpapi", name, "")] = false
		want[s.plant("internal/realtime", name, "")] = false
	}
	for _, name := range []string{"log", "math/rand"} {
		want[s.plant("internal/app", name, "")] = false
	}
	compare(t, want, s.lint("depguard"))
}

func TestLintRefusesHiddenInputsAndOutputs(t *testing.T) {
	t.Parallel()
	const (
		sleep       = "import \"time\"\n\nfunc f() { time.Sleep(1) }\n"
		printing    = "import \"fmt\"\n\nfunc f() { fmt.Println() }\n"
		environment = "import \"os\"\n\nvar _ = os.Getenv(\"HOME\")\n"
		environ     = "import \"os\"\n\nvar _ = os.Environ()\n"
		skipping    = "import \"testing\"\n\nfunc f(t *testing.T) { t.Skip() }\n"
	)
	s := newStub(t, packages())
	want := map[string]bool{}
	for _, planted := range []struct {
		file, text string
		allowed    bool
	}{
		{"internal/store/sleep_test.go", sleep, false},
		{"internal/store/sleep.go", sleep, true},
		{"internal/testkit/sleep.go", sleep, false},
		{"internal/store/print.go", printing, false},
		{"internal/store/print_test.go", printing, false},
		{"cmd/maska/print.go", printing, true},
		{"internal/tools/withservices/print.go", printing, true},
		{"internal/app/environment.go", environment, false},
		{"cmd/maska/environment.go", environment, false},
		{"internal/config/environment.go", environment, true},
		{"internal/store/environment_test.go", environment, true},
		{"internal/app/environ.go", environ, false},
		{"cmd/maska/environ.go", environ, true},
		{"internal/store/skip_test.go", skipping, false},
	} {
		name, _, _ := strings.Cut(planted.file[strings.LastIndex(planted.file, "/")+1:], ".")
		text := strings.ReplaceAll(planted.text, "func f", "func "+name)
		s.write(planted.file, "package "+packageName(planted.file[:strings.LastIndex(planted.file, "/")])+"\n\n"+text)
		want[planted.file] = planted.allowed
	}
	compare(t, want, s.lint("forbidigo"))
}

func compare(t *testing.T, want map[string]bool, refused map[string]string) {
	t.Helper()
	for file, allowed := range want {
		switch text, isRefused := refused[file]; {
		case allowed && isRefused:
			t.Errorf("%s is refused: %s", file, text)
		case !allowed && !isRefused:
			t.Errorf("%s is let through", file)
		}
	}
}

func mayImport(may, name string) bool {
	if except, all := strings.CutPrefix(may, "everything but "); all {
		return !slices.Contains(strings.Fields(except), name)
	}
	return slices.Contains(strings.Fields(may), name)
}

func packages() []string {
	names := make([]string, len(law))
	for i, p := range law {
		names[i] = p.name
	}
	return names
}
