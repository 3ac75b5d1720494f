// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"

	"github.com/vishvananda/netlink"
)

// heldBy returns the interface of this computer, other than tap, that has the address a, or "". What cannot
// be read counts as absent.
func heldBy(tap string, a netip.Addr) string {
	list, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return ""
	}
	for _, held := range list {
		ip, ok := netip.AddrFromSlice(held.IP)
		if !ok || ip.Unmap() != a {
			continue
		}
		link, err := netlink.LinkByIndex(held.LinkIndex)
		if err == nil && link.Attrs().Name != tap {
			return link.Attrs().Name
		}
	}
	return ""
}
