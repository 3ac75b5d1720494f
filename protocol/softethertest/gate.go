// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"net"
	"sync"
	"time"
)

// What 5.02 lets a single address do (softether-protocol.md 8.3).
const (
	gateAccepts   = 16 // in short succession
	gateSpan      = 250 * time.Millisecond
	gateSpanMax   = time.Second
	gateConns     = 256 // at a time
	gateFailures  = 60  // TLS handshakes
	gateBannedFor = 10 * time.Minute
)

// A gate counts what comes from each address, as 5.02 does against floods: anything beyond the limits is
// closed without an answer.
type gate struct {
	mu       sync.Mutex
	visitors map[string]*visitor
}

type visitor struct {
	accepts, failures int
	span              time.Duration // how long accepts is remembered; doubled with each one too many
	until             time.Time
	banned            time.Time // until then
}

// admits counts another connection from addr, which already has conns of them, and reports whether it may
// stay.
func (g *gate) admits(addr string, conns int, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.visitor(addr)
	if now.After(v.until) {
		v.accepts, v.span = 0, gateSpan
	}
	v.accepts++
	ok := v.accepts <= gateAccepts
	if !ok {
		v.span = min(2*v.span, gateSpanMax)
	}
	v.until = now.Add(v.span)
	return ok && conns < gateConns && !now.Before(v.banned)
}

// failed counts a failed TLS handshake.
func (g *gate) failed(addr string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.visitor(addr)
	if v.failures++; v.failures > gateFailures {
		v.failures, v.banned = 0, now.Add(gateBannedFor)
	}
}

func (g *gate) visitor(addr string) *visitor {
	if g.visitors == nil {
		g.visitors = make(map[string]*visitor)
	}
	if g.visitors[addr] == nil {
		g.visitors[addr] = &visitor{}
	}
	return g.visitors[addr]
}

// visitorOf returns what a gate identifies a client by: the address without the port.
func visitorOf(c net.Conn) string {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return c.RemoteAddr().String()
}
