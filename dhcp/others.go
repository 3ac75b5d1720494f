// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
)

// another reports a server whose answer arrives after the one that was taken. The first answer counts, but
// two servers are somebody's mistake, or worse.
func (c *Client) another(r, taken *reply) {
	if r.kind == dhcpv4.MessageTypeOffer && (r.server != taken.server || r.mac != taken.mac) {
		c.warnIgnored("another DHCP server answers as well; the first one is used",
			"server", r.server, "mac", r.mac, "taken", taken.server, "taken-mac", taken.mac)
	}
}

// byAnother reports a lease that another server has taken over.
func (c *Client) byAnother(before, next *Lease) {
	if next.Server != before.Server || next.ServerMAC != before.ServerMAC {
		c.log.Warn("DHCP lease renewed by another server", "server", next.Server, "mac", packet.MAC(next.ServerMAC),
			"before", before.Server, "before-mac", packet.MAC(before.ServerMAC), "router", next.Router)
	}
}
