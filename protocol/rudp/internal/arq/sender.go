// SPDX-License-Identifier: Apache-2.0

package arq

import "time"

// sendSlots is how many segments are kept: those in flight and as many behind them.
const sendSlots = 2 * Window

// lostAfter is how many later transmissions there must have been, when one of them is acknowledged, for a
// segment to count as lost.
const lostAfter = 3

// A sender numbers the bytes to send by segments and keeps them until the peer has them. The zero value must
// be initialized with next = 1.
type sender struct {
	base   uint64 // the lowest number not acknowledged
	unsent uint64 // the lowest number never sent
	next   uint64 // the number the next segment gets
	order  uint64 // counts transmissions
	rtt    rtt

	state [sendSlots]outgoing
	data  [sendSlots][maxPayload]byte
}

// outgoing is the state of a segment from base to next.
type outgoing struct {
	len    int
	whole  bool // nothing may be appended to it
	acked  bool
	tries  int
	order  uint64        // of the last transmission
	sentAt time.Duration // last
	due    time.Duration // when it is sent again
}

func (s *sender) init() { s.base, s.unsent, s.next = 1, 1, 1 }

// empty reports whether the peer has received everything.
func (s *sender) empty() bool { return s.base == s.next }

// write takes as much of p as there is room for. Bytes join the last segment as long as that has not been
// sent.
func (s *sender) write(p []byte) (n int) {
	for len(p) > 0 {
		if s.next == s.unsent || s.state[(s.next-1)%sendSlots].whole {
			if !s.add(false) {
				break
			}
		}
		i := (s.next - 1) % sendSlots
		st := &s.state[i]
		m := copy(s.data[i][st.len:], p)
		st.len += m
		st.whole = st.len == maxPayload
		p = p[m:]
		n += m
	}
	return n
}

// message sends p, which must fit, as a segment of its own.
func (s *sender) message(p []byte) {
	if s.add(true) {
		i := (s.next - 1) % sendSlots
		s.state[i].len = copy(s.data[i][:], p)
	}
}

// add begins a new segment, if there is room.
func (s *sender) add(whole bool) bool {
	if s.next-s.base >= sendSlots {
		return false
	}
	s.state[s.next%sendSlots] = outgoing{whole: whole}
	s.next++
	return true
}

// waits reports whether something sent has not been acknowledged, and whether any of it has been retransmitted twice.
func (s *sender) waits() (unacked, overdue bool) {
	for seq := s.base; seq < s.unsent; seq++ {
		if st := &s.state[seq%sendSlots]; !st.acked {
			unacked, overdue = true, overdue || st.tries > 2
		}
	}
	return unacked, overdue
}

// limit is the number before which everything may be sent: the window counts from
// the lowest segment not acknowledged.
func (s *sender) limit() uint64 { return min(s.next, s.base+Window) }

// take returns the number and the payload of a segment that is to be sent now, and assumes that it will be.
// The payload is valid until the next write.
func (s *sender) take(now time.Duration) (seq uint64, payload []byte) {
	for seq := s.base; seq < s.limit(); seq++ {
		i := seq % sendSlots
		st := &s.state[i]
		if st.acked || seq < s.unsent && st.due > now {
			continue
		}
		s.order++
		st.tries++
		st.order, st.sentAt, st.due = s.order, now, now+s.rtt.resend(st.tries)
		s.unsent = max(s.unsent, seq+1)
		return seq, s.data[i][:st.len]
	}
	return 0, nil
}

// timer returns when take will have something if nothing else happens.
func (s *sender) timer() time.Duration {
	at := never
	for seq := s.base; seq < s.limit(); seq++ {
		if seq >= s.unsent {
			return 0
		}
		if st := &s.state[seq%sendSlots]; !st.acked {
			at = min(at, st.due)
		}
	}
	return at
}

// acknowledge processes the acknowledgements of one segment. Numbers that were never sent are ignored.
func (s *sender) acknowledge(now time.Duration, g *segment) {
	var newest uint64 // transmission among those acknowledged now
	one := func(seq uint64) {
		if seq < s.base || seq >= s.unsent {
			return
		}
		st := &s.state[seq%sendSlots]
		if st.acked {
			return
		}
		st.acked = true
		newest = max(newest, st.order)
		if st.tries == 1 {
			s.rtt.sample(now - st.sentAt)
		}
	}
	for seq := s.base; seq < s.unsent && seq <= g.maxAck; seq++ {
		one(seq)
	}
	for i := range g.numAcks() {
		one(g.ack(i))
	}
	if newest == 0 {
		return
	}
	for s.base < s.unsent && s.state[s.base%sendSlots].acked {
		s.base++
	}
	for seq := s.base; seq < min(s.unsent, s.base+Window); seq++ {
		if st := &s.state[seq%sendSlots]; !st.acked && st.order+lostAfter <= newest {
			st.due = now
		}
	}
}
