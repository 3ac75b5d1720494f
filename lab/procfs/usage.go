// SPDX-License-Identifier: Apache-2.0

package procfs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Usage is what some processes have used since they started, according to the kernel's accounting
// (proc(5)).
type Usage struct {
	// CPU is user and system time, in steps of 10 ms. What the kernel does in softirqs is charged to nobody.
	CPU time.Duration
	// Switches counts how often a thread was put to sleep and woken, or preempted: voluntary and other
	// context switches of the living threads. For an idle process, these are its wake-ups.
	Switches uint64
	// RSS is the present resident memory in bytes, mapped files (the program itself) included, and Private
	// the part of it that is not backed by a file.
	RSS, Private int64
}

// UsageOf adds up what processes have used.
func UsageOf(pids ...int) (Usage, error) {
	var sum Usage
	for _, pid := range pids {
		cpu, err := cpuTime(pid)
		if err != nil {
			return sum, err
		}
		sum.CPU += cpu
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return sum, err
		}
		sum.RSS += field(status, "VmRSS:") * 1024 // "VmRSS:   1234 kB"
		sum.Private += field(status, "RssAnon:") * 1024
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil {
			return sum, err
		}
		for _, t := range threads {
			if status, err := os.ReadFile(t); err == nil { // threads come and go
				sum.Switches += uint64(field(status, "voluntary_ctxt_switches:") + field(status, "nonvoluntary_ctxt_switches:"))
			}
		}
	}
	return sum, nil
}

// tick is the unit of times in /proc, USER_HZ.
const tick = time.Second / 100

// cpuTime reads utime and stime, fields 14 and 15 of /proc/PID/stat.
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // begins with field 3
	const utime, stime = 14 - 3, 15 - 3
	if len(f) <= stime {
		return 0, fmt.Errorf("process %d: %q is no stat line", pid, b)
	}
	user, err := strconv.ParseInt(string(f[utime]), 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(string(f[stime]), 10, 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(user+system) * tick, nil
}

// field returns the number that follows name at the beginning of a line, or 0.
func field(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			n, _ := strconv.ParseInt(number, 10, 64)
			return n
		}
	}
	return 0
}
