package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
