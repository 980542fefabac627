//go:build !linux

package services

import "syscall"

// DieWithParent does nothing: only Linux can tie a process to its parent. After a kill -9 the servers stay.
func DieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func memoryDir(uint64) string { return "" }

// children knows none: those of a killed PostgreSQL end by themselves, a little later.
func children(int) []int { return nil }

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
