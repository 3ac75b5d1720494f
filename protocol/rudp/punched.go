// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// punched carries datagrams as they are, between us and a server whose NAT may have
// given it another port than the rendezvous server saw.
type punched struct {
	conn   *net.UDPConn
	raw    syscall.RawConn
	server netip.Addr

	port      atomic.Uint32 // of the server
	confirmed atomic.Bool   // the port is known for good, as long as nothing moves
	last      uint16        // port that the datagram received last came from

	out   []byte
	to    unix.SockaddrInet4
	err   error
	write func(fd uintptr) bool
}

// maxPunch: a datagram shorter than that is only there to open a way through NATs,
// and shows the server's port (softether-protocol.md 11.2).
const maxPunch = 20

func newPunched(conn *net.UDPConn, server netip.AddrPort) (*punched, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	p := &punched{conn: conn, raw: raw, server: server.Addr()}
	p.port.Store(uint32(server.Port()))
	p.to.Addr = server.Addr().As4()
	p.write = func(fd uintptr) bool {
		p.err = unix.Sendto(int(fd), p.out, unix.MSG_DONTWAIT, &p.to)
		return true
	}
	return p, nil
}

func (p *punched) Headroom() int { return 0 }

func (p *punched) Send(b []byte) error {
	p.out, p.to.Port = b, int(p.port.Load())
	if err := p.raw.Write(p.write); err != nil {
		return err
	}
	return p.err
}

// Receive takes one datagram at a time.
func (p *punched) Receive(b []byte, wait bool) ([]byte, error) {
	if !wait {
		return nil, os.ErrDeadlineExceeded
	}
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return nil, err
		}
		if from.Addr().Unmap() != p.server {
			continue
		}
		if n < maxPunch {
			if !p.confirmed.Load() {
				p.port.Store(uint32(from.Port()))
			}
			continue
		}
		p.last = from.Port()
		return b[:n], nil
	}
}

// Confirm settles the port.
func (p *punched) Confirm() {
	p.port.Store(uint32(p.last))
	p.confirmed.Store(true)
}

func (p *punched) Pulse(time.Time) time.Time         { return time.Time{} }
func (p *punched) SetReadDeadline(t time.Time) error { return p.conn.SetReadDeadline(t) }
func (p *punched) LocalAddr() net.Addr               { return p.conn.LocalAddr() }
func (p *punched) Close() error                      { return p.conn.Close() }

func (p *punched) RemoteAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.server, uint16(p.port.Load())))
}
