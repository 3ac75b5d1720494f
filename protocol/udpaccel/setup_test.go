// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"net"
	"testing"
	"time"
)

// socket returns a socket on loopback that is connected to port of it, 0 = to itself.
func socket(t testing.TB, address string, port int) *net.UDPConn {
	t.Helper()
	self := &net.UDPAddr{IP: net.ParseIP(address)}
	if port == 0 {
		port = 9
	}
	c, err := net.DialUDP("udp", self, &net.UDPAddr{IP: self.IP, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func portOf(c *net.UDPConn) uint16 { return c.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// start starts a path, which the test closes.
func start(t testing.TB, c PathConfig) *Path {
	t.Helper()
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	if c.Receive == nil {
		c.Receive = func([][]byte) {}
	}
	p, err := NewPath(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	known(p)
	return p
}

// known makes a path know that it carries everything.
func known(p *Path) {
	p.engine.sealing.Lock()
	defer p.engine.sealing.Unlock()
	p.fit.mtu = p.routeMTU()
	p.fit.size.Store(int64(p.fit.longest()))
}

// within fails the test if what does not become true soon.
func within(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// mature ends the stable period of a path that has heard its peer.
func mature(t testing.TB, p *Path) {
	t.Helper()
	within(t, "an answer of the peer", func() bool { return p.engine.Alive(p.now()) })
	p.engine.health.stable.Store(int64(time.Second - stablePeriod))
	known(p)
}

func framesOf(frames ...[]byte) [][]byte { return frames }
