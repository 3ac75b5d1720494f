// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"net"
	"time"
)

// A Carrier carries datagrams to and from one peer. Send, Confirm and Pulse are called by one goroutine at a
// time, Receive by one goroutine; these two groups, Close and SetReadDeadline may run concurrently.
type Carrier interface {
	// Headroom is how many bytes Send needs in front of a datagram.
	Headroom() int
	// Send sends the datagram b[Headroom():]; it may change what is in front of that. It never blocks: what
	// cannot be sent is lost.
	Send(b []byte) error
	// Receive returns the next datagram, which is a part of b. If there is none, it waits until the deadline
	// or, without wait, returns [os.ErrDeadlineExceeded] at once.
	Receive(b []byte, wait bool) ([]byte, error)
	// Confirm tells the carrier that the datagram received last was genuine: where and how it came is how
	// to reach the peer.
	Confirm()
	// Pulse does what the carrier needs to have done from time to time, and returns when it wants to be
	// called again; the zero time means never.
	Pulse(now time.Time) time.Time
	SetReadDeadline(t time.Time) error
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	Close() error
}
