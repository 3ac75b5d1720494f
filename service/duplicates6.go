// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"
	"time"

	"network-manager-softether/dhcp/autoconf"
)

// look reads the kernel's addresses, and reports whether they differ from before or one has turned out to be
// another host's. What cannot be read stays as it was. The kernel replaces temporary addresses that are
// duplicates by itself.
func (k *kernel6) look() (news bool) {
	list, err := k.list()
	if err != nil {
		k.log.Debug("cannot read the kernel's addresses", "error", err)
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
	k.lookAtLeases()
	return news || !slices.EqualFunc(before, k.found, func(a, b kernelAddr) bool { return a.addr == b.addr && a.failed == b.failed })
}

// lookAtLeases finds leased addresses that belong to another host. A claim may take longer to arrive than the
// kernel waits for one; but a claim to an address that has been in use for a while is no reason to give it up
// (RFC 4862 5.4).
func (k *kernel6) lookAtLeases() {
	born := map[netip.Addr]time.Time{}
	var young youngLeases
	for i, a := range k.found {
		if a.bits != 128 || k.own[a.addr] {
			continue
		}
		since, known := k.born[a.addr]
		if !known {
			since = time.Now()
		}
		born[a.addr] = since
		if time.Since(since) < claimLasts {
			young.addrs, young.until = append(young.addrs, a.addr), time.Now().Add(claimLasts)
			if _, claimed := k.claims(a.addr); claimed {
				k.found[i].failed = true
			}
		}
		if k.found[i].failed && !k.named[a.addr] && len(k.named) < maxWarned {
			k.named[a.addr] = true
			k.log.Warn("the IPv6 address of the DHCPv6 lease is in use by another host, as the server is told", "address", a.addr, "mac", k.claimant(a.addr))
		}
	}
	k.born = born
	k.young.Store(&young)
}

// youngLeases are leased addresses that were set a moment ago.
type youngLeases struct {
	addrs []netip.Addr
	until time.Time
}

// claimed is told of a claim. It is called on the path of frames, and does nothing more unless it matters.
func (k *kernel6) claimed(addr netip.Addr) {
	y := k.young.Load()
	if y != nil && slices.Contains(y.addrs, addr) && time.Now().Before(y.until) && k.young.CompareAndSwap(y, nil) {
		go k.changed()
	}
}

// Taken implements [autoconf.Maker].
func (k *kernel6) Taken(addr netip.Addr) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.ContainsFunc(k.found, func(a kernelAddr) bool { return a.addr == addr && a.failed })
}

// isDuplicate reports whether an address that was tentative at the last look has turned out to be another
// host's: detection failed, or it is gone and somebody has claimed it.
func (k *kernel6) isDuplicate(a kernelAddr) bool {
	i := slices.IndexFunc(k.found, func(now kernelAddr) bool { return now.addr == a.addr })
	if i >= 0 {
		return k.found[i].failed
	}
	_, claimed := k.claims(a.addr)
	return claimed
}

// duplicate records one, and reports false if it is already known.
func (k *kernel6) duplicate(p autoconf.Prefix, a netip.Addr) bool {
	if slices.Contains(k.duplicates[p.Net], a) {
		return false
	}
	k.duplicates[p.Net] = append(k.duplicates[p.Net], a)
	k.log.Warn("an IPv6 address is in use by another host, trying another interface identifier", "address", a, "mac", k.claimant(a))
	return true
}

// claimant returns who claimed an address, for the log.
func (k *kernel6) claimant(a netip.Addr) string {
	if mac, ok := k.claims(a); ok {
		return mac
	}
	return "unknown"
}
