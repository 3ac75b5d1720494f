// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/procfs"
)

// PIDs lists the process IDs on this host, identified by their network namespace.
func (h *Host) PIDs() []int {
	var own unix.Stat_t
	if err := unix.Fstat(int(h.net.Fd()), &own); err != nil {
		return nil
	}
	var pids []int
	for _, pid := range procfs.All() {
		var st unix.Stat_t
		if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &st) == nil && st.Ino == own.Ino && st.Dev == own.Dev && procfs.Alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Programs lists the names of the programs that run on this host, sorted.
func (h *Host) Programs() []string {
	var names []string
	for _, pid := range h.PIDs() {
		names = append(names, filepath.Base(procfs.Program(pid)))
	}
	slices.Sort(names)
	return names
}

// killLimit is longer than the kernel needs to end what it was told to kill.
const killLimit = 40 * time.Second

// KillAll ends every process on the host. They are ours: the process namespace holds nothing else.
func (h *Host) KillAll() error {
	deadline := time.Now().Add(killLimit)
	for {
		pids := h.PIDs()
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
