// SPDX-License-Identifier: Apache-2.0

// Package rudptest is the server's side of R-UDP, for tests: a [net.Listener] over
// UDP, DNS messages or ICMP, and a rendezvous server for NAT traversal. It has no
// quota and asks for no relay, so it is nothing for real networks.
package rudptest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"network-manager-softether/protocol/rudp/internal/arq"
	"network-manager-softether/protocol/rudp/internal/icmpwire"
)

// A Listener accepts R-UDP connections.
type Listener struct {
	wire     wire
	masked   bool
	accepted chan net.Conn
	closed   chan struct{}
	closing  sync.Once
	reading  sync.WaitGroup

	mu       sync.Mutex
	sessions map[client]*session
	conns    []*arq.Conn
}

// A client is identified by its address and, over ICMP, its flow.
type client struct {
	addr netip.AddrPort
	flow icmpwire.Flow
}

// A wire carries the datagrams of all clients.
type wire interface {
	receive(b []byte) (datagram []byte, from client, hint uint16, err error)
	// send answers a datagram that came with that hint: the DNS id or ICMP type.
	send(datagram []byte, to client, hint uint16) error
	addr() net.Addr
	close() error
}

// Listen listens on loopback: for "udp" and "dns" on a port of its own, for "icmp",
// which needs root, on an address of this process's own, for all ICMP messages.
func Listen(kind string) (*Listener, error) {
	l := &Listener{
		accepted: make(chan net.Conn, 16), closed: make(chan struct{}), sessions: map[client]*session{},
		masked: kind != "udp",
	}
	var err error
	switch kind {
	case "udp", "dns":
		l.wire, err = newUDPWire(kind == "dns")
	case "icmp":
		l.wire, err = newICMPWire()
	default:
		err = fmt.Errorf("rudptest: no kind %q", kind)
	}
	if err != nil {
		return nil, err
	}
	l.reading.Go(l.read)
	return l, nil
}

// read hands each datagram to its session, and makes sessions.
func (l *Listener) read() {
	buf := make([]byte, 4096)
	for {
		d, from, hint, err := l.wire.receive(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || len(d) == 0 {
			continue
		}
		l.mu.Lock()
		s := l.sessions[from]
		if initial, ok := arq.InitialKey(d); ok && s == nil {
			s = newSession(l, from, hint)
			l.sessions[from] = s
			c := arq.Accept(s, initial, l.masked)
			l.conns = append(l.conns, c)
			select {
			case l.accepted <- c:
			default: // too many at once
			}
		}
		l.mu.Unlock()
		if s != nil {
			s.deliver(d, hint)
		}
	}
}

// Punch sends a short datagram to a client that is about to connect, as a server
// behind a NAT does to open it.
func (l *Listener) Punch(to netip.AddrPort) error {
	return l.wire.send([]byte("punch"), client{addr: to}, 0)
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr returns where clients connect to.
func (l *Listener) Addr() net.Addr { return l.wire.addr() }

// AddrPort is Addr, with port 0 for "icmp".
func (l *Listener) AddrPort() netip.AddrPort {
	if ip, ok := l.Addr().(*net.IPAddr); ok {
		a, _ := netip.AddrFromSlice(ip.IP)
		return netip.AddrPortFrom(a.Unmap(), 0)
	}
	return l.Addr().(*net.UDPAddr).AddrPort()
}

// Close ends the listener and all its connections.
func (l *Listener) Close() error {
	l.closing.Do(func() {
		l.mu.Lock()
		conns := l.conns
		l.mu.Unlock()
		var wg sync.WaitGroup
		for _, c := range conns {
			wg.Go(func() { c.Close() })
		}
		wg.Wait()
		close(l.closed)
		l.wire.close()
		l.reading.Wait()
	})
	return nil
}
