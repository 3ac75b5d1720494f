// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/udpaccel"
)

// UDPMode says when frames travel over UDP beside the TCP connection
// (softether-protocol.md 10).
type UDPMode uint8

const (
	// UDPOff does not ask for it.
	UDPOff UDPMode = iota
	// UDPAuto uses version 2 while TCP loses packets (udpauto.go).
	UDPAuto
	// UDPYes uses version 2 whenever it is usable.
	UDPYes
	// UDPV1 also accepts version 1, whose RC4 cipher is weak.
	UDPV1
)

// acceleration is the UDP side of a session: one engine for its whole life, and a path, which is replaced
// when the session moves to another connection. A nil *acceleration carries nothing.
type acceleration struct {
	s      *Session
	engine *udpaccel.Engine
	port   uint16
	start  time.Time
	path   atomic.Pointer[udpaccel.Path]
	carry  atomic.Bool // whether UDP carried the last batch, for the log
	lost   atomic.Bool // the ground below path is gone
	judge  autoJudge   // mode UDPAuto
	fork   fork        // used when the path does not carry all frames

	changing sync.Mutex // guards what follows
	closed   bool
	leaving  sync.WaitGroup // former paths
}

// accelerate takes over the socket of the login c, if the server accepted its offer. The path starts to work
// once the session has a receiver.
func (s *Session) accelerate(c *control, g *udpaccel.Grant) *acceleration {
	o := c.udp
	c.udp = nil
	if g == nil {
		o.close()
		return nil
	}
	g.Stable, g.Compressed = s.dialer.udpStable, s.compressed
	engine, err := udpaccel.NewEngine(g.Params)
	if err != nil {
		s.dialer.log.Warn("no UDP acceleration", "error", err)
		o.close()
		return nil
	}
	s.dialer.log.Info("UDP acceleration granted", "version", g.Version, "port", g.Port, "fast", g.Fast)
	a := &acceleration{s: s, engine: engine, port: g.Port, start: time.Now()}
	s.wg.Go(func() {
		select {
		case <-s.receiver.Started():
			a.open(o.conn)
		case <-s.ctx.Done():
			o.close()
		}
	})
	return a
}

// open makes conn carry the session's packets, in place of an earlier socket.
func (a *acceleration) open(conn *net.UDPConn) {
	a.changing.Lock()
	defer a.changing.Unlock()
	old := a.path.Swap(nil)
	a.lost.Store(false)
	if old != nil {
		// What the server has already sent goes to the old address. The new path carries nothing before it is
		// known to lead to the server.
		a.engine.Doubt(a.now())
		old.Retire()
		a.leaving.Go(func() {
			select {
			case <-a.s.ctx.Done():
			case <-time.After(udpLinger):
			}
			old.Close()
		})
	}
	if a.closed {
		conn.Close()
		return
	}
	p, err := udpaccel.NewPath(udpaccel.PathConfig{
		Engine: a.engine, Conn: conn, Port: a.port, Start: a.start, Receive: a.s.receiver.Func(),
		Idle: a.s.dialer.UDP == UDPAuto && !a.judge.on.Load(), Logger: a.s.dialer.log,
	})
	if err != nil {
		a.s.dialer.log.Warn("no UDP acceleration", "error", err)
		return
	}
	a.path.Store(p)
}

// follow takes notice of a new connection c of the session, before anything is read from it. If c goes to
// another address, or comes from one, so will the packets: the server learns the address from the first that
// arrives.
func (a *acceleration) follow(c *datapath.Conn) {
	if a == nil {
		return
	}
	p := a.path.Load()
	tcp, ok := c.Raw.(*net.TCPConn)
	if p == nil || !ok || !a.lost.Load() && p.Between(hostOf(tcp.LocalAddr()), c.Addr.Addr()) {
		return
	}
	conn, err := a.s.dialer.dialUDP(a.s.ctx, c.Raw, c.Addr)
	if conn == nil {
		a.s.dialer.log.Debug("UDP acceleration stays where it is", "server", c.Addr, "error", err)
		return
	}
	a.open(conn)
}

// udpLinger is how long a former path is still listened to: longer than a packet takes to arrive, and than
// the server takes to learn the new address from one of ours.
const udpLinger = time.Second

// leave stops sending until there is a path over other ground.
func (a *acceleration) leave() {
	if a != nil {
		a.lost.Store(true)
	}
}

// now is the time on the engine's clock.
func (a *acceleration) now() time.Duration { return time.Since(a.start) + time.Second }

func hostOf(a net.Addr) netip.Addr { return a.(*net.TCPAddr).AddrPort().Addr() }

// send sends b over UDP if that is currently the way to go, and reports whether it did.
func (a *acceleration) send(b *frame.Batch) bool {
	if a == nil {
		return false
	}
	p := a.path.Load()
	if p == nil || a.lost.Load() {
		return false
	}
	if a.s.dialer.UDP == UDPAuto {
		p.SetActive(a.judge.decide(time.Since(a.start), a.s.tcp.Conns()))
	}
	ok := p.Usable()
	if longest := p.Longest(); ok && longest < frame.MaxLen {
		return a.divide(p, longest, b.Frames())
	} else if ok {
		ok = p.Send(b.Frames()) == nil
	}
	if a.carry.Load() != ok && a.carry.Swap(ok) != ok {
		a.s.dialer.log.Debug("frames switch between TCP and UDP", "udp", ok, "rtt", a.engine.RTT())
	}
	return ok
}

// heard processes the payload of a keep-alive over TCP, which may announce another UDP port of the server.
func (a *acceleration) heard(payload []byte) {
	if a == nil {
		return
	}
	if port, ok := udpaccel.NATTPort(payload); ok {
		if p := a.path.Load(); p != nil {
			p.TryPort(port)
		}
	}
}

// close ends UDP acceleration, and waits until it delivers no more frames.
func (a *acceleration) close() {
	if a == nil {
		return
	}
	defer a.leaving.Wait()
	a.changing.Lock()
	defer a.changing.Unlock()
	a.closed = true
	if p := a.path.Swap(nil); p != nil {
		st := p.Stats()
		a.s.dialer.log.Debug("UDP path closed", "sent", st.SentFrames, "received", st.ReceivedFrames, "refused", st.Refused())
		p.Close()
	}
}
