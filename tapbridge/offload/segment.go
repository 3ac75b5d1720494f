// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"encoding/binary"
	"errors"

	"network-manager-softether/frame"
)

// Errors of [Segmenter.Load]: the frame cannot be sent and must be dropped.
var (
	ErrMalformed = errors.New("offload: header and frame do not fit together")
	ErrTooLong   = errors.New("offload: a frame longer than a server forwards")
	ErrUnknown   = errors.New("offload: unknown kind of segmentation")
)

// A Segmenter turns what the kernel passes to a TAP device with IFF_VNET_HDR into finished frames. Load it
// with one frame, then Drain it into batches. The zero value is empty and ready to use.
type Segmenter struct {
	frame []byte // the (super)frame, headers included; nil when drained
	tcp   bool
	v4    bool
	split bool // false: frame is sent as it is

	l3, l4 int    // where the IP and the transport header start
	data   int    // where the payload starts
	done   int    // bytes of payload already sent
	size   int    // bytes of payload per segment
	seq    uint32 // TCP sequence number of the superframe
	id     uint16 // IPv4 identification of the superframe
	flags  byte   // TCP flags of the superframe
	seed   uint64 // ones' complement sum of the pseudo-header without its length
}

// Load takes b, a Header and the frame after it. It keeps b, and may change it,
// until the Segmenter is drained or loaded anew.
func (s *Segmenter) Load(b []byte) error {
	s.frame = nil
	if len(b) < HeaderLen+frame.HeaderLen {
		return ErrMalformed
	}
	var h Header
	h.decode(b)
	f := b[HeaderLen:]
	if h.GSOType == gsoNone {
		return s.loadWhole(&h, f)
	}
	return s.loadSuper(&h, f)
}

// LoadPlain is Load for a frame without a Header in front of it.
func (s *Segmenter) LoadPlain(f []byte) error {
	s.frame = nil
	if len(f) < frame.HeaderLen {
		return ErrMalformed
	}
	return s.loadWhole(&Header{}, f)
}

// loadWhole loads a frame that is not to be split and finishes its checksum.
func (s *Segmenter) loadWhole(h *Header, f []byte) error {
	if len(f) > frame.MaxLen {
		return ErrTooLong
	}
	if h.Flags&needsChecksum != 0 {
		start, at := int(h.CsumStart), int(h.CsumStart)+int(h.CsumOffset)
		if at+2 > len(f) {
			return ErrMalformed
		}
		// The field already holds the sum of the pseudo-header.
		putChecksum(f[at:], ^fold(add(0, f[start:])), h.CsumOffset == udpChecksum)
	}
	s.frame, s.split = f, false
	return nil
}

// loadSuper loads a frame that is to be split.
func (s *Segmenter) loadSuper(h *Header, f []byte) error {
	l3, etype := network(f)
	// The kernel only splits what it also wants checksummed, so CsumStart reliably says where the transport
	// header is: HdrLen is a hint, and IPv6 extension headers may come in between.
	s.l3, s.l4 = l3, int(h.CsumStart)
	if h.Flags&needsChecksum == 0 || h.GSOSize == 0 {
		return ErrMalformed
	}
	var minLen, field int
	switch h.GSOType &^ gsoECN {
	case gsoTCP4, gsoTCP6:
		s.tcp, minLen, field = true, tcpLen, tcpChecksum
		s.v4 = h.GSOType&^gsoECN == gsoTCP4
	case gsoUDP:
		s.tcp, minLen, field = false, udpLen, udpChecksum
		s.v4 = etype == typeIP4
	default:
		return ErrUnknown
	}
	if int(h.CsumOffset) != field || s.l4+minLen > len(f) || len(f)-s.l4 > maxIPLen {
		return ErrMalformed
	}
	if !s.checkIP(f, etype) {
		return ErrMalformed
	}
	s.data = s.l4 + udpLen
	if s.tcp {
		s.data = s.l4 + int(f[s.l4+tcpDataOff]>>4)*4
		s.seq = binary.BigEndian.Uint32(f[s.l4+tcpSeq:])
		s.flags = f[s.l4+tcpFlags]
	}
	if s.data < s.l4+minLen || s.data >= len(f) {
		return ErrMalformed
	}
	s.size, s.done = int(h.GSOSize), 0
	if s.data+min(s.size, len(f)-s.data) > frame.MaxLen {
		return ErrTooLong
	}
	// The checksum field holds the sum of the pseudo-header with the length of the superframe; subtracting
	// that length leaves what all segments have in common.
	partial := binary.BigEndian.Uint16(f[s.l4+field:])
	s.seed = addWord(addWord(0, partial), ^uint16(len(f)-s.l4))
	s.frame, s.split = f, true
	return nil
}

// checkIP reports whether the network header of f is complete, of the version that the frame claims, and in
// front of the transport header.
func (s *Segmenter) checkIP(f []byte, etype uint16) bool {
	switch {
	case s.v4 && etype == typeIP4:
		if s.l3+ip4Len > s.l4 || f[s.l3]>>4 != 4 || s.l3+int(f[s.l3]&15)*4 != s.l4 {
			return false
		}
		s.id = binary.BigEndian.Uint16(f[s.l3+ip4ID:])
		return true
	case !s.v4 && etype == typeIP6:
		return s.l3+ip6Len <= s.l4 && f[s.l3]>>4 == 6
	}
	return false
}

// Drain moves frames into b until b is full or nothing is left, and reports
// whether nothing is left. b must have room for a frame of frame.MaxLen when empty.
func (s *Segmenter) Drain(b *frame.Batch) bool {
	if s.frame == nil {
		return true
	}
	if !s.split {
		if !b.Append(s.frame) {
			return false
		}
		s.frame = nil
		return true
	}
	payload := s.frame[s.data:]
	for s.done < len(payload) {
		n := min(s.size, len(payload)-s.done)
		seg := b.Grow(s.data + n)
		if seg == nil {
			return false
		}
		copy(seg, s.frame[:s.data])
		copy(seg[s.data:], payload[s.done:s.done+n])
		s.patch(seg, s.done+n == len(payload))
		s.done += n
	}
	s.frame = nil
	return true
}

// patch gives seg, which has a copy of the superframe's headers and its own share of the payload, the headers
// it would have had if the kernel had sent it by itself.
func (s *Segmenter) patch(seg []byte, last bool) {
	ip, l4 := seg[s.l3:], seg[s.l4:]
	if s.v4 {
		binary.BigEndian.PutUint16(ip[ip4TotalLen:], uint16(len(ip)))
		binary.BigEndian.PutUint16(ip[ip4ID:], s.id+uint16(s.done/s.size))
		ip[ip4Checksum], ip[ip4Checksum+1] = 0, 0
		binary.BigEndian.PutUint16(ip[ip4Checksum:], ^fold(add(0, ip[:s.l4-s.l3])))
	} else {
		binary.BigEndian.PutUint16(ip[ip6PayloadLen:], uint16(len(ip)-ip6Len))
	}
	field := udpChecksum
	if s.tcp {
		field = tcpChecksum
		binary.BigEndian.PutUint32(l4[tcpSeq:], s.seq+uint32(s.done))
		flags := s.flags
		if !last {
			flags &^= flagFIN | flagPSH
		}
		if s.done > 0 {
			flags &^= flagCWR
		}
		l4[tcpFlags] = flags
	} else {
		binary.BigEndian.PutUint16(l4[udpLength:], uint16(len(l4)))
	}
	l4[field], l4[field+1] = 0, 0
	putChecksum(l4[field:], ^fold(add(addWord(s.seed, uint16(len(l4))), l4)), !s.tcp)
}

// putChecksum stores sum; a UDP checksum of 0 would mean none (RFC 768).
func putChecksum(b []byte, sum uint16, udp bool) {
	if udp && sum == 0 {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(b, sum)
}

// network returns where the network header of f starts, behind up to two VLAN
// tags, and its type. f has at least an Ethernet header.
func network(f []byte) (int, uint16) {
	at, etype := etherLen, binary.BigEndian.Uint16(f[etherType:])
	for range 2 {
		if etype != typeVLAN && etype != typeQinQ || at+vlanLen > len(f) {
			break
		}
		etype = binary.BigEndian.Uint16(f[at+2:])
		at += vlanLen
	}
	return at, etype
}
