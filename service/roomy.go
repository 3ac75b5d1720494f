// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/udpaccel"
)

// roomySockets are UDP sockets with larger receive buffers than the system allows an unprivileged process.
// They are opened while there are privileges, one per address family, and are for the first session; later
// ones make do with what is allowed.
type roomySockets struct {
	mu   sync.Mutex
	once bool        // guarded by mu
	left map[int]int // descriptors by address family; guarded by mu
}

// open opens the sockets, the first time. Without privileges it opens none.
func (r *roomySockets) open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.once {
		return
	}
	r.once, r.left = true, make(map[int]int)
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, udpaccel.SocketBuffer) != nil {
			unix.Close(fd)
			continue
		}
		r.left[family] = fd
	}
}

// dial connects one of the sockets, false if there is none for that address.
func (r *roomySockets) dial(ctx context.Context, address string, bind func(network, address string, c syscall.RawConn) error) (net.Conn, bool) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || ctx.Err() != nil {
		return nil, false
	}
	addr := to.Addr().Unmap()
	var sockaddr unix.Sockaddr = &unix.SockaddrInet4{Port: int(to.Port())}
	family := unix.AF_INET
	switch {
	case addr.Is4():
		sockaddr.(*unix.SockaddrInet4).Addr = addr.As4()
	case addr.Zone() != "":
		return nil, false // an ordinary dial can handle zones
	default:
		family, sockaddr = unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: addr.As16()}
	}
	r.mu.Lock()
	fd, ok := r.left[family]
	delete(r.left, family)
	r.mu.Unlock()
	if !ok {
		return nil, false
	}
	f := os.NewFile(uintptr(fd), "udp")
	defer f.Close() // the connection has a descriptor of its own
	raw, err := f.SyscallConn()
	if err != nil || bind("udp", address, raw) != nil || unix.Connect(fd, sockaddr) != nil {
		return nil, false
	}
	conn, err := net.FileConn(f)
	return conn, err == nil
}

func (r *roomySockets) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fd := range r.left {
		unix.Close(fd)
	}
	r.left = nil
}
