// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processes lists the process ids on this host, by the network namespace they are in.
func (h *Host) processes() []int {
	var own unix.Stat_t
	if err := unix.Fstat(int(h.net.Fd()), &own); err != nil {
		return nil
	}
	var pids []int
	for _, pid := range allProcesses() {
		var st unix.Stat_t
		if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &st) == nil && st.Ino == own.Ino && st.Dev == own.Dev && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Programs lists the names of the programs that run on this host, sorted.
func (h *Host) Programs() []string {
	var names []string
	for _, pid := range h.processes() {
		names = append(names, filepath.Base(program(pid)))
	}
	slices.Sort(names)
	return names
}

// Open counts the descriptors of a process.
func Open(pid int) (int, error) {
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(fds), err
}

// allProcesses lists what runs in the lab: /proc is that of its own process namespace.
func allProcesses() []int {
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

// alive reports whether pid runs (a zombie does not).
func alive(pid int) bool {
	state, _, ok := stat(pid)
	return ok && state != 'Z' && state != 'X'
}

func children(pid int) []int {
	var kids []int
	for _, p := range allProcesses() {
		if _, parent, ok := stat(p); ok && parent == pid {
			kids = append(kids, p)
		}
	}
	return kids
}

// program returns the file a process runs.
func program(pid int) string {
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

// killAll ends every process on the host. They are ours: the process namespace holds nothing else.
func (h *Host) killAll() error {
	deadline := time.Now().Add(nmLimit)
	for {
		pids := h.processes()
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v on %s do not end", pids, h.Name)
		}
		for _, pid := range pids {
			if pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}
