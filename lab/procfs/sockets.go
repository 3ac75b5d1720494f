// SPDX-License-Identifier: Apache-2.0

package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Listening lists the sockets of a process that others can reach unasked: listening TCP sockets, and UDP, UDP-Lite and
// raw IP sockets without a peer.
func Listening(pid int) ([]string, error) {
	own := map[string]bool{} // inodes of the process's sockets
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(fds) == 0 {
		return nil, errors.Join(fmt.Errorf("process %d has no files", pid), err)
	}
	for _, fd := range fds {
		if link, err := os.Readlink(fd); err == nil && strings.HasPrefix(link, "socket:[") {
			own[strings.Trim(link, "socket:[]")] = true
		}
	}
	var open []string
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"} {
		// The file shows the whole network namespace of the process.
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, proto))
		if err != nil {
			continue // the kernel is built without it
		}
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line) // sl local remote state tx:rx tr:when retransmits uid timeout inode
			if len(f) < 10 || !own[f[9]] {
				continue
			}
			listening := f[3] == "0A"
			unconnected := !strings.HasPrefix(proto, "tcp") && f[3] == "07"
			if listening || unconnected {
				open = append(open, proto+" "+f[1])
			}
		}
	}
	return open, nil
}

// HadChildren reports whether the process has ever waited for a child process: the kernel then has added the
// child's page faults to its own count (proc(5), cminflt).
func HadChildren(pid int) (bool, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // begins with field 3, the state
	const cminflt = 11 - 3
	if len(f) <= cminflt {
		return false, fmt.Errorf("process %d: %q is no stat line", pid, b)
	}
	return string(f[cminflt]) != "0", nil
}

// Status returns the fields of /proc/PID/status: "Uid", "CapEff", "NoNewPrivs" and so on, as the kernel writes them.
func Status(pid int) (map[string]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.Join(strings.Fields(value), " ")
		}
	}
	return fields, nil
}
