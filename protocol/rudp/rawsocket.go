// SPDX-License-Identifier: Apache-2.0

package rudp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/rudp/internal/icmpwire"
)

// rawSpare is how many ICMP sockets are kept: for a connection, the next one, and those that were left behind
// with the network they stood on and are still closing. Two connections cannot share one, as each would
// receive what is for the other.
const rawSpare = 4

// rawSockets are ICMP sockets that outlive the privilege to open one. The zero value has none, and opens a
// new socket for each dial.
type rawSockets struct {
	mu  sync.Mutex
	all []*rawSocket // guarded by mu; least recently used first
}

type rawSocket struct {
	file *os.File
	conn net.Conn // a copy, closed by whoever uses it; guarded by rawSockets.mu
	free bool     // guarded by rawSockets.mu
}

// open opens the sockets, unless they are open already.
func (r *rawSockets) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.all) < rawSpare {
		s, err := openRaw()
		if err != nil {
			return err
		}
		r.all = append(r.all, s)
	}
	return nil
}

func (r *rawSockets) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.all {
		s.file.Close()
	}
	r.all = nil
	return nil
}

// dial connects through one of the sockets.
func (r *rawSockets) dial(ctx context.Context, ctl control, server netip.Addr) (net.Conn, error) {
	s, err := r.take(ctl, server)
	if err != nil {
		return nil, err
	}
	return overSocket(ctx, s)
}

// take returns a socket. If all are in use, the one that was taken first is taken away from its user.
func (r *rawSockets) take(ctl control, server netip.Addr) (*socket, error) {
	if !server.Unmap().Is4() {
		return nil, fmt.Errorf("%w: %v", ErrNotIPv4, server)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		s, err := openRaw()
		if err != nil {
			return nil, err
		}
		defer s.file.Close() // the copy lives on
		return s.use(ctl, server)
	}
	i := 0
	for j, s := range r.all {
		if s.free {
			i = j
			break
		}
	}
	s := r.all[i]
	if !s.free {
		s.conn.Close()
	}
	taken, err := s.use(ctl, server)
	if err != nil {
		return nil, err
	}
	r.all = append(append(r.all[:i:i], r.all[i+1:]...), s)
	s.conn, s.free = taken.conn, false
	taken.closed = func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if s.conn == taken.conn && !s.free {
			s.free = true
			_ = s.hear() // an error only costs memory
		}
	}
	return taken, nil
}

// openRaw opens a raw socket that receives nothing yet. It is never connected, as that would fix its own
// address, and with it the network.
func openRaw() (*rawSocket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_ICMP)
	if err != nil {
		return nil, rawError(os.NewSyscallError("socket", err))
	}
	s := &rawSocket{file: os.NewFile(uintptr(fd), "icmp"), free: true}
	return s, s.hear()
}

// hear has the kernel, which would deliver every ICMP message to a raw socket, pass only those kinds. What
// has arrived before is discarded.
func (s *rawSocket) hear(kinds ...uint) error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	const icmpFilter = 1
	var pass uint32
	for _, kind := range kinds {
		pass |= 1 << kind
	}
	buf := make([]byte, 1)
	cerr := raw.Control(func(fd uintptr) {
		for range 1 << 16 {
			if _, _, lerr := unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT); lerr != nil {
				break
			}
		}
		err = unix.SetsockoptInt(int(fd), unix.SOL_RAW, icmpFilter, int(int32(^pass)))
	})
	if cerr != nil {
		return cerr
	}
	return os.NewSyscallError("setsockopt", err)
}

// use returns a copy of the socket for messages from and to server, over the interface that ctl chooses. The
// interface may be another one each time, whereas binding a socket to another device than before would need a
// capability.
func (s *rawSocket) use(ctl control, server netip.Addr) (*socket, error) {
	if ctl != nil {
		raw, err := s.file.SyscallConn()
		if err != nil {
			return nil, err
		}
		if err := ctl(networkICMP, server.Unmap().String(), raw); err != nil {
			return nil, err
		}
	}
	if err := s.hear(icmpwire.EchoReply, icmpwire.InfoReply); err != nil {
		return nil, err
	}
	conn, err := net.FileConn(s.file)
	if err != nil {
		return nil, err
	}
	return newSocket(conn, &unix.SockaddrInet4{Addr: server.As4()})
}
