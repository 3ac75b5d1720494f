// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// A Hearing is what the kernel knows of a connection.
type Hearing struct {
	Unacked bool          // something sent has not been acknowledged
	Overdue bool          // it was sent again, twice, each after the time in which an answer usually comes
	Quiet   time.Duration // since anything came
}

// Listen asks the kernel. Of another kind of connection than TCP it knows nothing, and takes it for well.
func Listen(c net.Conn) (h Hearing) {
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

// Calm has the next thing that is sent be told to Config.Stir, or not.
func (b *Bundle) Calm(on bool) {
	for _, c := range b.pool.all() {
		c.calm.Store(on)
	}
}

// stirred is called before everything that is sent.
func (c *Conn) stirred() {
	if c.calm.Load() && c.calm.Swap(false) {
		select {
		case c.stir <- struct{}{}:
		default:
		}
	}
}
