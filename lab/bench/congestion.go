// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"

	"network-manager-softether/lab/netns"
)

// congestionFile belongs to the network namespace of whoever opens it, and applies to connections made from
// then on.
const congestionFile = "/proc/sys/net/ipv4/tcp_congestion_control"

// congestion returns what this computer's TCP uses, which is what a new namespace starts with.
func congestion() string {
	b, err := os.ReadFile(congestionFile)
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(b))
}

// setCongestion makes all TCP use the algorithm: that of both clients, inside and outside the tunnel.
func (b *bench) setCongestion(algorithm string) error {
	hosts := []*netns.Host{b.lab.Desktop.Host, b.lab.Internet, b.lab.Server.Host, b.lab.Office.Host}
	for _, c := range b.clients {
		hosts = append(hosts, c.host())
	}
	for _, h := range hosts {
		if err := h.Do(func() error { return os.WriteFile(congestionFile, []byte(algorithm), 0) }); err != nil {
			return fmt.Errorf("congestion control %s on %s: %w", algorithm, h.Name, err)
		}
	}
	return nil
}
