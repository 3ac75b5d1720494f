// SPDX-License-Identifier: Apache-2.0

package datapath

import "time"

// rebalanceEvery is how often, at most, a flow that never pauses changes its connection. What it sends then
// may overtake what is waiting on the old one, which costs a TCP flow one needless retransmission. Without
// it, eight flows that began while there was one connection, or that were left on one when the others were
// lost, would share that one for as long as they last.
const rebalanceEvery = time.Second

// rebalance moves one flow from the busiest connection to one that has next to nothing to do, if that helps:
// a flow that has its connection to itself stays, and all stay when the connections are about equally busy.
// It also ages what the flows have sent; the caller has already done so for the connections.
func (sp *spreader) rebalance(now time.Duration, conns []*Conn) {
	for i := range sp.flows {
		sp.flows[i].recent /= 2
	}
	if now-sp.moved < rebalanceEvery {
		return
	}
	idle := sp.leastBusy(conns)
	if idle == nil || !idle.sends() || idle == sp.express || idle.share.hangs || idle.retiring.Load() {
		return
	}
	busy := idle
	for _, c := range conns {
		if c.sends() && !c.retiring.Load() && c != sp.express && c.share.recent > busy.share.recent {
			busy = c
		}
	}
	if busy.share.recent < muchBusier || idle.share.recent > busy.share.recent/4 {
		return
	}
	// What waits in a queue shows how slow a connection is, not how much demand there is for it.
	var gap int64
	for i := range sp.flows {
		switch e := &sp.flows[i]; e.conn {
		case busy:
			gap += e.recent
		case idle:
			gap -= e.recent
		}
	}
	// The flow whose move brings the two closest to each other, unless that gains little.
	var best *flow
	least := gap - gap/8
	for i := range sp.flows {
		e := &sp.flows[i]
		if e.conn != busy || e.recent == 0 {
			continue
		}
		if after := max(gap-2*e.recent, 2*e.recent-gap); after < least {
			best, least = e, after
		}
	}
	if best == nil {
		return
	}
	best.conn = idle
	idle.share.recent += best.recent
	busy.share.recent = max(0, busy.share.recent-best.recent)
	sp.moved = now
}
