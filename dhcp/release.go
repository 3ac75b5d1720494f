// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
)

// Release gives l back to its server, which does not answer (RFC 2131 4.4.6). The address may not be used
// afterwards.
func (c *Client) Release(l *Lease) {
	if c.err != nil {
		return
	}
	addr := l.Addr.Addr()
	m := c.message(newExchange(), request{kind: dhcpv4.MessageTypeRelease, ciaddr: addr, server: l.Server})
	c.send(c.frame(addr, l.Server, packet.MAC(l.ServerMAC), m), "RELEASE", 1)
}
