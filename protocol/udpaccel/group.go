// SPDX-License-Identifier: Apache-2.0

package udpaccel

// A group is a run of frames whose packets have the same size, except that the last one may be shorter, so
// that the kernel can take them as one and split them again (UDP_SEGMENT).
type group struct {
	frames int
	size   int // of each packet, but the last
	total  int // of all of them
}

// Bounds of a group: what kernels accept, and the size of an IP packet.
const (
	maxGroupPackets = 64
	maxGroupBytes   = 65535 - 48 // room for IPv6 and UDP headers
)

// nextGroup returns the longest group at the front of frames, which is not empty. Padding, of which every
// packet may have up to 31 bytes, makes similar sizes equal. Packets longer than segment are not grouped, as
// the kernel would not split into them.
func nextGroup(frames [][]byte, overhead, segment int) group {
	g := group{frames: 1, size: overhead + len(frames[0])}
	g.total = g.size
	if g.size > segment {
		return g
	}
	for _, f := range frames[1:min(len(frames), maxGroupPackets)] {
		n := overhead + len(f)
		last := n < g.size-maxPadding
		if !last {
			n = max(n, g.size)
		}
		if n > g.size || g.total+n > maxGroupBytes {
			break
		}
		g.frames++
		g.total += n
		if last {
			break
		}
	}
	return g
}

// packetLen returns the length of packet i of g for a frame of n bytes.
func (g *group) packetLen(i, overhead, n int) int {
	if i == g.frames-1 {
		return g.total - (g.frames-1)*g.size
	}
	return g.size
}
