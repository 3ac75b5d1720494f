// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"

	"network-manager-softether/internal/inetsum"
)

// header is what the Ethernet and IP headers of a frame contain.
type header struct {
	srcMAC, dstMAC MAC
	src, dst       netip.Addr
	proto          uint8
	hops           uint8 // TTL or hop limit as received
	payload        []byte
}

// parseIP reads the headers of an IPv4 or IPv6 frame.
func parseIP(frame []byte) (h header, ok bool) {
	if len(frame) < ethernetLen {
		return header{}, false
	}
	copy(h.dstMAC[:], frame)
	copy(h.srcMAC[:], frame[6:])
	if h.srcMAC.Group() {
		return header{}, false
	}
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeIPv4:
		ok = h.parseIPv4(frame[ethernetLen:])
	case typeIPv6:
		ok = h.parseIPv6(frame[ethernetLen:])
	}
	return h, ok
}

func (h *header) parseIPv4(p []byte) bool {
	if len(p) < ipv4Len || p[0]>>4 != 4 {
		return false
	}
	hlen := int(p[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(p[2:]))
	if hlen < ipv4Len || total < hlen || total > len(p) {
		return false
	}
	const moreFragmentsOrOffset = 0x3fff
	if binary.BigEndian.Uint16(p[6:])&moreFragmentsOrOffset != 0 {
		return false
	}
	if inetsum.Of(p[:hlen]) != 0xffff {
		return false
	}
	h.hops, h.proto = p[8], p[9]
	h.src = netip.AddrFrom4([4]byte(p[12:16]))
	h.dst = netip.AddrFrom4([4]byte(p[16:20]))
	h.payload = p[hlen:total]
	return true
}

// parseIPv6 does not follow extension headers: neighbour discovery must not be
// fragmented (RFC 6980), and no DHCPv6 server uses them.
func (h *header) parseIPv6(p []byte) bool {
	if len(p) < ipv6Len || p[0]>>4 != 6 {
		return false
	}
	n := int(binary.BigEndian.Uint16(p[4:]))
	if n > len(p)-ipv6Len {
		return false
	}
	h.proto, h.hops = p[6], p[7]
	h.src = netip.AddrFrom16([16]byte(p[8:24]))
	h.dst = netip.AddrFrom16([16]byte(p[24:40]))
	h.payload = p[ipv6Len : ipv6Len+n]
	// An IPv4-mapped IPv6 address never belongs on the wire (RFC 4291 2.5.5.2).
	return !h.src.Is4In6() && !h.dst.Is4In6()
}

func appendEthernet(src, dst MAC, etherType uint16, payload int) []byte {
	f := make([]byte, 0, ethernetLen+payload)
	f = append(f, dst[:]...)
	f = append(f, src[:]...)
	return binary.BigEndian.AppendUint16(f, etherType)
}

// appendIPv4 starts a frame for n bytes of UDP. The identification stays 0: the
// packet is marked "don't fragment" (RFC 6864).
func appendIPv4(srcMAC, dstMAC MAC, src, dst netip.Addr, n int) []byte {
	f := appendEthernet(srcMAC, dstMAC, typeIPv4, ipv4Len+n)
	start := len(f)
	f = append(f, 0x45, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(ipv4Len+n))
	f = append(f, 0, 0, 0x40, 0, hopLimit, protoUDP, 0, 0)
	f = append(f, src.AsSlice()...)
	f = append(f, dst.AsSlice()...)
	h := f[start:]
	binary.BigEndian.PutUint16(h[10:], ^inetsum.Of(h))
	return f
}

func appendIPv6(srcMAC, dstMAC MAC, src, dst netip.Addr, proto, hops uint8, n int) []byte {
	f := appendEthernet(srcMAC, dstMAC, typeIPv6, ipv6Len+n)
	f = append(f, 0x60, 0, 0, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(n))
	f = append(f, proto, hops)
	f = append(f, src.AsSlice()...)
	return append(f, dst.AsSlice()...)
}
