// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// guardDeadEnd keeps everybody in the hub from answering for the gateway of a closed
// default route, which the uplink does: their neighbour advertisements go to a port that
// nobody reads.
func (t *tunnel) guardDeadEnd() { t.bridge.NewPort(claimsDeadEnd, 1) }

// claimsDeadEnd reports whether a frame could make the kernel take its sender for the dead
// end: a neighbour advertisement (RFC 4861 4.4) about it, or any neighbour message from its
// address.
func claimsDeadEnd(f []byte) bool {
	const ip, body = 14, 14 + 40
	if len(f) < body+24 || binary.BigEndian.Uint16(f[12:]) != unix.ETH_P_IPV6 {
		return false
	}
	gone := deadEnd.As16()
	if bytes.Equal(f[ip+8:ip+24], gone[:]) {
		return true // nothing of use comes from there
	}
	switch f[ip+6] {
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP:
		return false
	case unix.IPPROTO_ICMPV6:
		const advertisement = 136
		return f[body] == advertisement && bytes.Equal(f[body+8:body+24], gone[:]) && !isTruth(f)
	}
	return bytes.Contains(f[body:], gone[:]) // behind extension headers
}
