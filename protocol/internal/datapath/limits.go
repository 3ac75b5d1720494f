// SPDX-License-Identifier: Apache-2.0

package datapath

import "time"

// Lengths and counts. Each bounds what a hostile server can make this package keep or do.
const (
	maxBlock     = 3200 // bytes of a block on the wire (softether-protocol.md 9.1)
	maxKeepAlive = 512  // bytes of a keep-alive (softether-protocol.md 9.1)

	// MaxConns is how many connections a session may have (softether-protocol.md 6.1).
	MaxConns = 32
)

// Waits are how long the end of a connection may take.
type Waits struct {
	// Flush bounds the wait for the queue of a connection that is to be closed.
	Flush time.Duration
	// Closing bounds a polite close. Drain is the part of it spent waiting for the server to close as well,
	// so that a reset does not overtake our close_notify.
	Closing, Drain time.Duration
}
