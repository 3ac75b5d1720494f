// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"

	"network-manager-softether/service/nmvpn"
)

// standIns fills in for a family whose addresses have ended. NetworkManager cannot be told that a family is
// over (networkmanager.md 4.6), so it gets an address that leads nowhere, no routes and no DNS. What was a
// full tunnel stays closed, as whoever asked for one must not be served in the clear: the default route still
// leads into the tunnel.
func (v *verdict) standIns(told announcement, uuid string) {
	if v.ip4 == nil && told.ip4 != nil {
		// From those that a host without an address gives itself (RFC 3927).
		v.ip4 = &nmvpn.IPConfig{Addr: netip.PrefixFrom(netip.AddrFrom4([4]byte{169, 254, 1, 0}), 32), NeverDefault: told.ip4.NeverDefault}
		if !told.ip4.NeverDefault {
			v.notice("IPv4 is blocked until the network of this VPN gives an address again.")
		}
	}
	if v.ip6 == nil && told.ip6 != nil && told.ip6.Gateway != deadEnd {
		v.ip6 = &nmvpn.IPConfig{Addr: closedAddress(uuid), NeverDefault: told.ip6.NeverDefault}
		if !told.ip6.NeverDefault {
			v.ip6.Gateway = deadEnd
			v.notice("IPv6 is blocked until the network of this VPN gives an address again.")
		}
	}
}
