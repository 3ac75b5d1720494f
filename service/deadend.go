// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// guardDeadEnd keeps others in the hub from answering for the gateway of a closed default route, which is the
// uplink's task: their neighbour advertisements go to a port that nobody reads. It also tells the kernel
// where the dead end is, while there is the privilege to do so: a process that stands still answers nothing,
// and the kernel would turn from the dead end to the base's router.
func (t *tunnel) guardDeadEnd(sys system) {
	t.bridge.NewPort(claimsDeadEnd, 1)
	if sys.pinNeighbor == nil {
		return
	}
	if err := sys.pinNeighbor(t.tap.Index(), deadEnd, deadEndMAC); err != nil {
		t.log.Warn("cannot add a permanent neighbour for the closed IPv6 default route", "error", err)
	}
}

// pinNeighbor adds a permanent neighbour entry: the kernel neither probes it nor believes others about it. It
// disappears with its device.
func pinNeighbor(device int, addr netip.Addr, mac [6]byte) error {
	return netlink.NeighSet(&netlink.Neigh{
		LinkIndex: device, Family: netlink.FAMILY_V6, State: netlink.NUD_PERMANENT,
		IP: addr.AsSlice(), HardwareAddr: mac[:],
	})
}

// claimsDeadEnd reports whether a frame could make the kernel take its sender for the dead end: a neighbour
// advertisement (RFC 4861 4.4) about it, or any neighbour message from its address.
func claimsDeadEnd(f []byte) bool {
	const ip, body = 14, 14 + 40
	if len(f) < body+24 || binary.BigEndian.Uint16(f[12:]) != unix.ETH_P_IPV6 {
		return false
	}
	gone := deadEnd.As16()
	if bytes.Equal(f[ip+8:ip+24], gone[:]) {
		return true // nothing useful comes from there
	}
	switch f[ip+6] {
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP:
		return false
	case unix.IPPROTO_ICMPV6:
		const advertisement = 136
		return f[body] == advertisement && bytes.Equal(f[body+8:body+24], gone[:]) && !isOwnAdvert(f)
	}
	return bytes.Contains(f[body:], gone[:]) // behind extension headers
}
