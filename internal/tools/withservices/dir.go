package main

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

// dir is the temporary folder of one run. Its lock is held while the run lives, however it ends,
// so that a later run can tell what is left over.
type dir struct {
	path string
	lock *os.File
}

func newDir() (*dir, error) {
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
	lock, err := os.CreateTemp(path, lockName)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	d := &dir{path: path, lock: lock}
	// The file gets its name when it is locked, lest another run sweeps in between.
	if err := errors.Join(tryLock(lock), os.Rename(lock.Name(), filepath.Join(path, lockName))); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func (d *dir) remove() error {
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
		lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0) //nolint:gosec // The path is of our own making.
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
