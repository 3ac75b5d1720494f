// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// notSent is how many bytes may wait in the kernel behind those on the wire. It
// keeps the queue in front of small frames short; more would only delay them.
const notSent = 256 << 10

// tuneSocket prepares a TCP connection for frames. All of it is optional: another
// kind of connection, or a refusing kernel, is used as it is.
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
		// Data that nobody acknowledges for that long: the path is dead.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSent)
	})
}

// unacknowledged reports whether the other end has not acknowledged anything after
// two retransmissions by time-out, or does not open its window: data given to such a
// connection waits. Of another kind of connection it knows nothing.
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
