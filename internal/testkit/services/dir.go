package services

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

const (
	dirPrefix = "maska-services-"
	lockName  = "lock"
	// PostgreSQL with a few dozen copies of a small template takes some hundred megabytes.
	dirRoom = 2 << 30
)

// Dir is the temporary folder of one run, in memory when there is room. Its lock is held while the run
// lives, however it ends, so that a later run can tell what is left over.
type Dir struct {
	path string
	lock *os.File
}

// NewDir makes a folder, and removes those of runs that were killed.
func NewDir() (*Dir, error) {
	parent := os.TempDir()
	if memory := memoryDir(dirRoom); memory != "" {
		parent = memory
	}
	if err := sweep(parent); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(parent, dirPrefix)
	if err != nil {
		return nil, err
	}
	// Servers that run as another user must get through it to their own folders.
	if err := os.Chmod(path, 0o711); err != nil { //nolint:gosec // Passing through shows nothing.
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	lock, err := os.CreateTemp(path, lockName)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	d := &Dir{path: path, lock: lock}
	// The file gets its name when it is locked, lest another run sweeps in between.
	if err := errors.Join(tryLock(lock), os.Rename(lock.Name(), filepath.Join(path, lockName))); err != nil {
		return nil, errors.Join(err, d.Remove())
	}
	return d, nil
}

func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// Path is where the folder is.
func (d *Dir) Path() string { return d.path }

// Remove removes the folder with everything in it.
func (d *Dir) Remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// sweep removes the folders of runs that were killed. Their servers died with them.
func sweep(parent string) error {
	paths, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	if err != nil {
		return err
	}
	var failed error
	for _, path := range paths {
		// No lock file, or not ours to open: a run that is just starting, or another user's.
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(lock) == nil {
			failed = errors.Join(failed, os.RemoveAll(path))
		}
		failed = errors.Join(failed, lock.Close())
	}
	return failed
}
