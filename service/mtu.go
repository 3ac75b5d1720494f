// SPDX-License-Identifier: Apache-2.0

package main

import (
	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/tapbridge"
)

// minMTU6 is the minimum MTU of any link with IPv6 (RFC 8200 5): below it, the kernel silently removes IPv6
// from a device, which reopens what was closed.
const minMTU6 = 1280

// mtu returns the profile's MTU, or a smaller one that the network inside the tunnel asks for; one that is
// too small for IPv6 only if there is no IPv6.
func (v *verdict) mtu(wanted int, l *dhcp.Lease, l6 *autoconf.Config6) int {
	mtu := wanted
	if l != nil && l.MTU >= tapbridge.MinMTU {
		mtu = min(mtu, l.MTU)
	}
	if l6 != nil && l6.MTU >= minMTU6 {
		mtu = min(mtu, l6.MTU)
	}
	if v.ip6 != nil && mtu < minMTU6 && mtu < wanted {
		raised := min(wanted, minMTU6)
		v.refuse("the DHCP server's MTU of %d is less than IPv6 needs, using %d; ipv6.method=disabled and block-ipv6=no take the smaller one", mtu, raised)
		mtu = raised
	}
	return mtu
}
