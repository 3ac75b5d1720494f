// SPDX-License-Identifier: Apache-2.0

package offload

import "encoding/binary"

const (
	// MaxFrames is how many frames a Coalescer looks at at once.
	MaxFrames = 256
	// maxSegments bounds a superframe; the kernel accepts no more datagrams than this in one
	// (UDP_MAX_SEGMENTS was 64 when it first accepted any).
	maxSegments = 64

	none = -1

	// MaxParts is the most pieces that Next returns.
	MaxParts = 1 + maxSegments
)

// A Coalescer joins consecutive segments of a flow into superframes. Load it with
// frames, then take what to write from Next until that is nil:
//
//	for len(frames) > 0 {
//		n := c.Load(frames, true)
//		for parts := c.Next(); parts != nil; parts = c.Next() {
//			writev(fd, parts)
//		}
//		frames = frames[n:]
//	}
//
// Frames of one flow keep their order. Frames of different flows may overtake each
// other, but never a frame that was not understood. Nothing is held back for a
// later Load. Payload is not copied: parts refer to the frames.
type Coalescer struct {
	udp bool // UDP superframes may be made

	frames [][]byte
	after  [MaxFrames]int16 // the frame that follows in the same group, or none
	groups [MaxFrames]group
	count  int // groups in use
	next   int // the group that Next returns next
	single int // the frame that Next returns next after Unmerge, or none
	open   table

	head  [HeaderLen + maxHeaders]byte
	parts [][]byte
}

// maxHeaders is the longest Ethernet, IP and TCP header of a mergeable frame.
const maxHeaders = etherLen + ip6Len + 60

// A group is one or more frames that go out together.
type group struct {
	packet             // the first frame; not set if it is not understood
	whole       []byte // the first frame, with padding if there is some
	first, last int16  // frames
	segments    int16  // frames
	gone        int16  // acknowledgements that the first frame has replaced
	ack         bool   // an acknowledgement that others may replace
	duplicate   bool   // an acknowledgement that stays
	fixedID     bool   // all IPv4 identifications are the same
	verified    bool   // the first frame's checksum was found correct
	bad         bool   // the first frame's checksum was found wrong
	size        int    // payload of every frame but the last
	total       int    // payload of all frames
	seq         uint32 // TCP sequence number that comes next; of acks, the first one's number
}

// NewCoalescer returns an empty Coalescer. udp says whether the kernel accepts UDP superframes, as Linux does
// since 6.2.
func NewCoalescer(udp bool) *Coalescer {
	return &Coalescer{udp: udp, parts: make([][]byte, 0, MaxParts), single: none}
}

// Load takes the first of frames and returns how many; they must not be empty, and must stay unchanged until
// Next has returned nil. Without merge, each frame is written by itself. What was loaded before is forgotten.
func (c *Coalescer) Load(frames [][]byte, merge bool) int {
	c.frames = frames[:min(len(frames), MaxFrames)]
	c.count, c.next, c.single = 0, 0, none
	c.open.reset()
	for i, f := range c.frames {
		c.after[i] = none
		g := &c.groups[c.count]
		what := other
		if merge {
			what = g.parse(f)
		}
		switch what {
		case other:
			c.open.floor = int16(c.count)
		case alone:
			slot := c.slot(g.hash)
			if !g.isAck() {
				*slot = none
				break
			}
			old := c.acks(*slot)
			if old != nil && g.supersedes(old) {
				old.give(f, &g.packet, int16(i))
				continue
			}
			g.startAcks(old)
			*slot = int16(c.count)
		case mergeable:
			slot := c.slot(g.hash)
			if *slot != none && !c.groups[*slot].ack && c.join(&c.groups[*slot], &g.packet, int16(i)) {
				if g.closes(c.groups[*slot].size) {
					*slot = none
				}
				continue
			}
			g.start()
			*slot = none
			if (g.tcp || c.udp) && !g.closes(g.size) {
				*slot = int16(c.count)
			}
		}
		g.whole, g.first, g.last, g.segments, g.gone = f, int16(i), int16(i), 1, 0
		c.count++
	}
	return len(c.frames)
}

// start prepares g, whose first frame is parsed, for more of them.
func (g *group) start() {
	g.ack, g.fixedID, g.verified, g.bad = false, false, false, false
	g.size = len(g.frame) - g.data
	g.total = g.size
	g.seq = binary.BigEndian.Uint32(g.frame[g.l4+tcpSeq:]) + uint32(g.size)
}

// join appends the frame of p, number i, to g if it continues g.
func (c *Coalescer) join(g *group, p *packet, i int16) bool {
	size := len(p.frame) - p.data
	if !g.sameHeaders(p) || size > g.size || g.segments == maxSegments ||
		p.data-etherLen+g.total+size > maxIPLen {
		return false
	}
	if p.tcp && binary.BigEndian.Uint32(p.frame[p.l4+tcpSeq:]) != g.seq {
		return false
	}
	fixed, ok := g.sameID(p)
	if !ok || g.bad {
		return false
	}
	if !g.verified {
		g.verified = g.verify()
		g.bad = !g.verified
	}
	if g.bad || !p.verify() {
		return false
	}
	c.after[g.last] = i
	g.last, g.fixedID = i, fixed
	g.segments++
	g.total += size
	g.seq += uint32(size)
	return true
}

// closes reports whether no frame can follow p in a group of segments of size bytes: segmentation makes only
// the last one short, and sets PSH only there.
func (p *packet) closes(size int) bool {
	return len(p.frame)-p.data < size || p.tcp && p.frame[p.l4+tcpFlags]&flagPSH != 0
}

// sameID reports whether the IPv4 identification of p continues g: counting up, as
// segmentation does, or the same all along in datagrams that are never fragmented.
func (g *group) sameID(p *packet) (fixed, ok bool) {
	if !p.v4 {
		return false, true
	}
	first := binary.BigEndian.Uint16(g.frame[etherLen+ip4ID:])
	id := binary.BigEndian.Uint16(p.frame[etherLen+ip4ID:])
	if (g.segments == 1 || g.fixedID) && id == first {
		return true, p.frame[etherLen+ip4Flags]&(dontFragment>>8) != 0
	}
	return false, !g.fixedID && id == first+uint16(g.segments)
}

// give puts the frame f, number i, in place of the acknowledgement of g.
func (g *group) give(f []byte, p *packet, i int16) {
	g.packet, g.whole, g.first, g.last = *p, f, i, i
	g.gone++
}
