// SPDX-License-Identifier: Apache-2.0

package datapath

import "time"

// Lengths and counts. Each bounds what a hostile server can make us keep or do.
const (
	maxBlock     = 3200 // bytes of a block on the wire (softether-protocol.md 9.1)
	maxKeepAlive = 512  // bytes of a keep-alive (softether-protocol.md 9.1)

	// MaxConns is how many connections a session may have (softether-protocol.md 6.1).
	MaxConns = 32
)

// Waits are what the end of a connection waits for.
type Waits struct {
	// Flush bounds the wait for what is in the queue of a connection to be closed.
	Flush time.Duration
	// Closing bounds a polite close; Drain is the part of it that waits for the
	// server to close too, so that our close_notify is not overtaken by a reset.
	Closing, Drain time.Duration
}
