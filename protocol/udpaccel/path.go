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

	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
)

const (
	// failurePause is how long a path is not used after the kernel refused a packet.
	failurePause = time.Second
	// idleKeepAlive is how often an idle path says that it is there: often enough for
	// NATs, which forget after 30 s or more (RFC 4787 4.3 asks for 2 minutes).
	idleKeepAlive = 10 * time.Second
	// searchAfter is how long the peer may be silent before another port is tried.
	searchAfter = 3 * time.Second
	receiveMax  = 1024 // frames handed on at once
	// idleAfter is when an idle path stops to listen to the peer's keep-alives, which come
	// more often than this computer should wake up. By then it is known whether the path
	// works, and the peer has noticed that it is not used.
	idleAfter = 15 * time.Second
	// errorPause is how long nothing is read after the kernel reported an error.
	errorPause = 10 * time.Millisecond
)

// A PathConfig says what a path is made of.
type PathConfig struct {
	Engine *Engine
	// Conn is connected to the peer's address, at any port. It belongs to the path.
	Conn *net.UDPConn
	Port uint16 // of the peer
	// Start is when the engine's clock began. It must be the same for all paths of one.
	Start time.Time
	// Receive gets the frames, which are valid until it returns. It must not call Close.
	Receive func(frames [][]byte)
	// Idle makes the path begin as [Path.SetActive](false) leaves it.
	Idle   bool
	Logger *slog.Logger // nil discards

	search time.Duration // 0: searchAfter
	idle   time.Duration // 0: idleAfter
}

// A Path is an [Engine] that has a socket. All methods are safe for concurrent use.
type Path struct {
	engine  *Engine
	conn    *net.UDPConn
	raw     syscall.RawConn
	start   time.Time
	receive func(frames [][]byte)
	log     *slog.Logger

	active  atomic.Bool
	changed atomic.Int64 // when active last did, on the engine's clock
	failed  atomic.Int64 // until when the path is not used, on the engine's clock
	fit     *fit
	large   atomic.Int64 // until when a frame too large for the path keeps others away, on the engine's clock
	counter counters

	out *sender // guarded by the engine's sealing

	ports [2]atomic.Uint32 // of the peer: as granted, as it learned later (0: did not)
	wake  chan struct{}    // has the next keep-alive sent now
	read  chan struct{}    // has an idle path listen again
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

// maxSegment is how long packets are that fit a route of Ethernet's 1500 bytes.
func maxSegment(conn *net.UDPConn) int {
	if conn.RemoteAddr().(*net.UDPAddr).IP.To4() != nil {
		return 1500 - 20 - 8
	}
	return 1500 - 40 - 8
}

// connect changes the port that the socket is connected to. The kernel then keeps
// everybody else's packets away, and looks for a route only once.
func connect(conn *net.UDPConn, port uint16) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	peer := conn.RemoteAddr().(*net.UDPAddr).AddrPort().Addr()
	var to unix.Sockaddr
	if v4 := peer.Unmap(); v4.Is4() {
		to = &unix.SockaddrInet4{Port: int(port), Addr: v4.As4()}
	} else {
		six := &unix.SockaddrInet6{Port: int(port), Addr: peer.As16()}
		if zone, err := net.InterfaceByName(peer.Zone()); err == nil {
			six.ZoneId = uint32(zone.Index)
		}
		to = six
	}
	cerr := raw.Control(func(fd uintptr) { err = unix.Connect(int(fd), to) })
	return errors.Join(cerr, err)
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

// SetActive says whether frames shall travel here, in both directions. An idle path only
// keeps itself open, and tells the peer that it hears nothing, so that the peer's frames
// stay away too.
func (p *Path) SetActive(on bool) {
	if p.active.Load() == on || p.active.Swap(on) == on {
		return
	}
	p.changed.Store(int64(p.now()))
	p.mute()
	poke(p.wake)
	poke(p.read)
}

// TryPort adds a port at which the peer may be reached, for as long as it does not answer.
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

// rest does not listen for as long as the path is idle.
func (p *Path) rest(in *receiver) {
	if p.active.Load() || p.now()-time.Duration(p.changed.Load()) < p.idleAfter || !in.refuse(true) {
		return
	}
	p.deaf.Store(true)
	for stopped := false; !stopped && !p.active.Load(); {
		select {
		case <-p.read:
		case <-p.stop:
			stopped = true
		}
	}
	p.engine.Forgive()
	in.refuse(false)
	p.deaf.Store(false)
}

// Send sends the frames of b and does not keep them. It waits while the socket's buffer is
// full, a second or so at most. After an error the path is not usable for a second; some
// frames may have been sent. ErrTooLarge is no such error: nothing was sent.
func (p *Path) Send(b *frame.Batch) error {
	if !p.carries(b.Frames()) {
		return ErrTooLarge
	}
	return p.send(b.Frames())
}

// ErrTooLarge says that the path does not carry packets of that size, or did not a moment ago.
var ErrTooLarge = errors.New("udpaccel: the path does not carry frames of that length")

func (p *Path) send(frames [][]byte) error {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if p.retired {
		return errRetired
	}
	now := p.now()
	overhead := p.engine.Size(0)
	var packets, bytes uint64
	total := uint64(len(frames))
	var err error
	for len(frames) > 0 && err == nil {
		g := nextGroup(frames, overhead, p.out.segment)
		if !p.out.room(g.total) {
			err = p.out.flush()
			continue
		}
		m := p.out.next(g.total, g.size)
		for i, f := range frames[:g.frames] {
			n := g.packetLen(i, overhead, len(f))
			p.engine.Seal(now, m[:n], f)
			m = m[n:]
			bytes += uint64(len(f))
		}
		packets += uint64(g.frames)
		frames = frames[g.frames:]
	}
	if ferr := p.out.flush(); err == nil {
		err = ferr
	}
	p.counter.sendCalls.Store(p.out.calls)
	if err != nil {
		p.fail(now, err)
		return fmt.Errorf("udpaccel: send: %w", err)
	}
	p.counter.sentPackets.Add(packets)
	p.counter.sentBytes.Add(bytes)
	p.counter.sentFrames.Add(total)
	return nil
}

func (p *Path) fail(now time.Duration, err error) {
	p.counter.sendErrors.Add(1)
	if int64(now) >= p.failed.Swap(int64(now+failurePause)) && !errors.Is(err, net.ErrClosed) {
		p.log.Debug("UDP path fails", "error", err)
	}
}

// keepAlive sends packets without a frame until the path is closed. A peer that has been
// silent for search is looked for at its other port.
func (p *Path) keepAlive(search time.Duration) {
	due := time.NewTimer(0)
	defer due.Stop()
	began := p.now()
	at := 0 // port
	for {
		select {
		case <-p.stop:
			return
		case <-p.leave:
			return
		case <-p.wake:
		case <-due.C:
		}
		interval := p.engine.interval()
		p.measure()
		switch now := p.now(); {
		case p.deaf.Load():
			began, interval = now, idleKeepAlive
		case p.engine.Alive(now):
			began = now
			if p.fit.narrow.Load() {
				interval = fitRetry
			} else if !p.active.Load() && p.fit.done() {
				interval = idleKeepAlive
			}
		case now-began > search && p.ports[1].Load() != 0:
			at = 1 - at
			if err := connect(p.conn, uint16(p.ports[at].Load())); err != nil {
				p.log.Debug("UDP path does not connect", "port", p.ports[at].Load(), "error", err)
			}
		}
		p.sendKeepAlive()
		due.Reset(interval)
	}
}

func (p *Path) sendKeepAlive() {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if p.retired {
		return
	}
	now := p.now()
	n := p.engine.Size(0)
	p.engine.Seal(now, p.out.next(n, n), nil)
	if err := p.out.flush(); err != nil {
		p.fail(now, err)
		return
	}
	p.counter.sentPackets.Add(1)
	if p.fit.done() || p.deaf.Load() || !p.engine.Alive(now) {
		return
	}
	if err := p.sendProbe(now); err != nil {
		p.fail(now, err)
		return
	}
	p.counter.sentPackets.Add(1)
}

// readAll hands frames on until the path is closed.
func (p *Path) readAll(in *receiver) {
	frames := make([][]byte, 0, receiveMax)
	var last time.Duration // when the last packets came
	bulk := false          // they were long
	for {
		p.rest(in)
		n, err := in.receive()
		p.counter.receiveCalls.Store(in.calls)
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			// What an ICMP message told about an earlier packet. Reading it has cleared it;
			// the pause is in case it has not.
			p.counter.sendErrors.Add(1)
			select {
			case <-p.stop:
				return
			case <-time.After(errorPause):
			}
			continue
		}
		now := p.now()
		if bulk && n < receiveMessages && now-last < bulkGap {
			gather()
		}
		last = now
		var packets, bytes uint64
		p.engine.opening.Lock()
		for i := range n {
			m, size := in.message(i)
			for len(m) > 0 {
				packet := m[:min(size, len(m))]
				m = m[len(packet):]
				packets++
				f, err := p.engine.Open(now, packet)
				if d, ok := err.(Drop); ok {
					p.counter.dropped[d].Add(1)
				}
				if f == nil {
					continue
				}
				bytes += uint64(len(f))
				frames = append(frames, f)
				// An expanded frame is valid only until the next Open.
				if len(frames) == receiveMax || p.engine.params.Compressed {
					frames = p.deliver(frames)
				}
			}
		}
		frames = p.deliver(frames)
		p.engine.opening.Unlock()
		p.counter.receivedPackets.Add(packets)
		p.counter.receivedBytes.Add(bytes)
		bulk = bytes > bulkSize*packets
	}
}

// In bulk transfer, servers send packet by packet, and to be woken for each of them
// costs more than to read it. So, when the last packets were longer than bulkSize on
// average, which acknowledgements and speech are not, and new ones came less than
// bulkGap after them, the next ones gather in the kernel for a moment. The superframes
// for the host get longer by that, too, and their acknowledgements fewer.
const (
	bulkSize = 512 // bytes
	bulkGap  = 500 * time.Microsecond
	moment   = 50 * time.Microsecond
)

// gather waits. A timer of Go's would wait for a millisecond, as its poller does.
func gather() {
	ts := unix.NsecToTimespec(moment.Nanoseconds())
	unix.Nanosleep(&ts, nil) // interrupted: a shorter moment
}

// deliver hands frames on and returns them empty.
func (p *Path) deliver(frames [][]byte) [][]byte {
	if len(frames) > 0 {
		p.counter.receivedFrames.Add(uint64(len(frames)))
		p.receive(frames)
	}
	return frames[:0]
}

// Stats returns what the path did so far.
func (p *Path) Stats() Stats { return p.counter.stats() }

// Retire ends all sending: when it returns, the path only listens, for what is still under way
// to it although another one has taken over.
func (p *Path) Retire() {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	if !p.retired {
		p.retired = true
		close(p.leave)
	}
}

// errRetired is the answer to who sends on a retired path.
var errRetired = errors.New("another path has taken over")

// Close ends the path, and waits until Receive is not called any more.
func (p *Path) Close() error {
	var err error
	p.once.Do(func() {
		close(p.stop)
		err = p.conn.Close()
	})
	p.wg.Wait()
	return err
}
