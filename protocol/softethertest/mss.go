// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"encoding/binary"
	"net"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

// How long 5.02 lets a TCP segment inside of a session be that it has granted UDP to, whether frames go there or not: what
// fits into a packet of PPPoE over the family of the session (softether-protocol.md 10.4).
const (
	segment4 = 1309
	segment6 = 1289
)

// segmentOver returns that limit for a session over the connection tcp.
func segmentOver(tcp *net.TCPConn) uint16 {
	if hostOf(tcp.LocalAddr()).Is4() {
		return segment4
	}
	return segment6
}

// shorten clamps the MSS in frames that open a TCP connection inside the session, in place.
func (s *ServerSession) shorten(frames [][]byte) {
	if u := s.udp.Load(); u != nil && u.segment != 0 {
		for _, f := range frames {
			clamp(f, u.segment)
		}
	}
}

// shortened is shorten for frames that belong to somebody else.
func (s *ServerSession) shortened(frames [][]byte) [][]byte {
	u := s.udp.Load()
	if u == nil || u.segment == 0 {
		return frames
	}
	own := make([][]byte, len(frames))
	for i, f := range frames {
		own[i] = f
		if opening(f) != nil {
			own[i] = bytes.Clone(f)
			clamp(own[i], u.segment)
		}
	}
	return own
}

// clamp lowers the MSS of a TCP SYN, and corrects the checksum.
func clamp(f []byte, most uint16) {
	const end, pad, maxSegment = 0, 1, 2
	tcp := opening(f)
	for at := tcpLen; at < len(tcp) && tcp[at] != end; {
		if tcp[at] == pad {
			at++
			continue
		}
		if at+1 >= len(tcp) || tcp[at+1] < 2 || at+int(tcp[at+1]) > len(tcp) {
			return
		}
		if value := tcp[at+2 : at+int(tcp[at+1])]; tcp[at] == maxSegment && len(value) == 2 && binary.BigEndian.Uint16(value) > most {
			was := ^inetsum.Of(padded(value, at))
			binary.BigEndian.PutUint16(value, most)
			var sum [6]byte // the old sum, less what was, plus what is (RFC 1624)
			copy(sum[:], tcp[tcpSum:tcpSum+2])
			sum[0], sum[1] = ^sum[0], ^sum[1]
			binary.BigEndian.PutUint16(sum[2:], was)
			binary.BigEndian.PutUint16(sum[4:], inetsum.Of(padded(value, at)))
			binary.BigEndian.PutUint16(tcp[tcpSum:], ^inetsum.Of(sum[:]))
			return
		}
		at += int(tcp[at+1])
	}
}

// padded returns value as it stands in the words that the checksum adds up, at in the segment.
func padded(value []byte, at int) []byte {
	return append(make([]byte, at%2), value...)
}

const (
	typeIPv6 = 0x86dd
	ipv6Len  = 40
	tcpLen   = 20
	tcpSum   = 16
	protoTCP = 6
)

// opening returns the header of the TCP SYN in f, or nil.
func opening(f []byte) []byte {
	if len(f) < frame.HeaderLen {
		return nil
	}
	b := f[frame.HeaderLen:]
	switch binary.BigEndian.Uint16(f[12:]) {
	case typeIPv4:
		if len(b) < ipv4Len || b[9] != protoTCP || len(b) < int(b[0]&15)*4 || binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
			return nil
		}
		b = b[b[0]&15*4:]
	case typeIPv6:
		if len(b) < ipv6Len || b[6] != protoTCP {
			return nil
		}
		b = b[ipv6Len:]
	default:
		return nil
	}
	const syn = 2
	if len(b) < tcpLen || b[13]&syn == 0 || b[12]>>4*4 < tcpLen || len(b) < int(b[12]>>4)*4 {
		return nil
	}
	return b[:b[12]>>4*4]
}
