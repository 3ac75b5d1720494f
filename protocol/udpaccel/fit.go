// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
)

// What a path carries is found out before frames travel on it. Beside a keep-alive goes a
// second one, padded to the length in question, with the next tick. The peer echoes the
// highest tick it has received, so that its echo tells which of the two arrived: nothing
// else is sent then, as frames go over TCP meanwhile.
//
// A peer cannot be told what is found. So a path that loses whole packets of Ethernet's size
// is not used at all: the peer's long frames would be lost there, and if long frames went
// one way and short ones the other, flows would come out of order. One that loses only
// fragments is used, but not by frames that need them.

const (
	fitMisses = 3                // in a row: the path does not carry the length; the first may be what makes the kernel learn of it
	fitRetry  = 10 * time.Second // between trials of a path that is too narrow
	fitPairs  = 16               // under way at once
	// largeRest is how long everything goes over TCP after a frame that the path does not
	// carry, so that flows do not change their way with every frame.
	largeRest = 500 * time.Millisecond
)

// A fit is what is known about the packets that a path carries. All but size and narrow
// is guarded by the engine's sealing.
type fit struct {
	size   atomic.Int64 // longest packet known to arrive; 0: not known, or too narrow
	narrow atomic.Bool

	whole, longest int  // lengths of interest: a packet of Ethernet's size, one with the longest frame
	proven         bool // whole is
	misses         int
	pairs          [fitPairs]struct {
		tick  uint64 // of the short one; the long one has the next
		whole bool   // the long one is of that length
	}
	next int
	mtu  int // that the kernel knew when size was found
}

func newFit(whole, longest int) *fit { return &fit{whole: whole, longest: longest} }

// done reports whether nothing is to be found out.
func (f *fit) done() bool { return f.size.Load() != 0 }

// restart forgets what was found.
func (f *fit) restart() {
	f.size.Store(0)
	f.proven, f.misses = false, 0
	clear(f.pairs[:])
}

// probe returns how long the packet is that goes next to a keep-alive with that tick.
func (f *fit) probe(tick uint64) int {
	pair := &f.pairs[f.next%fitPairs]
	f.next++
	pair.tick, pair.whole = tick, !f.proven
	if f.proven {
		return f.longest
	}
	return f.whole
}

// heard takes in the highest echo of the peer and reports whether that decided something.
func (f *fit) heard(echo uint64) bool {
	for i := range f.pairs {
		pair := &f.pairs[i]
		if pair.tick == 0 || pair.whole == f.proven || echo != pair.tick && echo != pair.tick+1 {
			continue
		}
		arrived := echo == pair.tick+1
		if pair.tick = 0; !arrived {
			f.misses++
		}
		return f.judge(arrived)
	}
	return false
}

func (f *fit) judge(arrived bool) bool {
	switch {
	case arrived && !f.proven:
		f.proven, f.misses = true, 0
		return f.narrow.Swap(false)
	case arrived:
		f.size.Store(int64(f.longest))
	case f.misses < fitMisses:
		return false
	case f.proven:
		f.size.Store(int64(f.whole))
	default:
		return !f.narrow.Swap(true)
	}
	return true
}

// carries reports whether frames may be sent that long.
func (p *Path) carries(frames [][]byte) bool {
	size := int(p.fit.size.Load())
	if size >= p.fit.longest {
		return true
	}
	now := p.now()
	for _, f := range frames {
		if p.engine.Size(len(f)) > size {
			p.large.Store(int64(now + largeRest))
			return false
		}
	}
	return int64(now) >= p.large.Load()
}

// measure takes in what the peer has shown to have received since the last keep-alive.
func (p *Path) measure() {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if p.fit.done() {
		if mtu := p.routeMTU(); mtu != 0 && mtu != p.fit.mtu { // 0: the socket is closed
			p.fit.restart()
		}
		return
	}
	if !p.fit.heard(p.engine.echo.Load()) {
		return
	}
	p.fit.mtu = p.routeMTU()
	p.mute()
	p.log.Debug("UDP path measured", "packets", p.fit.size.Load(), "narrow", p.fit.narrow.Load(), "mtu", p.fit.mtu)
}

// mute has the peer send its frames here or over TCP.
func (p *Path) mute() { p.engine.Mute(!p.active.Load() || p.fit.narrow.Load()) }

// routeMTU is what the kernel knows about the route, which ICMP messages change.
func (p *Path) routeMTU() (mtu int) {
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if p.conn.RemoteAddr().(*net.UDPAddr).IP.To4() == nil {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	p.raw.Control(func(fd uintptr) { mtu, _ = unix.GetsockoptInt(int(fd), level, option) })
	return mtu
}

// sendProbe sends the long packet that belongs to the keep-alive just sent at now. The caller
// holds the engine's sealing.
func (p *Path) sendProbe(now time.Duration) error {
	n := p.fit.probe(tick(now))
	p.engine.seal(now, tick(now)+1, p.out.next(n, n), nil)
	err := p.out.flush()
	if err == syscall.EMSGSIZE { // as if it had been lost
		err = nil
	}
	return err
}

// fullLength is that of a packet with the longest frame.
func (e *Engine) fullLength() int { return e.Size(frame.MaxLen) }
