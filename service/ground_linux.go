// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// groundSettles is how long to listen on after the kernel has reported a change: pulling one cable causes a
// dozen messages.
const groundSettles = 20 * time.Millisecond

// groundGroups are the kernel's messages about links, addresses and routes (rtnetlink(7)).
const groundGroups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE

// watchGround returns the present terrain, and calls changed after each change. It opens its socket at once
// and goes on in a goroutine until stop is called, asleep while nothing happens.
func watchGround(log *slog.Logger, changed func(terrain)) (now terrain, stop func(), err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return now, nil, fmt.Errorf("netlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groundGroups}); err != nil {
		unix.Close(fd)
		return now, nil, fmt.Errorf("listen to netlink: %w", err)
	}
	if now, err = readTerrain(); err != nil {
		unix.Close(fd)
		return now, nil, err
	}
	events := os.NewFile(uintptr(fd), "netlink")
	last := now
	go func() {
		for awaitEvents(events) {
			if now, err := readTerrain(); err != nil {
				log.Warn("cannot read the kernel's routes", "error", err)
			} else if !reflect.DeepEqual(now, last) {
				last = now
				changed(now)
			}
		}
	}()
	return now, func() { events.Close() }, nil
}

// awaitEvents returns when the kernel has reported something and is quiet again, and returns false when
// events is closed. The messages themselves are ignored: they may be lost, a fresh look cannot be.
func awaitEvents(events *os.File) bool {
	buf := make([]byte, 64<<10)
	events.SetReadDeadline(time.Time{})
	for limit := 10; limit > 0; limit-- {
		_, err := events.Read(buf)
		switch {
		case errors.Is(err, fs.ErrClosed):
			return false
		case errors.Is(err, os.ErrDeadlineExceeded):
			return true
		}
		events.SetReadDeadline(time.Now().Add(groundSettles))
	}
	return true
}

// whole lists something in the kernel, once more where it changed meanwhile: then something may be missing from the list.
// What changes all the time is better known in part than not at all.
func whole[T any](list func() ([]T, error)) (l []T, err error) {
	const tries = 10
	for range tries {
		if l, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return l, err
		}
	}
	return l, nil
}

// mainRoutes returns the routes of a family in the main table.
func mainRoutes(family int) ([]netlink.Route, error) {
	return whole(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	})
}

// readTerrain asks the kernel for its interfaces, addresses and routes.
func readTerrain() (terrain, error) {
	t := terrain{nics: make(map[int]nic)}
	links, err := whole(netlink.LinkList)
	if err != nil {
		return t, fmt.Errorf("links: %w", err)
	}
	for _, l := range links {
		a := l.Attrs()
		t.nics[a.Index] = nic{
			name:   a.Name,
			up:     a.Flags&net.FlagUp != 0 && a.RawFlags&unix.IFF_LOWER_UP != 0,
			tunnel: tunnels[l.Type()] || a.Flags&net.FlagLoopback != 0,
		}
	}
	addrs, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return t, fmt.Errorf("addresses: %w", err)
	}
	for _, a := range addrs {
		n, ok := t.nics[a.LinkIndex]
		addr, valid := netip.AddrFromSlice(a.IP)
		switch addr = addr.Unmap(); {
		case !ok || !valid:
			continue
		case a.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) == 0:
			n.addrs = append(n.addrs, addr)
		case a.Flags&(unix.IFA_F_OPTIMISTIC|unix.IFA_F_DADFAILED) == 0 && !addr.IsLinkLocalUnicast():
			n.tentative = true
		}
		t.nics[a.LinkIndex] = n
	}
	for i, n := range t.nics {
		n.tentative = n.tentative && !slices.ContainsFunc(n.addrs, func(a netip.Addr) bool { return a.Is6() && !a.IsLinkLocalUnicast() })
		t.nics[i] = n
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := mainRoutes(family)
		if err != nil {
			return t, fmt.Errorf("routes: %w", err)
		}
		for _, r := range routes {
			t.routes = append(t.routes, groundRoutesOf(r, family)...)
		}
	}
	return t, nil
}

// groundRoutesOf returns one route per next hop: the kernel joins IPv6 routes of the same metric, even those
// of a tunnel and a base.
func groundRoutesOf(r netlink.Route, family int) (list []groundRoute) {
	if r.Type != unix.RTN_UNICAST {
		return nil
	}
	dst := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if family == netlink.FAMILY_V6 {
		dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if p, ok := prefixOf(r.Dst); ok {
		dst = p
	}
	hops := r.MultiPath
	if len(hops) == 0 {
		hops = []*netlink.NexthopInfo{{LinkIndex: r.LinkIndex, Gw: r.Gw, Via: r.Via}}
	}
	for _, hop := range hops {
		g := groundRoute{dst: dst, nic: hop.LinkIndex, metric: r.Priority}
		if via, ok := netip.AddrFromSlice(hop.Gw); ok {
			g.via = via.Unmap()
		} else if v, ok := hop.Via.(*netlink.Via); ok { // IPv4 by an IPv6 router
			g.via, _ = netip.AddrFromSlice(v.Addr)
		}
		list = append(list, g)
	}
	return list
}

// A way is an interface, and the table of routes that leads to it.
type way struct {
	index int
	name  string
	table int // 0: none, the address names its interface
}

// kernelWay asks the kernel, with all its rules, how it would send to an address.
func kernelWay(to netip.Addr) (way, error) {
	if zone := to.Zone(); zone != "" {
		link, err := net.InterfaceByName(zone)
		if err != nil {
			return way{}, err
		}
		return way{index: link.Index, name: link.Name}, nil
	}
	routes, err := netlink.RouteGet(to.AsSlice())
	if err != nil {
		return way{}, err
	}
	if len(routes) == 0 {
		return way{}, unix.ENETUNREACH
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return way{}, err
	}
	return way{link.Attrs().Index, link.Attrs().Name, routes[0].Table}, nil
}

// tunnels are the kinds of interfaces that a tunnel does not roam to, our own TAP's among them. The server
// may well be reached through one of them from the beginning.
var tunnels = map[string]bool{
	"tuntap": true, "tun": true, "wireguard": true, "gre": true, "gretap": true, "ip6gre": true, "ip6tnl": true, "ipip": true,
	"ovpn": true, "ovpn-dco": true, "ip6gretap": true, "geneve": true,
	"sit": true, "vti": true, "vti6": true, "xfrm": true, "vxlan": true, "dummy": true,
}
