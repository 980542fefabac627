package services

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// unpacked is where the set-up of a user who may not install puts the servers, seen from the project's root.
const unpacked = ".cache/debian"

// findUnpacked looks for a file there, from the present folder up: tests run in the folder of their
// package. Of several that the pattern matches it returns the one of the newest version, of none "".
func findUnpacked(pattern string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if found, err := newest(filepath.Join(dir, unpacked, pattern)); err != nil || found != "" {
			return found, err
		}
		if dir == filepath.Dir(dir) {
			return "", nil
		}
	}
}

// newest returns the match whose folder above bin has the highest number.
func newest(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) }), nil
}

func version(program string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program))))
	if err != nil {
		return 0
	}
	return n
}

// unpackedEnv lets an unpacked server find the libraries unpacked beside it, and keeps the caller's own
// PostgreSQL variables away from the server.
func unpackedEnv(program string) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PG") })
	root, _, ok := strings.Cut(program, unpacked+"/")
	if !ok {
		return env
	}
	libs, err := filepath.Glob(filepath.Join(root, unpacked, "usr/lib/*-linux-gnu"))
	if err == nil {
		env = append(env, "LD_LIBRARY_PATH="+strings.Join(libs, ":"))
	}
	return env
}
