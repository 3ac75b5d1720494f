// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"

	"network-manager-softether/internal/inetsum"
)

// pseudo is the sum over the pseudo header of RFC 768 and RFC 8200 8.1.
func pseudo(src, dst netip.Addr, proto uint8, length int) uint64 {
	acc := uint64(proto) + uint64(length)
	acc = inetsum.Add(acc, src.AsSlice())
	return inetsum.Add(acc, dst.AsSlice())
}

// udpSumOK judges the checksum of a complete datagram.
//
// Besides a correct sum it accepts, on IPv4, none at all (RFC 768), and in both families one of the
// pseudo-header alone: this is what a frame looks like whose checksum was left to a network card that it
// never reached, as happens when a virtual hub is bridged to the virtual interface on which the DHCP server
// listens. The real sum is then unknown, which is no worse than none.
func udpSumOK(d []byte, src, dst netip.Addr) bool {
	field := binary.BigEndian.Uint16(d[6:])
	if field == 0 {
		return src.Is4()
	}
	head := pseudo(src, dst, protoUDP, len(d))
	return inetsum.Fold(inetsum.Add(head, d)) == 0xffff || inetsum.Fold(head) == field
}
