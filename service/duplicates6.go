// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"

	"network-manager-softether/dhcp/autoconf"
)

// look reads the kernel's addresses, and reports whether others are there than before or one
// has turned out to be another host's. What cannot be read stays as it was. Temporary
// duplicates are replaced by the kernel alone.
func (k *kernel6) look() (news bool) {
	list, err := k.list()
	if err != nil {
		k.log.Debug("the kernel's addresses cannot be read", "error", err)
		return false
	}
	before := k.found
	k.found = list
	for _, a := range list {
		if a.bits == 64 && !a.temporary && len(k.own) < maxWarned {
			k.own[a.addr] = true
		}
	}
	for _, p := range k.wanted {
		for _, a := range before {
			if a.tentative && !a.temporary && p.Net.Contains(a.addr) && k.isDuplicate(a) {
				news = k.duplicate(p, a.addr) || news
			}
		}
	}
	for _, a := range k.found {
		if a.failed && a.bits == 128 && !k.own[a.addr] && !k.named[a.addr] && len(k.named) < maxWarned {
			k.named[a.addr] = true
			k.log.Warn("the IPv6 address of the DHCPv6 lease is in use by another host and cannot be used", "address", a.addr, "mac", k.claimant(a.addr))
		}
	}
	return news || !slices.EqualFunc(before, k.found, func(a, b kernelAddr) bool { return a.addr == b.addr && a.failed == b.failed })
}

// isDuplicate reports whether an address, tentative when it was last looked at, has turned
// out to be another host's: it failed, or it is gone and somebody claimed it.
func (k *kernel6) isDuplicate(a kernelAddr) bool {
	i := slices.IndexFunc(k.found, func(now kernelAddr) bool { return now.addr == a.addr })
	if i >= 0 {
		return k.found[i].failed
	}
	_, claimed := k.claims(a.addr)
	return claimed
}

// duplicate takes note of one, and reports false if that is known.
func (k *kernel6) duplicate(p autoconf.Prefix, a netip.Addr) bool {
	if slices.Contains(k.duplicates[p.Net], a) {
		return false
	}
	k.duplicates[p.Net] = append(k.duplicates[p.Net], a)
	k.log.Warn("an IPv6 address is in use by another host, trying another interface identifier", "address", a, "mac", k.claimant(a))
	return true
}

// claimant is who claimed an address, for the log.
func (k *kernel6) claimant(a netip.Addr) string {
	if mac, ok := k.claims(a); ok {
		return mac
	}
	return "unknown"
}
