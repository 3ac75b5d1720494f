// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"

	"network-manager-softether/internal/inetsum"
)

// ICMPv6 is an ICMPv6 message with its addresses.
type ICMPv6 struct {
	SrcMAC, DstMAC MAC
	Src, Dst       netip.Addr
	HopLimit       uint8  // as received; neighbour discovery wants 255
	Message        []byte // from the type byte on
}

// Marshal returns the Ethernet frame of m; it fills in the checksum, on a copy of the message. Message must
// include its four bytes of header.
func (m *ICMPv6) Marshal() []byte {
	f := appendIPv6(m.SrcMAC, m.DstMAC, m.Src, m.Dst, protoICMPv6, m.HopLimit, len(m.Message))
	start := len(f)
	f = append(f, m.Message...)
	d := f[start:]
	d[2], d[3] = 0, 0
	binary.BigEndian.PutUint16(d[2:], ^inetsum.Fold(inetsum.Add(pseudo(m.Src, m.Dst, protoICMPv6, len(d)), d)))
	return f
}

// ParseICMPv6 parses frame. It reports false for everything that is not a complete ICMPv6 message with
// correct lengths and checksum. The message is a view of frame.
func ParseICMPv6(frame []byte) (m ICMPv6, ok bool) {
	h, ok := parseIP(frame)
	if !ok || h.proto != protoICMPv6 || !h.src.Is6() || len(h.payload) < icmpLen {
		return ICMPv6{}, false
	}
	if inetsum.Fold(inetsum.Add(pseudo(h.src, h.dst, protoICMPv6, len(h.payload)), h.payload)) != 0xffff {
		return ICMPv6{}, false
	}
	return ICMPv6{
		SrcMAC: h.srcMAC, DstMAC: h.dstMAC,
		Src: h.src, Dst: h.dst,
		HopLimit: h.hops,
		Message:  h.payload,
	}, true
}

// MulticastMAC returns the Ethernet address of an IPv6 group (RFC 2464 7).
func MulticastMAC(group netip.Addr) MAC {
	a := group.As16()
	return MAC{0x33, 0x33, a[12], a[13], a[14], a[15]}
}

// LinkLocal returns the link-local address whose interface identifier is mac's modified EUI-64 (RFC 4291
// appendix A), which is the one the kernel gives a TAP.
func LinkLocal(mac MAC) netip.Addr {
	return EUI64(netip.MustParsePrefix("fe80::/64"), mac)
}

// EUI64 returns the address made of prefix's first 64 bits and mac's modified EUI-64.
func EUI64(prefix netip.Prefix, mac MAC) netip.Addr {
	a := prefix.Addr().As16()
	copy(a[8:], []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
	return netip.AddrFrom16(a)
}
