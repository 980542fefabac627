// Package doccheck compares the documents with the tree, so that a newcomer can believe them.
package doccheck_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// screen is how many lines of a README people read before they scroll away.
const screen = 80

func TestArchitectureNamesEveryPackage(t *testing.T) {
	named := tableEntries(read(t, "ARCHITECTURE.md"))
	for _, folder := range slices.Concat(goPackages(t), webFolders(t)) {
		if !slices.ContainsFunc(named, func(entry string) bool { return covers(entry, folder) }) {
			t.Errorf("ARCHITECTURE.md does not name %s in its package table", folder)
		}
	}
}

func TestArchitectureNamesNothingThatIsGone(t *testing.T) {
	named := tableEntries(read(t, "ARCHITECTURE.md"))
	if len(named) == 0 {
		t.Fatal("ARCHITECTURE.md has no package table")
	}
	for _, entry := range named {
		if info, err := os.Stat(filepath.Join(root, strings.TrimSuffix(entry, "/..."))); err != nil || !info.IsDir() {
			t.Errorf("ARCHITECTURE.md names %s, which is not there", entry)
		}
	}
}

func TestReadmeFitsTheScreenAndNamesTheTwoCommands(t *testing.T) {
	readme := read(t, "README.md")
	if lines := strings.Count(readme, "\n"); lines > screen {
		t.Errorf("README.md has %d lines; a screen has %d", lines, screen)
	}
	for _, command := range []string{"make run", "make test"} {
		if !strings.Contains(readme, command) {
			t.Errorf("README.md does not name %s", command)
		}
	}
}

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	documents, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range documents {
		for _, found := range link.FindAllStringSubmatch(read(t, filepath.Base(document)), -1) {
			if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(document), found[1], err)
			}
		}
	}
}

// tableEntries returns the folders in the first column of the package table: rows that start with a name in
// backquotes. A name that ends in /... stands for everything below.
func tableEntries(text string) []string {
	row := regexp.MustCompile("(?m)^\\| *(`[^|]*)\\|")
	name := regexp.MustCompile("`((?:cmd|e2e|internal|socketio|tools|web)[a-z0-9_/.]*)`")
	var entries []string
	for _, cell := range row.FindAllStringSubmatch(text, -1) {
		for _, found := range name.FindAllStringSubmatch(cell[1], -1) {
			entries = append(entries, strings.TrimSuffix(found[1], "/"))
		}
	}
	return entries
}

func covers(entry, folder string) bool {
	if below, all := strings.CutSuffix(entry, "..."); all {
		return strings.HasPrefix(folder+"/", below)
	}
	return entry == folder
}

func goPackages(t *testing.T) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}}", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []string
	for path := range strings.FieldsSeq(string(out)) {
		packages = append(packages, strings.TrimPrefix(path, "maska/"))
	}
	if len(packages) == 0 {
		t.Fatal("go list found no package")
	}
	return packages
}

func webFolders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "web/src"))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, "web/src/"+entry.Name())
		}
	}
	return folders
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
