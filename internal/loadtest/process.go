package loadtest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process has used, as Linux tells it.
type usage struct {
	cpu      time.Duration // user and system
	resident int64         // bytes
}

// tick is the unit of CPU time in /proc/PID/stat (proc(5): USER_HZ, 100 on every architecture).
const tick = 10 * time.Millisecond

func usageOf(pid int) (usage, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("the server's CPU time and memory can be read on this machine and on Linux only: %w", err)
	}
	// The second field, the name in parentheses, may contain anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const user, system, resident = 14 - 3, 15 - 3, 24 - 3
	if len(fields) <= resident {
		return usage{}, fmt.Errorf("/proc/%d/stat: %q", pid, text)
	}
	var numbers [3]int64
	for i, field := range []int{user, system, resident} {
		if numbers[i], err = strconv.ParseInt(string(fields[field]), 10, 64); err != nil {
			return usage{}, err
		}
	}
	return usage{cpu: time.Duration(numbers[0]+numbers[1]) * tick, resident: numbers[2] * int64(os.Getpagesize())}, nil
}
