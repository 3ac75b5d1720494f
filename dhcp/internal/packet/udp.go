// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"net/netip"

	"network-manager-softether/internal/inetsum"
)

// UDP is a datagram with its IP and Ethernet addresses.
type UDP struct {
	SrcMAC, DstMAC MAC
	Src, Dst       netip.AddrPort // both of one family
	Payload        []byte
}

// Marshal returns the Ethernet frame of u.
func (u *UDP) Marshal() []byte {
	n := udpLen + len(u.Payload)
	var f []byte
	if u.Src.Addr().Is4() {
		f = appendIPv4(u.SrcMAC, u.DstMAC, u.Src.Addr(), u.Dst.Addr(), n)
	} else {
		f = appendIPv6(u.SrcMAC, u.DstMAC, u.Src.Addr(), u.Dst.Addr(), protoUDP, hopLimit, n)
	}
	start := len(f)
	f = binary.BigEndian.AppendUint16(f, u.Src.Port())
	f = binary.BigEndian.AppendUint16(f, u.Dst.Port())
	f = binary.BigEndian.AppendUint16(f, uint16(n))
	f = append(f, 0, 0)
	f = append(f, u.Payload...)
	d := f[start:]
	check := ^inetsum.Fold(inetsum.Add(pseudo(u.Src.Addr(), u.Dst.Addr(), protoUDP, n), d))
	if check == 0 {
		check = 0xffff // 0 means "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(d[6:], check)
	return f
}

// ParseUDP parses frame. It reports false for everything that is not a complete UDP datagram with correct
// lengths and checksums: other protocols, fragments, IPv6 extension headers, VLAN tags. The payload is a view
// of frame, without Ethernet padding.
func ParseUDP(frame []byte) (u UDP, ok bool) {
	h, ok := parseIP(frame)
	if !ok || h.proto != protoUDP || len(h.payload) < udpLen {
		return UDP{}, false
	}
	d := h.payload
	n := int(binary.BigEndian.Uint16(d[4:]))
	if n < udpLen || n > len(d) {
		return UDP{}, false
	}
	d = d[:n]
	if !udpSumOK(d, h.src, h.dst) {
		return UDP{}, false
	}
	return UDP{
		SrcMAC:  h.srcMAC,
		DstMAC:  h.dstMAC,
		Src:     netip.AddrPortFrom(h.src, binary.BigEndian.Uint16(d)),
		Dst:     netip.AddrPortFrom(h.dst, binary.BigEndian.Uint16(d[2:])),
		Payload: d[udpLen:],
	}, true
}
