// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"net"
	"time"
)

// A Carrier carries datagrams to and from one other side. Send, Confirm and Pulse
// are called by one goroutine at a time, Receive by one goroutine; these two, Close
// and SetReadDeadline may run at the same time.
type Carrier interface {
	// Headroom is how many bytes Send needs in front of a datagram.
	Headroom() int
	// Send sends the datagram b[Headroom():]; what is in front of it, Send may
	// change. It never waits: what cannot be sent is lost.
	Send(b []byte) error
	// Receive returns the next datagram, which is a part of b. If there is none, it
	// waits until the deadline, or, without wait, returns [os.ErrDeadlineExceeded]
	// at once.
	Receive(b []byte, wait bool) ([]byte, error)
	// Confirm says that the other side has made the datagram received last: where
	// and how that came is how to reach it.
	Confirm()
	// Pulse does what the carrier needs done from time to time, and returns when it
	// wants to be called again; the zero time is never.
	Pulse(now time.Time) time.Time
	SetReadDeadline(t time.Time) error
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	Close() error
}
