// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"

	"network-manager-softether/protocol"
)

// hostInfo returns what send-host-info=yes tells the server about this computer.
func hostInfo() *protocol.HostInfo {
	info := &protocol.HostInfo{OSName: "Linux"}
	info.Hostname, _ = os.Hostname()
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return info
	}
	for line := range strings.Lines(string(release)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			info.OSVersion = strings.Trim(name, `"'`)
		}
	}
	return info
}
