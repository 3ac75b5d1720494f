// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"

	"network-manager-softether/frame"
)

// kind is how the Coalescer treats a frame.
type kind uint8

const (
	// other frames are not understood; nothing may overtake them.
	other kind = iota
	// alone is a frame of a known flow that must not be joined (an acknowledgement, a SYN); only frames of
	// its own flow may not overtake it.
	alone
	// mergeable frames are plain segments with data.
	mergeable
)

// packet is where things are in a frame that is not other.
type packet struct {
	frame []byte
	v4    bool
	tcp   bool
	l4    int    // where the transport header starts
	data  int    // where the payload starts
	hash  uint32 // of addresses, protocol and ports, best in the upper bits
}

// parse examines f and fills in p unless the result is other.
func (p *packet) parse(f []byte) kind {
	if len(f) < etherLen+ip4Len+udpLen || len(f) > frame.MaxLen || f[0]&1 != 0 {
		return other
	}
	p.frame = f
	ip := f[etherLen:]
	var proto byte
	var whole bool
	switch binary.BigEndian.Uint16(f[etherType:]) {
	case typeIP4:
		fragment := binary.BigEndian.Uint16(ip[ip4Flags:]) &^ dontFragment
		if ip[0] != 0x45 || fragment != 0 {
			return other
		}
		p.v4, p.l4, proto = true, etherLen+ip4Len, ip[ip4Proto]
		whole = int(binary.BigEndian.Uint16(ip[ip4TotalLen:])) == len(ip)
		p.hash = hash(ip[ip4Src:], 8)
	case typeIP6:
		if len(ip) < ip6Len+udpLen || ip[0]>>4 != 6 {
			return other
		}
		p.v4, p.l4, proto = false, etherLen+ip6Len, ip[ip6Next]
		whole = int(binary.BigEndian.Uint16(ip[ip6PayloadLen:])) == len(ip)-ip6Len
		p.hash = hash(ip[ip6Src:], 32)
	default:
		return other
	}
	l4 := f[p.l4:]
	switch {
	case proto == protoTCP && len(l4) >= tcpLen:
		p.tcp, p.data = true, p.l4+int(l4[tcpDataOff]>>4)*4
		whole = whole && plainTCP(l4)
	case proto == protoUDP:
		p.tcp, p.data = false, p.l4+udpLen
		whole = whole && plainUDP(l4)
	default:
		return other
	}
	p.hash = (p.hash ^ binary.BigEndian.Uint32(l4) ^ uint32(proto)) * 0x9e3779b1
	if !whole || p.data < p.l4+udpLen || p.data >= len(f) || p.v4 && !sum4(ip[:ip4Len]) {
		return alone
	}
	return mergeable
}

// plainTCP reports whether a segment carries no flags other than ACK and PSH. A checksum of 0xffff is as
// correct as 0, but would not survive splitting.
func plainTCP(l4 []byte) bool {
	return l4[tcpDataOff]&0x0f == 0 && l4[tcpDataOff]>>4 >= tcpLen/4 &&
		l4[tcpFlags]&^flagPSH == flagACK &&
		l4[tcpUrgent] == 0 && l4[tcpUrgent+1] == 0 &&
		(l4[tcpChecksum] != 0xff || l4[tcpChecksum+1] != 0xff)
}

// plainUDP reports whether a datagram has a checksum and the length that it claims.
func plainUDP(l4 []byte) bool {
	return int(binary.BigEndian.Uint16(l4[udpLength:])) == len(l4) &&
		(l4[udpChecksum] != 0 || l4[udpChecksum+1] != 0)
}

// sum4 reports whether the checksum of an IPv4 header is correct and in the form a sender computes: 0xffff is
// as correct as 0.
func sum4(ip []byte) bool {
	return fold(add(0, ip)) == 0xffff && (ip[ip4Checksum] != 0xff || ip[ip4Checksum+1] != 0xff)
}

// verify reports whether the transport checksum of p is correct.
func (p *packet) verify() bool {
	l4 := p.frame[p.l4:]
	return fold(add(p.pseudo(uint16(len(l4))), l4)) == 0xffff
}

// pseudo returns the sum of the pseudo-header for n bytes of transport header and
// payload (RFC 9293 3.1, RFC 8200 8.1).
func (p *packet) pseudo(n uint16) uint64 {
	from, to := etherLen+ip6Src, etherLen+ip6Len
	if p.v4 {
		from, to = etherLen+ip4Src, etherLen+ip4Len
	}
	proto := uint16(protoUDP)
	if p.tcp {
		proto = protoTCP
	}
	return addWord(addWord(add(0, p.frame[from:to]), proto), n)
}

// sameHeaders reports whether q continues p as far as the headers can tell: everything that segmentation
// would copy from one to the other is equal.
func (p *packet) sameHeaders(q *packet) bool {
	if p.tcp != q.tcp || p.data != q.data || !samePath(p, q) {
		return false
	}
	ta, tb := p.frame[p.l4:], q.frame[q.l4:]
	if [4]byte(ta) != [4]byte(tb) { // ports
		return false
	}
	return !p.tcp || [5]byte(ta[tcpAck:]) == [5]byte(tb[tcpAck:]) && // and data offset
		[2]byte(ta[tcpWindow:]) == [2]byte(tb[tcpWindow:]) &&
		bytes.Equal(ta[tcpLen:p.data-p.l4], tb[tcpLen:q.data-q.l4])
}

// samePath reports whether the Ethernet and IP headers of p and q, TCP or UDP both,
// differ in nothing but length, identification and checksum.
func samePath(p, q *packet) bool {
	// Arrays, as they are compared in registers: this happens for every frame.
	if [etherLen]byte(p.frame) != [etherLen]byte(q.frame) {
		return false
	}
	a, b := p.frame[etherLen:], q.frame[etherLen:]
	if p.v4 {
		return a[ip4TOS] == b[ip4TOS] && a[ip4Flags] == b[ip4Flags] && a[ip4TTL] == b[ip4TTL] &&
			[8]byte(a[ip4Src:]) == [8]byte(b[ip4Src:])
	}
	return [4]byte(a) == [4]byte(b) && [2]byte(a[ip6Next:]) == [2]byte(b[ip6Next:]) &&
		[32]byte(a[ip6Src:]) == [32]byte(b[ip6Src:])
}

// hash mixes the first n bytes of b, a multiple of four. It spreads flows over the
// table; a collision costs speed, never correctness.
func hash(b []byte, n int) uint32 {
	var h uint32
	for i := 0; i < n; i += 4 {
		h = (h ^ binary.BigEndian.Uint32(b[i:])) * 0x85ebca6b
		h ^= h >> 13
	}
	return h
}
