// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/udpaccel"
)

// loopUDP returns a socket on that address of this computer, connected to a port there, 0: to any.
func loopUDP(t *testing.T, local string, port uint16) *net.UDPConn {
	t.Helper()
	if port == 0 {
		port = 9
	}
	from, to := netip.AddrPortFrom(netip.MustParseAddr(local), 0), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(from), net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func isClosed(c net.Conn) bool { return errors.Is(c.SetDeadline(time.Time{}), net.ErrClosed) }

// accelerated returns the UDP side of a session, as yet without a path, and that of its peer.
func accelerated(t *testing.T) (a *acceleration, peer udpaccel.PathConfig) {
	t.Helper()
	up, down := make([]byte, 128), make([]byte, 128)
	up[0], down[0] = 1, 2
	engine := func(send, recv []byte, sc, rc uint32) *udpaccel.Engine {
		e, err := udpaccel.NewEngine(udpaccel.Params{
			Version: 2, SendKey: send, RecvKey: recv, SendCookie: sc, RecvCookie: rc, Fast: true, Stable: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	begin := time.Now()
	conn := loopUDP(t, "127.0.0.1", 0)
	peer = udpaccel.PathConfig{Engine: engine(down, up, 2, 1), Conn: conn, Start: begin, Receive: func([][]byte) {}}
	s := &Session{dialer: &dialer{Config: Config{UDP: UDPYes, Dialer: new(net.Dialer)}, timing: defaultTiming, log: slog.New(slog.DiscardHandler)}}
	s.receiver = datapath.NewReceiver()
	s.receiver.Start(func([][]byte) {})
	s.ctx, s.cancel = context.WithCancel(t.Context())
	a = &acceleration{s: s, engine: engine(up, down, 1, 2), port: conn.LocalAddr().(*net.UDPAddr).AddrPort().Port(), start: begin}
	t.Cleanup(func() { s.cancel(); a.close() })
	return a, peer
}

func TestNothingGoesOverUDPOnceItsGroundIsLeft(t *testing.T) {
	a, peer := accelerated(t)
	conn := loopUDP(t, "127.0.0.1", 0)
	a.open(conn)
	peer.Port = conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	p, err := udpaccel.NewPath(peer)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	b := frame.NewBatch(1000, 1)
	b.Append(make([]byte, 60))
	for end := time.Now().Add(leaktest.Patience); !a.send(b); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("UDP does not become usable")
		}
	}
	a.leave()
	if a.send(b) {
		t.Error("a frame went over UDP")
	}
	former := a.path.Load()
	a.open(loopUDP(t, "127.0.0.1", 0))
	if a.send(b) {
		t.Error("a frame went over a path of which nothing is known")
	}
	if former.Send(b.Frames()) == nil || isClosed(conn) {
		t.Error("the former path still sends, or does not listen any more")
	}
}

func TestUDPFollowsTheConnection(t *testing.T) {
	a, _ := accelerated(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	from := func(addr string) *datapath.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
		raw, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { raw.Close() })
		a.s.dialer.Dialer = &net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(addr)}} // only for UDP from now on
		return &datapath.Conn{Link: datapath.Link{Raw: raw, Addr: l.Addr().(*net.TCPAddr).AddrPort()}}
	}
	a.open(loopUDP(t, "127.0.0.1", 0))
	for _, step := range []struct {
		why     string
		addr    string
		lost    bool
		another bool
	}{
		{"another connection from the same address", "127.0.0.1", false, false},
		{"the same address, after its network was gone", "127.0.0.1", true, true},
		{"once more", "127.0.0.1", false, false},
		{"another address", "127.0.0.2", false, true},
		{"another address, as the network was gone", "127.0.0.1", true, true},
		{"and once more", "127.0.0.1", false, false},
	} {
		before := a.path.Load()
		if step.lost {
			a.leave()
		}
		a.follow(from(step.addr))
		if after := a.path.Load(); after == nil || (after != before) != step.another {
			t.Errorf("%s: path %p follows on %p", step.why, after, before)
		}
	}
}

func TestClosingUDPLeavesNoPathBehind(t *testing.T) {
	a, _ := accelerated(t)
	former, present, late := loopUDP(t, "127.0.0.1", 0), loopUDP(t, "127.0.0.1", 0), loopUDP(t, "127.0.0.1", 0)
	a.open(former)
	a.open(present)
	a.close() // waits for the former one, which is still listened to
	if !isClosed(former) || !isClosed(present) {
		t.Errorf("closed are the former path: %v, and the present one: %v", isClosed(former), isClosed(present))
	}
	a.open(late) // of a connection that came about at the same time
	if !isClosed(late) || a.path.Load() != nil {
		t.Error("a path comes after the end")
	}
}
