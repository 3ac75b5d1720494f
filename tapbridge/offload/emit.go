// SPDX-License-Identifier: Apache-2.0

package offload

import "encoding/binary"

// noOffload is an encoded zero Header: the frame is complete, and the receiver verifies it.
var noOffload [HeaderLen]byte

// Next returns what to write next, in pieces: a Header, then a frame. It returns nil when there is nothing
// more. The pieces are valid until the next call of any method.
func (c *Coalescer) Next() [][]byte {
	if c.single != none {
		f := c.frames[c.single]
		c.single = int(c.after[c.single])
		return append(c.parts[:0], noOffload[:], f)
	}
	if c.next == c.count {
		return nil
	}
	g := &c.groups[c.next]
	c.next++
	if g.segments == 1 {
		return append(c.parts[:0], noOffload[:], g.whole)
	}
	parts := append(c.parts[:0], c.headers(g))
	for i := g.first; i != none; i = c.after[i] {
		parts = append(parts, c.frames[i][g.data:])
	}
	return parts
}

// Segments returns how many frames the last result of Next consists of.
func (c *Coalescer) Segments() int {
	if c.next == 0 {
		return 0
	}
	return int(c.groups[c.next-1].segments)
}

// Frames returns how many frames the last result of Next stands for: its segments, or an acknowledgement and
// those that it has replaced.
func (c *Coalescer) Frames() int {
	if c.next == 0 {
		return 0
	}
	g := &c.groups[c.next-1]
	return int(g.segments + g.gone)
}

// Unmerge takes back the last result of Next, whose frames Next then returns again one by one. It is for a
// kernel that refuses the superframe.
func (c *Coalescer) Unmerge() {
	if c.next > 0 {
		g := &c.groups[c.next-1]
		c.single, g.segments = int(g.first), 1
	}
}

// headers returns the Header and the headers of the superframe of g. The transport checksum is left to the
// kernel, as for packets of its own.
func (c *Coalescer) headers(g *group) []byte {
	h := Header{
		Flags: needsChecksum, GSOType: gsoUDP, HdrLen: uint16(g.data), GSOSize: uint16(g.size),
		CsumStart: uint16(g.l4), CsumOffset: udpChecksum,
	}
	if g.tcp {
		h.CsumOffset, h.GSOType = tcpChecksum, gsoTCP6
		if g.v4 {
			h.GSOType = gsoTCP4
		}
	}
	h.encode(c.head[:])
	f := c.head[HeaderLen : HeaderLen+g.data]
	copy(f, g.frame)
	ip, l4 := f[etherLen:], f[g.l4:]
	length := uint16(g.data - g.l4 + g.total) // of transport header and payload
	if g.v4 {
		binary.BigEndian.PutUint16(ip[ip4TotalLen:], ip4Len+length)
		ip[ip4Checksum], ip[ip4Checksum+1] = 0, 0
		binary.BigEndian.PutUint16(ip[ip4Checksum:], ^fold(add(0, ip[:ip4Len])))
	} else {
		binary.BigEndian.PutUint16(ip[ip6PayloadLen:], length)
	}
	if g.tcp {
		l4[tcpFlags] = c.frames[g.last][g.l4+tcpFlags]
	} else {
		binary.BigEndian.PutUint16(l4[udpLength:], length)
	}
	binary.BigEndian.PutUint16(l4[h.CsumOffset:], fold(g.pseudo(length)))
	return c.head[:HeaderLen+g.data]
}
