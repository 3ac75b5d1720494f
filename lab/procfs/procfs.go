// SPDX-License-Identifier: Apache-2.0

package procfs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Open counts the descriptors of a process.
func Open(pid int) (int, error) {
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(fds), err
}

// All lists the processes of the lab: /proc is that of its own process namespace.
func All() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stat returns the state letter and the parent of a process; ok is false if there is none.
func stat(pid int) (state byte, parent int, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// The name, in parentheses, may contain anything.
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(f) < 2 {
		return 0, 0, false
	}
	parent, _ = strconv.Atoi(string(f[1]))
	return f[0][0], parent, true
}

// Alive reports whether pid runs (a zombie does not).
func Alive(pid int) bool {
	state, _, ok := stat(pid)
	return ok && state != 'Z' && state != 'X'
}

// ChildPIDs lists the child processes of pid.
func ChildPIDs(pid int) []int {
	var kids []int
	for _, p := range All() {
		if _, parent, ok := stat(p); ok && parent == pid {
			kids = append(kids, p)
		}
	}
	return kids
}

// Program returns the file a process runs.
func Program(pid int) string {
	exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(exe, " (deleted)")
}

// arguments returns the command line of a process.
func arguments(pid int) []string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
}

// Children lists the child processes of pid with their command lines.
func Children(pid int) []string {
	var list []string
	for _, c := range ChildPIDs(pid) {
		list = append(list, strings.Join(arguments(c), " "))
	}
	return list
}
