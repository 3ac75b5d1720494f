// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// punched carries datagrams unchanged, to and from a server whose NAT may have given it another port than the
// rendezvous server saw.
type punched struct {
	conn   *net.UDPConn
	raw    syscall.RawConn
	server [4]byte

	port      atomic.Uint32 // of the server
	confirmed atomic.Bool   // the port is certain, as long as nothing moves
	last      uint16        // port that the datagram received last came from

	plea       []byte // the request that makes the server punch, for the rendezvous server
	rendezvous netip.AddrPort
	pleas      int // sent

	// Arguments and results of the calls that are going on, as in a socket.
	out, in     []byte
	to          unix.SockaddrInet4
	from        unix.RawSockaddrInet4
	arrived     int
	outErr      error
	inErr       syscall.Errno
	wait        bool
	write, read func(fd uintptr) bool
}

// maxPunch: a shorter datagram is only meant to open a path through NATs, and shows the server's port
// (softether-protocol.md 11.2).
const maxPunch = 20

// A punch may get lost, and in 1 of 19 cases servers do not even send it: it has 0 to 18 bytes, and they
// cannot send 0. So it is asked for again while there is no answer.
const (
	pleadAgain = 1500 * time.Millisecond
	maxPleas   = 4
)

// newPunched takes over conn. plea is the request that was answered with server.
func newPunched(conn *net.UDPConn, server netip.AddrPort, plea []byte, rendezvous netip.AddrPort) (*punched, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	makeRoom(raw)
	p := &punched{conn: conn, raw: raw, server: server.Addr().As4(), plea: plea, rendezvous: rendezvous}
	p.port.Store(uint32(server.Port()))
	p.to.Addr = p.server
	p.write = func(fd uintptr) bool {
		p.outErr = unix.Sendto(int(fd), p.out, unix.MSG_DONTWAIT, &p.to)
		return true
	}
	p.read = func(fd uintptr) bool {
		p.arrived, p.inErr = recvfrom(fd, p.in, &p.from)
		return p.inErr != unix.EAGAIN || !p.wait
	}
	return p, nil
}

func (p *punched) Headroom() int { return 0 }

func (p *punched) Send(b []byte) error {
	p.out, p.to.Port = b, int(p.port.Load())
	if err := p.raw.Write(p.write); err != nil {
		return err
	}
	return p.outErr
}

func (p *punched) Receive(b []byte, wait bool) ([]byte, error) {
	p.in, p.wait = b, wait
	for {
		if err := p.raw.Read(p.read); err != nil {
			return nil, err
		}
		switch p.inErr {
		case 0:
		case unix.EAGAIN, unix.EINTR:
			return nil, os.ErrDeadlineExceeded
		default:
			return nil, os.NewSyscallError("recvfrom", p.inErr)
		}
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&p.from.Port))[:])
		switch {
		case p.from.Family != unix.AF_INET || p.from.Addr != p.server:
		case p.arrived >= maxPunch:
			p.last = port
			return b[:p.arrived], nil
		case !p.confirmed.Load():
			p.port.Store(uint32(port))
		}
	}
}

// Confirm settles the port.
func (p *punched) Confirm() {
	p.port.Store(uint32(p.last))
	p.confirmed.Store(true)
}

// Pulse asks for another punch.
func (p *punched) Pulse(now time.Time) time.Time {
	if p.confirmed.Load() || p.pleas > maxPleas {
		return time.Time{}
	}
	if p.pleas++; p.pleas > 1 { // the first one has already been sent
		_, _ = p.conn.WriteToUDPAddrPort(p.plea, p.rendezvous) // the next pulse tries again
	}
	return now.Add(pleadAgain)
}

func (p *punched) SetReadDeadline(t time.Time) error { return p.conn.SetReadDeadline(t) }
func (p *punched) LocalAddr() net.Addr               { return p.conn.LocalAddr() }
func (p *punched) Close() error                      { return p.conn.Close() }

func (p *punched) RemoteAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4(p.server), uint16(p.port.Load())))
}
