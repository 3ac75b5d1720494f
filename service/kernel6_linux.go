// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// watchAddrs calls changed when an IPv6 address of this computer has changed, until stop is called. It opens
// its socket at once.
func watchAddrs(changed func()) (stop func(), err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV6_IFADDR}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen to netlink: %w", err)
	}
	events := os.NewFile(uintptr(fd), "netlink")
	go func() {
		for awaitEvents(events) {
			changed()
		}
	}()
	return func() { events.Close() }, nil
}

// addrsOf returns the IPv6 addresses of a device except link-local ones.
func addrsOf(device int) ([]kernelAddr, error) {
	link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: device}}
	all, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(link, netlink.FAMILY_V6) })
	if err != nil {
		return nil, err
	}
	var list []kernelAddr
	for _, a := range all {
		addr, ok := netip.AddrFromSlice(a.IP)
		if !ok || addr.IsLinkLocalUnicast() {
			continue
		}
		bits, _ := a.Mask.Size()
		list = append(list, kernelAddr{
			addr: addr, bits: bits,
			temporary: a.Flags&unix.IFA_F_TEMPORARY != 0,
			tentative: a.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_OPTIMISTIC) != 0,
			failed:    a.Flags&unix.IFA_F_DADFAILED != 0,
			settled:   a.Flags&unix.IFA_F_NOPREFIXROUTE != 0,
			valid:     kernelLifetime(a.ValidLft),
			preferred: kernelLifetime(a.PreferedLft),
		})
	}
	return list, nil
}

// kernelLifetime converts seconds in netlink's form.
func kernelLifetime(seconds int) time.Duration {
	if seconds < 0 || seconds >= math.MaxUint32 {
		return forever6
	}
	return time.Duration(seconds) * time.Second
}
