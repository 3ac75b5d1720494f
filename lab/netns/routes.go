// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Addrs lists the addresses of an interface except link-local ones.
func (h *Host) Addrs(name string) ([]netip.Prefix, error) {
	link, err := h.Net.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	addrs, err := h.Net.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	var list []netip.Prefix
	for _, a := range addrs {
		if p, ok := prefix(a.IPNet); ok && !p.Addr().IsLinkLocalUnicast() {
			list = append(list, p)
		}
	}
	return list, nil
}

func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones), ok
}

// Routes lists the host's routes in the main table, "10.0.0.0/8 via 10.1.1.1 dev se0" or "... dev se0", sorted.
// Multicast and link-local ones are left out.
func (h *Host) Routes() ([]string, error) {
	var list []string
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := h.Net.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return nil, fmt.Errorf("listing routes: %w", err)
		}
		for _, r := range routes {
			link, err := h.Net.LinkByIndex(r.LinkIndex)
			if err != nil {
				continue // the interface has just gone, and the route with it
			}
			dst := "default"
			if p, ok := prefix(r.Dst); ok && p.Bits() > 0 {
				if p.Addr().IsLinkLocalUnicast() || p.Addr().IsMulticast() {
					continue
				}
				dst = p.String()
			} else if family == netlink.FAMILY_V6 {
				dst = "default6"
			}
			if r.Gw != nil {
				dst += " via " + r.Gw.String()
			}
			list = append(list, dst+" dev "+link.Attrs().Name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// HostRoute returns the route in the main table for exactly that address, "" if there is none.
func (h *Host) HostRoute(addr string) (string, error) {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return "", err
	}
	routes, err := h.Routes()
	if err != nil {
		return "", err
	}
	for _, r := range routes {
		if strings.HasPrefix(r, netip.PrefixFrom(a, a.BitLen()).String()+" ") {
			return r, nil
		}
	}
	return "", nil
}

// RouteTo returns the interface through which traffic to addr leaves, as the kernel decides.
func (h *Host) RouteTo(addr netip.Addr) (string, error) {
	routes, err := h.Net.RouteGet(addr.AsSlice())
	if err != nil || len(routes) == 0 {
		return "", fmt.Errorf("route to %v: %w", addr, err)
	}
	link, err := h.Net.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return "", err
	}
	return link.Attrs().Name, nil
}
