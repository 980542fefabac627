package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// readFile reads a .env file; a file that is not there is empty. The file holds secrets, and the
// parser's errors quote all that follows a slip, so the error here is the number of a line.
func readFile(path string) (map[string]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the settings cannot be read: %w", err)
	}
	text = append(text, '\n') // else a last line without = would pass
	values, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, fmt.Errorf("the file %s is broken in line %d; a setting is written NAME=value, and what is quoted ends with the same quote", path, brokenLine(text))
	}
	return values, nil
}

// brokenLine is where the longest run of whole lines ends that can still be read. It goes from the end, since
// a quoted value of several lines cannot be read halfway either.
func brokenLine(text []byte) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		text = text[:len(text)-len(lines[n])]
		if _, err := godotenv.UnmarshalBytes(text); err == nil {
			return n + 1
		}
	}
	return 1
}

// misspelled warns of names in the file that are no settings but nearly are. Of what stands beside them
// nothing is said.
func misspelled(values map[string]string) (warnings []string) {
	var ours []string
	for field := range reflect.TypeFor[Config]().Fields() {
		if name := field.Tag.Get("env"); name != "-" {
			ours = append(ours, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(ours, name) {
			continue
		}
		for _, setting := range ours {
			if near(strings.ToUpper(name), setting) {
				warnings = append(warnings, fmt.Sprintf("the .env file sets %s, which is no setting; is %s meant?", name, setting))
				break
			}
		}
	}
	return warnings
}

// near reports whether b becomes a by one or two slips: a letter more, less or another one (Levenshtein
// distance). In a short name only one is taken for a slip.
func near(a, b string) bool {
	most := 2
	if len(b) < 8 {
		most = 1
	}
	if max(len(a), len(b))-min(len(a), len(b)) > most {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)] <= most
}
