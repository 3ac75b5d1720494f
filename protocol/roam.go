// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"network-manager-softether/protocol/internal/datapath"
)

// The ground is what the session's connections stand on: a network interface, its address and its router. It
// changes below a living session when a cable is plugged in, a Wi-Fi network is left or a lease is renewed.
// The server finds a session by its key alone, from any address (softether-protocol.md 8.5), so a session can
// walk from one ground to another.

// Moved tells that the session now stands on the ground announced by [Session.Move], After later. Addr is the
// address now connected to, as in [Info], and Move is what Session.Move returned.
type Moved struct {
	Move  int
	After time.Duration
	Addr  netip.AddrPort
}

// Stayed tells that the new ground does not lead to the server, with the reason in Err. The session stays
// where it was, and its Config.Dialer has to lead there again.
type Stayed struct {
	Move int
	Err  error
}

func (Moved) event()  {}
func (Stayed) event() {}

// Move tells the session that Config.Dialer leads over other ground from now on. With alive, the present
// connections still work: they carry frames until one over the new ground does, and stay if none comes about;
// [Moved] or [Stayed] follows. Without it, nobody waits for them any longer, and the session is attached
// again at once, as after the loss of its last connection: [Detached] follows, then [Reattached] or the end.
// Either way, whatever was going on over the former ground starts over. Move does not block, and may be
// called from anywhere.
//
// It returns the number of the move, counted from 1. The event that answers a move carries its number, so that
// an earlier answer is not mistaken for it. A move may go unanswered if the next one follows soon.
func (s *Session) Move(alive bool) int {
	if !alive {
		s.udp.leave()
		s.tcp.Strand()
	}
	return s.roam.moved()
}

// roaming passes moves on to the parts of a session that they concern. It is safe for concurrent use.
type roaming struct {
	news chan struct{} // of room 1: supervise has to act

	mu   sync.Mutex
	left chan struct{} // closed with the next move
	move int           // how many there were
}

func newRoaming() *roaming {
	return &roaming{news: make(chan struct{}, 1), left: make(chan struct{})}
}

func (r *roaming) moved() int {
	r.mu.Lock()
	close(r.left)
	r.left = make(chan struct{})
	r.move++
	move := r.move
	r.mu.Unlock()
	select {
	case r.news <- struct{}{}:
	default:
	}
	return move
}

// latest returns the number of the last move, 0 if there was none.
func (r *roaming) latest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.move
}

// here returns a context that ends with ctx, or when the ground is left, and the number of the move that led to that
// ground. The caller must call leave, which reports whether the ground was left.
func (r *roaming) here(ctx context.Context) (here context.Context, move int, leave func() bool) {
	here, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	left, move := r.left, r.move
	r.mu.Unlock()
	go func() {
		select {
		case <-left:
			cancel()
		case <-here.Done():
		}
	}()
	return here, move, func() bool {
		cancel()
		select {
		case <-left:
			return true
		default:
			return false
		}
	}
}

// setAside takes the stranded connections out of the session and returns one of them, nil if
// there is none.
func (s *Session) setAside() (last *datapath.Conn) {
	for _, c := range s.tcp.TakeStranded() {
		s.aside = append(s.aside, c)
		last = c
	}
	return last
}

// asideGone lets go of a stranded connection that has ended, and reports whether c is one.
func (s *Session) asideGone(c *datapath.Conn) bool {
	i := slices.Index(s.aside, c)
	if i < 0 {
		return false
	}
	s.aside = slices.Delete(s.aside, i, i+1)
	s.tcp.Remove(c, nil)
	return true
}

// movedOn records that c, just added, is where the session is now.
func (s *Session) movedOn(c *datapath.Conn) {
	info := s.Info()
	info.ServerAddr = c.Addr
	s.info.Store(&info)
}

// walk begins to replace the present connections by one over the new ground.
func (k *keeper) walk() {
	k.move = k.s.roam.latest()
	k.stale = slices.Clone(k.s.tcp.Conns())
	k.walkBegan = time.Now()
	k.failures = 0
	k.pause(0)
}

// walking reports whether connections on the former ground are left that have not been told to go. In
// half-duplex sessions they go one by one, as each has a direction of its own.
func (k *keeper) walking() bool {
	k.stale = slices.DeleteFunc(k.stale, func(c *datapath.Conn) bool { return !c.Alive() || c.Retiring() })
	return len(k.stale) > 0
}

// arrived closes what is left on the former ground, now that c stands on the new one. Connections on which
// nothing is heard any more are dropped without a goodbye.
func (k *keeper) arrived(c *datapath.Conn) {
	for _, old := range k.stale {
		if k.s.dialer.listen(old.Raw).Overdue {
			k.s.tcp.StrandOne(old)
		} else {
			k.s.retire(old)
		}
	}
	k.s.setAside()
	k.s.movedOn(c)
	after := time.Since(k.walkBegan)
	k.stale, k.walkBegan = nil, time.Time{}
	k.s.dialer.log.Info("moved", "server", c.Addr, "from", c.Raw.LocalAddr(), "after", after)
	k.s.notify(Moved{Move: k.move, After: after, Addr: c.Addr})
}

// stay gives up the new ground.
func (k *keeper) stay(err error) {
	k.stale, k.walkBegan = nil, time.Time{}
	k.s.dialer.log.Info("not moved", "error", err)
	k.s.notify(Stayed{Move: k.move, Err: err})
	k.pause(k.s.dialer.interval())
}
