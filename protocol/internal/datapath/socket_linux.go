// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// notSent is how many bytes may wait in the kernel behind those on the wire. It keeps the queue in front of
// small frames short; more would only delay them.
const notSent = 256 << 10

// tuneSocket prepares a TCP connection for frames. All of it is optional: if the kernel refuses, or if it is
// another kind of connection, it is used as it is.
func tuneSocket(c net.Conn, timeout time.Duration) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetNoDelay(true)
	rc, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	rc.Control(func(fd uintptr) {
		// If data stays unacknowledged for that long, the path is dead.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSent)
	})
}

// unacknowledged reports whether the other end has acknowledged nothing after two retransmissions by
// time-out, or keeps its window closed: data given to such a connection waits. Of any other kind of
// connection than TCP it reports false.
func unacknowledged(c net.Conn) bool {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return false
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	stuck := false
	rc.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		stuck = err == nil && (info.Retransmits >= 2 || info.Probes >= 2)
	})
	return stuck
}
