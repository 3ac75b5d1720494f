// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806

	macLen    = 6
	ipv4Len   = 20
	udpLen    = 8
	protoUDP  = 17
	dhcpsPort = 67
	dhcpcPort = 68
)

// handle answers a frame that is for d, and reports whether it was.
func (d *DHCP) handle(s *ServerSession, f []byte) bool {
	reply, mine := d.respond(f)
	if reply != nil {
		_ = s.WriteFrames([][]byte{reply}) // a session that has ended needs no lease
	}
	return mine
}

// respond returns the frame that answers f, if there is one, and whether f is for d.
func (d *DHCP) respond(f []byte) (reply []byte, mine bool) {
	if len(f) < frame.HeaderLen {
		return nil, false
	}
	switch body := f[frame.HeaderLen:]; binary.BigEndian.Uint16(f[12:]) {
	case typeARP:
		reply = d.arp(body)
		return reply, reply != nil
	case typeIPv4:
		payload, ok := dhcpPayload(body)
		if !ok {
			return nil, false
		}
		m, err := dhcpv4.FromBytes(payload)
		if err != nil || m.OpCode != dhcpv4.OpcodeBootRequest || len(m.ClientHWAddr) != macLen {
			return nil, false
		}
		if r := d.answer(m); r != nil {
			reply = dhcpFrame(r, d.lease.Server)
		}
		return reply, true
	default:
		return nil, false
	}
}

// dhcpPayload returns what an unfragmented IPv4 packet for a DHCP server carries.
func dhcpPayload(b []byte) ([]byte, bool) {
	if len(b) < ipv4Len || b[0]>>4 != 4 || b[9] != protoUDP {
		return nil, false
	}
	ihl, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	if ihl < ipv4Len || total > len(b) || total < ihl+udpLen || binary.BigEndian.Uint16(b[6:])&0x3fff != 0 {
		return nil, false
	}
	udp := b[ihl:total]
	if binary.BigEndian.Uint16(udp[2:]) != dhcpsPort {
		return nil, false
	}
	return udp[udpLen:], true
}

// dhcpFrame wraps a reply, as a broadcast if the client requires that (RFC 2131 4.1).
func dhcpFrame(m *dhcpv4.DHCPv4, server netip.Addr) []byte {
	dstMAC, dst := m.ClientHWAddr, m.YourIPAddr.To4()
	if m.IsBroadcast() || dst == nil || dst.IsUnspecified() {
		dstMAC, dst = net.HardwareAddr(bytes.Repeat([]byte{0xff}, macLen)), net.IPv4bcast.To4()
	}
	payload := m.ToBytes()
	src := server.As4()

	f := append(append(bytes.Clone(dstMAC), dhcpMAC...), typeIPv4>>8, typeIPv4&0xff)
	total := ipv4Len + udpLen + len(payload)
	head := []byte{0x45, 0, byte(total >> 8), byte(total), 0, 0, 0, 0, 64, protoUDP, 0, 0}
	head = append(append(head, src[:]...), dst...)
	binary.BigEndian.PutUint16(head[10:], ^inetsum.Of(head))

	udp := []byte{0, dhcpsPort, 0, dhcpcPort, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(udp[4:], uint16(udpLen+len(payload)))
	udp = append(udp, payload...)
	pseudo := append(bytes.Clone(head[12:20]), 0, protoUDP, udp[4], udp[5])
	sum := ^inetsum.Of(pseudo, udp)
	if sum == 0 {
		sum = 0xffff // 0 would mean that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	return append(append(f, head...), udp...)
}

// arp returns the answer to a request for the address of d, or nil.
func (d *DHCP) arp(b []byte) []byte {
	const requestLen = 28
	if len(b) < requestLen || !bytes.Equal(b[:8], []byte{0, 1, 8, 0, 6, 4, 0, 1}) {
		return nil
	}
	if netip.AddrFrom4([4]byte(b[24:28])) != d.lease.Server {
		return nil
	}
	f := append(append(bytes.Clone(b[8:14]), dhcpMAC...), typeARP>>8, typeARP&0xff)
	f = append(f, 0, 1, 8, 0, 6, 4, 0, 2)
	f = append(append(f, dhcpMAC...), b[24:28]...)
	return append(f, b[8:18]...)
}
