// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"
)

// sum adds b, padded to whole 16-bit words, to the ones' complement sum acc.
func sum(acc uint32, b []byte) uint32 {
	for len(b) >= 2 {
		acc += uint32(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint32(b[0]) << 8
	}
	return acc
}

// fold brings the sum down to 16 bits (RFC 1071).
func fold(acc uint32) uint16 {
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return uint16(acc)
}

// pseudo is the sum over the pseudo header of RFC 768 and RFC 8200 8.1.
func pseudo(src, dst netip.Addr, proto uint8, length int) uint32 {
	acc := uint32(proto) + uint32(length)
	acc = sum(acc, src.AsSlice())
	return sum(acc, dst.AsSlice())
}

// udpSumOK judges the checksum of a whole datagram.
//
// Besides a right sum it accepts, on IPv4, none at all (RFC 768), and in both
// families one that holds only the pseudo header: that is what a frame looks like
// whose checksum was left to a network card that it never reached, as happens
// when a virtual hub is bridged to the virtual interface on which the DHCP server
// listens. The real sum is then unknown, which is no worse than none.
func udpSumOK(d []byte, src, dst netip.Addr) bool {
	field := binary.BigEndian.Uint16(d[6:])
	if field == 0 {
		return src.Is4()
	}
	head := pseudo(src, dst, protoUDP, len(d))
	return fold(sum(head, d)) == 0xffff || fold(head) == field
}
