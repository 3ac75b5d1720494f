// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"network-manager-softether/frame"
)

// How long the packets may be that a path carries is found out before frames travel on it, and checked again
// while they do. In a round, packets of increasing length are sent along with a keep-alive, each with the
// next tick. The peer echoes the highest tick it has received, so its echo shows which was the longest to
// arrive. Until the echo comes, everything else is sent with the tick of the keep-alive, so as to hide none
// of them.
//
// The peer cannot be told the result, and how long its frames are is up to others in its network: an MTU on
// our side limits them for TCP only. So where some packets do not arrive, even if only fragments, the peer's
// frames stay on TCP. Ours travel here as far as they fit.

const (
	fitRounds = 3                // rounds that the longest packet must fail to be too long; the first may be what makes the kernel learn of it
	fitLook   = 5 * time.Second  // between checks that the path still carries what travels on it
	fitAgain  = time.Minute      // between attempts to find that a path carries more by now
	fitRetry  = 10 * time.Second // between attempts on a path that carries nothing
	fitWait   = 4 * time.Second  // for the echo
)

// linkMTUs are the MTUs of networks that packets may meet on their way: the least for IPv4, the least for
// IPv6, tunnels, PPPoE, Ethernet (as in RFC 1191 7.1).
var linkMTUs = [...]int{576, 1280, 1340, 1380, 1400, 1420, 1440, 1460, 1480, 1492, 1500}

// A fit is what is known about the packets that a path carries. Everything but size and narrow is guarded by
// the engine's sealing.
type fit struct {
	size   atomic.Int64 // longest packet known to arrive; 0: none
	narrow atomic.Bool  // longer ones do not

	lengths []int // to try, increasing; the last is that of the longest frame, which needs fragments

	held  uint64        // tick of all packets outside the round; 0: there is no round
	looks bool          // the round only checks the present size
	began time.Duration // when the round began
	top   uint64        // highest tick of any round
	lost  int           // rounds in a row that the longest did not survive
	best  int           // how many of lengths arrived in those

	used bool          // frames were sent since the last look
	look time.Duration // when to check again
	next time.Duration // when to try all lengths again
	mtu  int           // what the kernel knew when size was found
}

// newFit is for a link like Ethernet, which carries packets of up to whole bytes in one piece, and up to
// longest in fragments.
func newFit(whole, longest int) *fit {
	f := new(fit)
	for _, mtu := range linkMTUs {
		f.lengths = append(f.lengths, whole-linkMTUs[len(linkMTUs)-1]+mtu)
	}
	f.lengths = append(f.lengths, longest)
	return f
}

// longest is the length that no packet exceeds.
func (f *fit) longest() int { return f.lengths[len(f.lengths)-1] }

// done reports whether some length is known to arrive.
func (f *fit) done() bool { return f.size.Load() != 0 }

// restart forgets what was found.
func (f *fit) restart() {
	f.size.Store(0)
	f.held, f.lost, f.best, f.next = 0, 0, 0, 0
}

// trying reports whether a round or a series of them is going on.
func (f *fit) trying(now time.Duration) bool {
	return f.held != 0 || f.lost > 0 || !f.done() && now >= f.next
}

// due reports whether a round should begin.
func (f *fit) due(now time.Duration) bool {
	switch {
	case f.held != 0 || tick(now) <= f.top: // an echo of the last round could be taken for one of the next
		return false
	case !f.done():
		return now >= f.next
	}
	return f.lost > 0 || f.used && now >= f.look
}

// begin starts a round along with a keep-alive of that tick and returns the lengths of its packets, which
// have the ticks that follow. A check only tries the one length that is in use.
func (f *fit) begin(now time.Duration, tick uint64) []int {
	f.held, f.began = tick, now
	lengths := f.lengths
	f.looks = f.done() && f.lost == 0 && (int(f.size.Load()) == f.longest() || now < f.next)
	if f.looks {
		at := slices.Index(lengths, int(f.size.Load()))
		lengths = lengths[at : at+1]
	}
	f.top = tick + uint64(len(lengths))
	return lengths
}

// heard processes the highest echo of the peer and reports whether that changed anything.
func (f *fit) heard(now time.Duration, echo uint64) bool {
	if f.held == 0 {
		return false
	}
	if echo < f.held {
		if now-f.began > fitWait {
			f.held = 0
		}
		return false
	}
	arrived := int(min(echo-f.held, uint64(len(f.lengths))))
	f.held = 0
	if f.looks && arrived > 0 {
		f.used, f.look = false, now+fitLook
		return false
	}
	f.best = max(f.best, arrived)
	if f.lost++; arrived < len(f.lengths) && f.lost < fitRounds {
		return false
	}
	size := 0
	if f.best > 0 {
		size = f.lengths[f.best-1]
	}
	f.next = now + fitAgain
	if size == 0 {
		f.next = now + fitRetry
	}
	f.lost, f.best, f.used, f.look = 0, 0, false, now+fitLook
	narrow := size < f.longest()
	changed := f.narrow.Swap(narrow) != narrow
	return f.size.Swap(int64(size)) != int64(size) || changed
}

// Longest returns the length of the longest frame that may be sent, 0 for none. [frame.MaxLen] means any.
func (p *Path) Longest() int {
	return min(max(0, int(p.fit.size.Load())-p.engine.Size(0)), frame.MaxLen)
}

// measure processes what the peer has shown to have received since the last keep-alive, and reports whether there is more
// to find out.
func (p *Path) measure() (trying bool) {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	now := p.now()
	defer func() { trying = p.fit.trying(now) }()
	if p.fit.done() {
		if mtu := p.routeMTU(); mtu != 0 && mtu != p.fit.mtu { // 0: the socket is closed
			p.fit.restart()
			return
		}
	}
	if p.fit.heard(now, p.engine.echo.Load()) {
		p.fit.mtu = p.routeMTU()
		p.mute()
		p.log.Debug("UDP path measured", "packets", p.fit.size.Load(), "narrow", p.fit.narrow.Load(), "mtu", p.fit.mtu)
	}
	return
}

// mute tells the peer whether to send its frames here or over TCP.
func (p *Path) mute() { p.engine.Mute(!p.active.Load() || p.fit.narrow.Load()) }

// tick returns the tick of packets sent at now. The caller holds the engine's sealing.
func (p *Path) tick(now time.Duration) uint64 {
	if p.fit.held != 0 {
		return p.fit.held
	}
	return tick(now)
}

// probe sends the long packets that belong to the keep-alive just sent at now. The caller holds the engine's
// sealing.
func (p *Path) probe(now time.Duration) error {
	tick := tick(now)
	for _, n := range p.fit.begin(now, tick) {
		tick++
		p.engine.seal(tick, p.out.next(n, n), nil, false)
		// One by one: what the kernel finds too long counts as lost.
		if err := p.out.flush(); err != nil && err != syscall.EMSGSIZE {
			return err
		}
		p.counter.sentPackets.Add(1)
	}
	return nil
}

// fullLength returns the length of a packet with the longest frame.
func (e *Engine) fullLength() int { return e.Size(frame.MaxLen) }
