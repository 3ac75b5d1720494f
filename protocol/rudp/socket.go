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
	"unsafe"

	"golang.org/x/sys/unix"
)

// A socket sends to and receives from one address, without blocking and without allocating. The carriers are
// built on it.
type socket struct {
	conn net.Conn // a *net.UDPConn or *net.IPConn
	raw  syscall.RawConn
	peer *unix.SockaddrInet4 // nil: conn is connected
	// closed is called after the socket is closed; may be nil.
	closed func()

	// Arguments and results of the calls in progress, one in each direction. The functions are made once, as
	// a closure for each datagram would have to be allocated.
	out, in       []byte
	from          unix.RawSockaddrInet4
	arrived       int
	outErr, inErr error
	wait          bool
	write, read   func(fd uintptr) bool
}

// control is as in [net.Dialer.Control]. For raw sockets, network is networkICMP.
type control = func(network, address string, c syscall.RawConn) error

const networkICMP = "ip4:icmp"

// dialSocket makes a UDP socket.
func dialSocket(ctx context.Context, ctl control, server netip.AddrPort) (*socket, error) {
	if !server.Addr().Unmap().Is4() {
		return nil, fmt.Errorf("%w: %v", ErrNotIPv4, server.Addr())
	}
	dialer := net.Dialer{Control: ctl}
	conn, err := dialer.DialContext(ctx, "udp4", server.String())
	if err != nil {
		return nil, err
	}
	return newSocket(conn, nil)
}

// newSocket takes over conn, which need not be connected if there is a peer.
func newSocket(conn net.Conn, peer *unix.SockaddrInet4) (*socket, error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		conn.Close()
		return nil, err
	}
	makeRoom(raw)
	s := &socket{conn: conn, raw: raw, peer: peer}
	if peer != nil {
		s.write, s.read = s.writeTo, s.readFrom
		return s, nil
	}
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

func (s *socket) writeTo(fd uintptr) bool {
	s.outErr = unix.Sendto(int(fd), s.out, unix.MSG_DONTWAIT, s.peer)
	return true
}

func (s *socket) readFrom(fd uintptr) bool {
	for {
		n, errno := recvfrom(fd, s.in, &s.from)
		s.arrived, s.inErr = n, nil
		if errno != 0 {
			s.inErr = errno
			return errno != unix.EAGAIN || !s.wait
		}
		if s.from.Addr == s.peer.Addr {
			return true
		}
	}
}

// recvfrom is unix.Recvfrom, but does not allocate an address for each datagram.
func recvfrom(fd uintptr, b []byte, from *unix.RawSockaddrInet4) (int, syscall.Errno) {
	size := uint32(unsafe.Sizeof(*from))
	n, _, e := unix.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(&size)))
	return int(n), e
}

// receiveBuffer is how many bytes may wait to be received, so that a burst of datagrams is not lost on this
// side.
const receiveBuffer = 4 << 20

// makeRoom gives a socket that buffer, or as much of it as the system allows. Any size works.
func makeRoom(raw syscall.RawConn) {
	raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
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

func (s *socket) Close() error {
	err := s.conn.Close()
	if s.closed != nil {
		s.closed()
	}
	return err
}

func (s *socket) RemoteAddr() net.Addr {
	if s.peer != nil {
		return &net.IPAddr{IP: s.peer.Addr[:]}
	}
	return s.conn.RemoteAddr()
}
