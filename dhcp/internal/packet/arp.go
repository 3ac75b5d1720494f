// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

const (
	typeARP = 0x0806
	arpLen  = 28

	arpRequest = 1
	arpReply   = 2
)

// arpHead is how every ARP message for IPv4 over Ethernet begins.
var arpHead = [6]byte{0, 1, 0x08, 0, 6, 4}

// ARPProbe returns the frame with which from asks whether anybody has addr, without claiming it (RFC 5227
// 2.1.1).
func ARPProbe(from MAC, addr netip.Addr) []byte {
	f := make([]byte, 0, ethernetLen+arpLen)
	f = append(append(f, Broadcast[:]...), from[:]...)
	f = binary.BigEndian.AppendUint16(f, typeARP)
	f = append(f, arpHead[:]...)
	f = binary.BigEndian.AppendUint16(f, arpRequest)
	f = append(f, from[:]...)
	f = append(f, 0, 0, 0, 0)                 // the sender has no address
	f = append(f, make([]byte, len(from))...) // the target is unknown
	return append(f, addr.AsSlice()...)
}

// An ARPClaim is an ARP message in which a host claims an address.
type ARPClaim struct {
	Addr netip.Addr
	MAC  MAC
	// ToProbe: it answers a probe, whose sender has no address, and is of no use to a kernel.
	ToProbe bool
}

// ParseARP parses an ARP message. It reports false for anything that claims no address: not ARP for IPv4, or
// a probe. It does not allocate.
func ParseARP(f []byte) (ARPClaim, bool) {
	if len(f) < ethernetLen+arpLen || binary.BigEndian.Uint16(f[12:]) != typeARP || [6]byte(f[ethernetLen:]) != arpHead {
		return ARPClaim{}, false
	}
	b := f[ethernetLen+len(arpHead):]
	kind := binary.BigEndian.Uint16(b)
	sender, target := [4]byte(b[8:]), [4]byte(b[18:])
	if kind != arpRequest && kind != arpReply || sender == [4]byte{} {
		return ARPClaim{}, false
	}
	return ARPClaim{
		Addr: netip.AddrFrom4(sender), MAC: MAC(b[2:]),
		ToProbe: kind == arpReply && target == [4]byte{},
	}, true
}
