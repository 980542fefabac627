//go:build !linux

package main

import "syscall"

// dieWithParent does nothing: only Linux can tie a process to its parent. After a kill -9 the servers stay.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func memoryDir(uint64) string { return "" }
