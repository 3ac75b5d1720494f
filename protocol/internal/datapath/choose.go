// SPDX-License-Identifier: Apache-2.0

package datapath

import "time"

// choose returns the connection for a frame of e, or nil if there is none.
func (sp *spreader) choose(e *flow, isUrgent bool, now time.Duration, conns []*Conn) *Conn {
	if isUrgent && sp.express != nil && sp.express.sends() && !sp.express.share.hangs {
		return sp.express
	}
	c := e.conn
	paused := now-e.last > flowPause
	e.last = now
	switch {
	case c == nil || !c.sends() || c.retiring.Load() && c.queue.idle():
	case !paused && !c.share.hangs:
		return c
	default:
		best := sp.leastBusy(conns)
		better := best != nil && !best.share.hangs
		if better && (c.share.hangs || c == sp.express || c.share.recent-best.share.recent > muchBusier) {
			e.conn = best
		}
		return e.conn
	}
	e.conn = sp.leastBusy(conns)
	return e.conn
}

// leastBusy returns the connection for a flow that begins: preferably one that does not hang, is not about to
// be closed and is not for urgent frames; among several the least busy, among equals the newest.
func (sp *spreader) leastBusy(conns []*Conn) *Conn {
	var best *Conn
	var bestRank, bestLoad int64
	for _, c := range conns {
		if !c.sends() {
			continue
		}
		var rank int64
		if c.share.hangs {
			rank += 4
		}
		if c.retiring.Load() {
			rank += 2
		}
		if c == sp.express {
			rank++
		}
		load := c.share.recent
		if best == nil || rank < bestRank || rank == bestRank && load <= bestLoad {
			best, bestRank, bestLoad = c, rank, load
		}
	}
	if best != nil {
		return best
	}
	// Half-duplex, and none that leads to the server is left: servers accept frames on the others as well
	// (softether-protocol.md 8.2).
	for _, c := range conns {
		if c.Alive() {
			best = c
		}
	}
	return best
}

// usable counts the connections that a frame could go to.
func usable(conns []*Conn) int {
	n := 0
	for _, c := range conns {
		if c.sends() && !c.retiring.Load() {
			n++
		}
	}
	return n
}
