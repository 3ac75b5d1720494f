// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A rawSocket is an ICMP socket that outlives the right to make one. The zero value
// is closed, and dials with a new socket each time.
type rawSocket struct {
	mu   sync.Mutex
	file *os.File // nil if not open
}

// open makes the socket, unless it is open.
func (r *rawSocket) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_ICMP)
	if err != nil {
		return rawError(os.NewSyscallError("socket", err))
	}
	r.file = os.NewFile(uintptr(fd), "icmp")
	return nil
}

func (r *rawSocket) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// dial connects through a copy of the socket. Copies share one peer, so all
// connections of a rawSocket lead to the same server.
func (r *rawSocket) dial(ctx context.Context, ctl control, server netip.Addr) (net.Conn, error) {
	s, err := r.copy(ctl, server)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return dialICMP(ctx, ctl, server)
	}
	return overSocket(ctx, s)
}

// copy returns nil if r is closed.
func (r *rawSocket) copy(ctl control, server netip.Addr) (*socket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil, nil
	}
	raw, err := r.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	if ctl != nil {
		// A socket that is bound to a device stays bound to it: to change that
		// takes the right that we may not have any more.
		if err := ctl("ip4:icmp", server.String(), raw); err != nil && !errors.Is(err, os.ErrPermission) {
			return nil, err
		}
	}
	var cerr error
	err = raw.Control(func(fd uintptr) {
		cerr = unix.Connect(int(fd), &unix.SockaddrInet4{Addr: server.As4()})
	})
	if err := errors.Join(err, os.NewSyscallError("connect", cerr)); err != nil {
		return nil, err
	}
	conn, err := net.FileConn(r.file)
	if err != nil {
		return nil, err
	}
	return newSocket(conn)
}
