package main

import "syscall"

// dieWithParent has the kernel send sig to the process when its parent is gone, even by kill -9.
func dieWithParent(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// memoryDir returns a folder that lives in memory and has the given room in bytes, or "".
func memoryDir(room uint64) string {
	const shm, tmpfsMagic = "/dev/shm", 0x01021994
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) != nil || fs.Type != tmpfsMagic || fs.Bavail*uint64(fs.Bsize) < room { //nolint:gosec // A block size is positive.
		return ""
	}
	return shm
}
