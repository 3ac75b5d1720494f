// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
)

// While the host sends in bulk, more than a third of a million acknowledgements come back for each gigabyte,
// and each costs a system call and a pass through the host's TCP. A coalescing network card would have spared
// the host most of them: it would have acknowledged up to 64 KiB at once. Here, the last of several
// acknowledgements that have arrived together does the same: it says everything that those before it said,
// and takes their place.
//
// Only those are left out that say nothing but how far the data has come. Duplicates, selective
// acknowledgements, congestion marks and options other than timestamps each have a meaning, and pass. One
// duplicate cannot be recognised: one that repeats what an earlier Load had and is the first of its flow,
// whose place another one may take.

// maxAcked bounds how much data an acknowledgement may cover on behalf of those that it replaces, in bytes:
// as much as a superframe carries.
const maxAcked = 64 << 10

// maxTicks bounds how far the clocks may have moved on. All steps of a Load together stay far below the 2^31
// after which the last would look older than the first (RFC 7323 5.2).
const maxTicks = 1 << 20

// The options that a replaced acknowledgement may have: none, or timestamps after two no-operations, as all
// systems send them (RFC 7323, appendix A).
const (
	stampsLen = 12
	stampVal  = tcpLen + 4
	stampEcho = tcpLen + 8
)

var stampsHead = []byte{1, 1, 8, 10}

// congested is the mark that a router has set in the traffic class (RFC 3168 5). On an acknowledgement, the
// host counts it as well (RFC 9768 3.2).
const congested = 3

// isAck reports whether p, a frame that cannot be joined, is a plain acknowledgement with correct checksums.
// It removes Ethernet padding from p.frame.
func (p *packet) isAck() bool {
	if !p.tcp || p.data > len(p.frame) {
		return false
	}
	ip := p.frame[etherLen:]
	if p.v4 {
		if int(binary.BigEndian.Uint16(ip[ip4TotalLen:])) != p.data-etherLen || ip[ip4TOS]&3 == congested || !sum4(ip[:ip4Len]) {
			return false
		}
	} else if int(binary.BigEndian.Uint16(ip[ip6PayloadLen:])) != p.data-etherLen-ip6Len || ip[ip6Class]>>4&3 == congested {
		return false
	}
	l4 := p.frame[p.l4:p.data]
	switch len(l4) {
	case tcpLen:
	case tcpLen + stampsLen:
		if !bytes.Equal(l4[tcpLen:stampVal], stampsHead) {
			return false
		}
	default:
		return false
	}
	if l4[tcpDataOff]&0x0f != 0 || l4[tcpFlags] != flagACK || l4[tcpUrgent] != 0 || l4[tcpUrgent+1] != 0 {
		return false
	}
	p.frame = p.frame[:p.data]
	return p.verify()
}

// supersedes reports whether p, an acknowledgement that follows the one of g, says everything that it says
// and more.
func (p *packet) supersedes(g *group) bool {
	q := &g.packet
	if g.duplicate || p.data != q.data || !samePath(p, q) {
		return false
	}
	old, new := q.frame[q.l4:], p.frame[p.l4:]
	if !bytes.Equal(old[:tcpAck], new[:tcpAck]) { // ports and sequence number
		return false
	}
	more, all := passed(old[tcpAck:], new[tcpAck:]), binary.BigEndian.Uint32(new[tcpAck:])-g.seq
	if more == 0 || more > maxAcked || all > maxAcked {
		return false
	}
	return len(old) == tcpLen ||
		passed(old[stampVal:], new[stampVal:]) <= maxTicks && passed(old[stampEcho:], new[stampEcho:]) <= maxTicks
}

// repeats reports whether p, an acknowledgement that follows the one of g, says the same again: this is how a
// host learns that segments arrive, but out of order (RFC 5681 2).
func (p *packet) repeats(g *group) bool {
	old, new := g.frame[g.l4:], p.frame[p.l4:]
	return bytes.Equal(old[tcpAck:tcpDataOff], new[tcpAck:tcpDataOff]) &&
		bytes.Equal(old[tcpWindow:tcpChecksum], new[tcpWindow:tcpChecksum])
}

// startAcks prepares g, an acknowledgement, for being replaced by others. old is the one before it in its
// flow, or nil.
func (g *group) startAcks(old *group) {
	g.ack, g.seq = true, binary.BigEndian.Uint32(g.frame[g.l4+tcpAck:])
	g.duplicate = old != nil && g.repeats(old)
}

// acks returns the group that is open in a slot if it is an acknowledgement, or else nil.
func (c *Coalescer) acks(slot int16) *group {
	if slot == none || !c.groups[slot].ack {
		return nil
	}
	return &c.groups[slot]
}

// passed returns the distance from one 32-bit number to another, modulo 2^32: very large if that is an older
// one (RFC 9293 3.4).
func passed(from, to []byte) uint32 {
	return binary.BigEndian.Uint32(to) - binary.BigEndian.Uint32(from)
}
