package lintcheck_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const root = "../../.."

// golangciLint returns the path of the pinned linter, building it if need be.
var golangciLint = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-modfile=tools/go.mod", "-n", "golangci-lint")
	cmd.Dir = root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// stub is a small module with the project's name and lint settings, made to be refused.
type stub struct {
	t   *testing.T
	dir string
}

func newStub(t *testing.T, packages []string) *stub {
	t.Helper()
	s := &stub{t: t, dir: t.TempDir()}
	settings, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write(".golangci.yml", string(settings))
	module := "module maska\n\ngo 1.26.0\n"
	for _, name := range technology {
		// Other people's modules are empty here too: only their names matter.
		if strings.Contains(name, ".") {
			module += "require " + name + " " + anyVersion(name) + "\nreplace " + name + " => ./vendored/" + name + "\n"
			s.write("vendored/"+name+"/go.mod", "module "+name+"\n")
			s.write("vendored/"+name+"/stub.go", "package stub\n")
		}
	}
	s.write("go.mod", module)
	for _, name := range packages {
		s.write(name+"/stub.go", "package "+packageName(name)+"\n\nfunc main() {}\n")
	}
	return s
}

// plant adds a file to the package that imports what is given, and returns the file's name.
func (s *stub) plant(name, imported, suffix string) string {
	s.t.Helper()
	file := name + "/imports_" + strings.NewReplacer("/", "_", ".", "_").Replace(imported) + suffix + ".go"
	in := packageName(name)
	if suffix == "_test" {
		in += "_test"
	}
	s.write(file, "package "+in+"\n\nimport _ \""+imported+"\"\n")
	return file
}

func (s *stub) write(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// lint returns the files that the linter refuses, with what it says.
func (s *stub) lint(linter string) map[string]string {
	s.t.Helper()
	binary, err := golangciLint()
	if err != nil {
		s.t.Fatal("build golangci-lint: ", err)
	}
	cmd := exec.CommandContext(s.t.Context(), binary,
		"run", "--enable-only="+linter, "--issues-exit-code=0", "--show-stats=false", "--output.json.path=stdout", "./...")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("golangci-lint: %v\n%s%s", err, out, stderr.String())
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct{ Filename string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	refused := map[string]string{}
	for _, issue := range report.Issues {
		if issue.FromLinter != linter {
			s.t.Fatalf("the stub does not load: %s: %s", issue.Pos.Filename, issue.Text)
		}
		refused[filepath.ToSlash(issue.Pos.Filename)] = issue.Text
	}
	return refused
}

// anyVersion returns a version that a module of this name may have.
func anyVersion(module string) string {
	if major := path.Base(module); strings.HasPrefix(major, "v") && strings.Trim(major, "v0123456789") == "" {
		return major + ".0.0"
	}
	return "v0.0.0"
}

func packageName(name string) string {
	if strings.HasPrefix(name, "cmd/") {
		return "main"
	}
	return path.Base(name)
}
