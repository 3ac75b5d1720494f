// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"time"

	"network-manager-softether/profile"
)

// only6Wait is how long a session over IPv4 waits for IPv4 before it looks for its server where there is IPv6 only: a
// network that has both may need a moment for the one.
const only6Wait = 2 * time.Second

// wherever6 is reached by a default route alone (RFC 6052).
var wherever6 = netip.MustParseAddr("64:ff9b::1")

// only6 returns a base with IPv6 for a server that has been reached by IPv4 alone. The name servers there may give its
// name another address than anywhere else (DNS64, RFC 6147).
func (c *connection) only6(at standing) (base, bool) {
	host := c.profile.Gateway.Host
	if c.profile.Proxy.Type != profile.ProxyNone {
		host = c.profile.Proxy.Server.Host
	}
	waited := at.lost == "" || time.Since(c.ground.lostAt) >= only6Wait
	if _, err := netip.ParseAddr(host); err == nil || len(c.profile.ServerAddresses) > 0 || !c.ground.server.Is4() || !waited {
		return base{}, false
	}
	to, ok := c.ground.now.bestBase(wherever6)
	// One where it is being looked for already may be so; others only after the wait.
	return to, ok && (at.lost != "" || to == at.base)
}
