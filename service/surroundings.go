// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"network-manager-softether/profile"
)

// surroundings are the networks that this computer is in outside the tunnel.
type surroundings struct {
	server netip.Addr // where the tunnel's own packets go
	nets   []localNet
	// guarded: all traffic is sent to the table of connections in strict mode.
	guarded bool
}

// A localNet is a network reached without a router, or a single router.
type localNet struct {
	prefix netip.Prefix
	device string
}

// local returns the network that a route to dst would hide: one of the same size or wider. A route that is
// wider than the network's own loses against that.
func (s surroundings) local(dst netip.Prefix) (localNet, bool) {
	for _, n := range s.nets {
		if n.prefix.Bits() <= dst.Bits() && n.prefix.Contains(dst.Addr()) {
			return n, true
		}
	}
	return localNet{}, false
}

// router returns the router outside of the tunnel that has the address a.
func (s surroundings) router(a netip.Addr) (localNet, bool) {
	for _, n := range s.nets {
		if n.prefix.IsSingleIP() && n.prefix.Addr() == a {
			return n, true
		}
	}
	return localNet{}, false
}

// readSurroundings reads the kernel's routes. What cannot be read is left out: the judge then accepts more,
// as NetworkManager alone would.
func readSurroundings(tap string, server netip.Addr) surroundings {
	s := surroundings{server: server}
	links, err := whole(netlink.LinkList)
	if err != nil {
		return s
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		if a := l.Attrs(); a.Name != tap && a.Flags&net.FlagLoopback == 0 {
			names[a.Index] = a.Name
		}
	}
	s.guarded = true
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		s.guarded = s.guarded && guarded(family)
		routes, err := mainRoutes(family)
		if err != nil {
			continue
		}
		for _, r := range routes {
			device, ok := names[r.LinkIndex]
			if !ok || r.Type != unix.RTN_UNICAST {
				continue
			}
			if gw, ok := netip.AddrFromSlice(r.Gw); ok {
				gw = gw.Unmap()
				s.nets = append(s.nets, localNet{netip.PrefixFrom(gw, gw.BitLen()), device})
			} else if p, ok := prefixOf(r.Dst); ok && p.Bits() > 0 && !p.Addr().IsLinkLocalUnicast() && !p.Addr().IsMulticast() {
				s.nets = append(s.nets, localNet{p, device})
			}
		}
	}
	return s
}

// guarded reports whether a rule sends all traffic of a family to the table of connections in strict mode. A family that
// the kernel does not have, as with ipv6.disable=1 on its command line, has no traffic.
func guarded(family int) bool {
	rules, err := whole(func() ([]netlink.Rule, error) { return netlink.RuleList(family) })
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return true
	}
	return err == nil && slices.ContainsFunc(rules, func(r netlink.Rule) bool {
		everything := r.Src == nil && r.Dst == nil && r.IifName == "" && r.OifName == "" && r.IPProto == 0 && r.Mark == 0 && r.UIDRange == nil
		return everything && !r.Invert && r.Table == profile.StrictTable && r.SuppressPrefixlen < 0
	})
}

func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones).Masked(), ok
}
