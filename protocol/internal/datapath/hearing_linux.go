// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// A Hearing is what is known about the other end of a connection: by the kernel, or over R-UDP by the connection itself.
type Hearing struct {
	Unacked bool          // something sent has not been acknowledged
	Overdue bool          // it has been retransmitted twice, each time after the time-out for an acknowledgement
	Quiet   time.Duration // since anything was received
}

// Listen asks the connection or the kernel. About other kinds of connections nothing is known, and it reports that all is well.
func Listen(c net.Conn) (h Hearing) {
	if own, ok := c.(interface {
		Hearing() (unacked, overdue bool, quiet time.Duration)
	}); ok {
		h.Unacked, h.Overdue, h.Quiet = own.Hearing()
		return h
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return h
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return h
	}
	rc.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			h = Hearing{Unacked: info.Unacked > 0, Overdue: info.Retransmits >= 2, Quiet: time.Duration(info.Last_ack_recv) * time.Millisecond}
		}
	})
	return h
}

// Calm has the next send reported to Config.Stir, or no longer.
func (b *Bundle) Calm(on bool) {
	for _, c := range b.pool.all() {
		c.calm.Store(on)
	}
}

// stirred is called before anything is sent.
func (c *Conn) stirred() {
	if c.calm.Load() && c.calm.Swap(false) {
		select {
		case c.stir <- struct{}{}:
		default:
		}
	}
}
