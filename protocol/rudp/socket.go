// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket sends to and receives from one address, without waiting and without
// allocating. It is what the carriers are made of.
type socket struct {
	conn net.Conn // a *net.UDPConn or *net.IPConn, connected
	raw  syscall.RawConn

	// Arguments and results of the calls that are going on, one in each direction.
	// The functions are made once, as a closure for each datagram would have to be
	// allocated.
	out, in       []byte
	arrived       int
	outErr, inErr error
	wait          bool
	write, read   func(fd uintptr) bool
}

// control is as in [net.Dialer.Control].
type control = func(network, address string, c syscall.RawConn) error

// dialSocket makes a socket of the network "udp4" or "ip4:icmp", for which the
// port does not count.
func dialSocket(ctx context.Context, ctl control, network string, server netip.AddrPort) (*socket, error) {
	if !server.Addr().Unmap().Is4() {
		return nil, fmt.Errorf("%w: %v", ErrNotIPv4, server.Addr())
	}
	address := server.String()
	if network != "udp4" {
		address = server.Addr().Unmap().String()
	}
	dialer := net.Dialer{Control: ctl}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return newSocket(conn)
}

func newSocket(conn net.Conn) (*socket, error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		conn.Close()
		return nil, err
	}
	makeRoom(raw)
	s := &socket{conn: conn, raw: raw}
	s.write = func(fd uintptr) bool {
		_, s.outErr = unix.Write(int(fd), s.out)
		return true // what the kernel has no room for is lost
	}
	s.read = func(fd uintptr) bool {
		s.arrived, s.inErr = unix.Read(int(fd), s.in)
		return s.inErr != unix.EAGAIN || !s.wait
	}
	return s, nil
}

// receiveBuffer is how many bytes may wait to be received: a burst of datagrams must
// not be lost on our side.
const receiveBuffer = 4 << 20

// makeRoom gives a socket that buffer, or as much of it as the system allows.
func makeRoom(raw syscall.RawConn) {
	raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
		}
	})
}

// send sends b.
func (s *socket) send(b []byte) error {
	s.out = b
	if err := s.raw.Write(s.write); err != nil {
		return err
	}
	if s.outErr != nil {
		return os.NewSyscallError("send", s.outErr)
	}
	return nil
}

// receive reads one datagram into b.
func (s *socket) receive(b []byte, wait bool) ([]byte, error) {
	s.in, s.wait = b, wait
	if err := s.raw.Read(s.read); err != nil {
		return nil, err
	}
	switch {
	case s.inErr == unix.EAGAIN || s.inErr == unix.EINTR:
		return nil, os.ErrDeadlineExceeded
	case s.inErr != nil:
		return nil, os.NewSyscallError("receive", s.inErr)
	}
	return b[:s.arrived], nil
}

func (s *socket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }
func (s *socket) LocalAddr() net.Addr               { return s.conn.LocalAddr() }
func (s *socket) RemoteAddr() net.Addr              { return s.conn.RemoteAddr() }
func (s *socket) Close() error                      { return s.conn.Close() }
