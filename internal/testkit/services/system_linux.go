package services

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// DieWithParent has the kernel send sig to the process when its parent is gone, even by kill -9. The
// kernel means the thread that started the process.
func DieWithParent(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// memoryDir returns a folder that lives in memory and has the given room in bytes, or "".
func memoryDir(room uint64) string {
	const shm, tmpfsMagic = "/dev/shm", 0x01021994
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) != nil || fs.Type != tmpfsMagic || fs.Bavail*uint64(fs.Bsize) < room { //nolint:gosec // A block size is positive.
		return ""
	}
	return shm
}

// children lists the children of a process. PostgreSQL makes each of its own the leader of a process
// group, so that no group holds them all.
func children(parent int) []int {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var found []int
	for _, path := range all {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if _, of := status(pid); of == parent {
			found = append(found, pid)
		}
	}
	return found
}

// alive reports whether a process still holds anything.
func alive(pid int) bool {
	state, _ := status(pid)
	return state != 0 && state != 'Z' && state != 'X'
}

// status reads state and parent of a process (proc(5), /proc/PID/stat), 0 when it is gone.
func status(pid int) (state byte, parent int) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0
	}
	// The second field, the name in parentheses, may contain anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	parent, err = strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0, 0
	}
	return fields[0][0], parent
}
