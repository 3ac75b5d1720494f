// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A PathConfig is what a path consists of.
type PathConfig struct {
	Engine *Engine
	// Conn is connected to the peer's address, at any port. It belongs to the path from now on.
	Conn *net.UDPConn
	Port uint16 // of the peer
	// Start is when the engine's clock began. It must be the same for all paths of an engine.
	Start time.Time
	// Receive gets the frames, which are valid until it returns. It must not call Close.
	Receive func(frames [][]byte)
	// Idle makes the path begin in the state after [Path.SetActive](false).
	Idle   bool
	Logger *slog.Logger // nil discards

	search time.Duration // 0: searchAfter
	idle   time.Duration // 0: idleAfter
}

// A Path is an [Engine] with a socket. All methods are safe for concurrent use.
type Path struct {
	engine  *Engine
	conn    *net.UDPConn
	raw     syscall.RawConn
	start   time.Time
	receive func(frames [][]byte)
	log     *slog.Logger

	active  atomic.Bool
	changed atomic.Int64 // when active last changed, on the engine's clock
	failed  atomic.Int64 // until when the path is not used, on the engine's clock
	fit     *fit
	counter counters

	out     *sender   // guarded by the engine's sealing, as is squeeze
	squeeze *squeezer // nil: frames are sent uncompressed

	ports [2]atomic.Uint32 // of the peer: as granted, and as announced later (0: it was not)
	wake  chan struct{}    // makes the next keep-alive due now
	read  chan struct{}    // makes an idle path listen again
	deaf  atomic.Bool      // the path does not listen

	idleAfter time.Duration
	leave     chan struct{} // closed by Retire
	retired   bool          // guarded by the engine's sealing
	stop      chan struct{}
	once      sync.Once
	wg        sync.WaitGroup
}

// NewPath starts a path. When it fails, the socket is closed.
func NewPath(c PathConfig) (*Path, error) {
	raw, err := c.Conn.SyscallConn()
	if err == nil {
		err = connect(c.Conn, c.Port)
	}
	if err != nil {
		c.Conn.Close()
		return nil, fmt.Errorf("udpaccel: connect to port %d: %w", c.Port, err)
	}
	p := &Path{
		engine: c.Engine, conn: c.Conn, raw: raw, start: c.Start, receive: c.Receive, log: c.Logger,
		out:  newSender(c.Conn, raw, maxSegment(c.Conn)),
		wake: make(chan struct{}, 1), read: make(chan struct{}, 1), leave: make(chan struct{}), stop: make(chan struct{}),
		idleAfter: cmp.Or(c.idle, idleAfter),
		fit:       newFit(maxSegment(c.Conn), c.Engine.fullLength()),
	}
	if c.Engine.params.Compressed {
		p.squeeze = newSqueezer()
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.ports[0].Store(uint32(c.Port))
	p.active.Store(!c.Idle)
	p.engine.Mute(c.Idle)
	in := newReceiver(raw)
	p.wg.Go(func() { p.keepAlive(cmp.Or(c.search, searchAfter)) })
	p.wg.Go(func() { p.readAll(in) })
	return p, nil
}

func (p *Path) now() time.Duration { return time.Since(p.start) + time.Second }

// Usable reports whether frames may be sent.
func (p *Path) Usable() bool {
	now := p.now()
	return p.active.Load() && p.fit.done() && int64(now) >= p.failed.Load() && p.engine.Usable(now)
}

// Between reports whether the path leads from local to peer.
func (p *Path) Between(local, peer netip.Addr) bool {
	host := func(a net.Addr) netip.Addr { return a.(*net.UDPAddr).AddrPort().Addr().Unmap() }
	return host(p.conn.LocalAddr()) == local.Unmap() && host(p.conn.RemoteAddr()) == peer.Unmap()
}

// SetActive sets whether frames should travel here, in both directions. An idle path only keeps itself open,
// and tells the peer that it hears nothing, so that the peer's frames stay away as well.
func (p *Path) SetActive(on bool) {
	if p.active.Load() == on || p.active.Swap(on) == on {
		return
	}
	p.changed.Store(int64(p.now()))
	p.mute()
	poke(p.wake)
	poke(p.read)
}

// TryPort adds a port at which the peer may be reached while it does not answer.
func (p *Path) TryPort(port uint16) {
	if port != 0 && uint32(port) != p.ports[0].Load() && p.ports[1].Swap(uint32(port)) != uint32(port) {
		poke(p.wake)
	}
}

func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stats returns what the path has done so far.
func (p *Path) Stats() Stats { return p.counter.stats() }

// Retire ends all sending: when it returns, the path only listens, for what is still in flight although
// another path has taken over.
func (p *Path) Retire() {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if !p.retired {
		p.retired = true
		close(p.leave)
	}
}

// errRetired is returned for a send on a retired path.
var errRetired = errors.New("another path has taken over")

// Close ends the path, and waits until Receive is no longer called.
func (p *Path) Close() error {
	var err error
	p.once.Do(func() {
		close(p.stop)
		err = p.conn.Close()
	})
	p.wg.Wait()
	return err
}
