// SPDX-License-Identifier: Apache-2.0

package main

import (
	"network-manager-softether/dhcp"
	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/tapbridge"
)

// minMTU6 is what every link has to carry that IPv6 is used on (RFC 8200 5): below it the
// kernel takes all of IPv6 off a device without a word, and what was closed is open.
const minMTU6 = 1280

// mtu is that of the profile, or a smaller one that the network inside the tunnel asks for;
// a smaller one than IPv6 can live with only where there is no IPv6.
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
