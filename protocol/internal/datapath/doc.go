// SPDX-License-Identifier: Apache-2.0

// Package datapath carries the frames of a session over its TCP connections (softether-protocol.md 9): the
// data phase, which begins when logging in or attaching is over.
//
// A [Bundle] is the set of connections; pool.go keeps track of them. With one connection, frames are written
// by whoever sends them. With several, each has a queue (sendqueue.go), and every flow keeps to one of them
// (spread.go, choose.go, flow.go, rebalance.go).
//
// Below that, a message is compressed if the session does that (compress.go), cut into TLS records (conn.go),
// and these reach the kernel in one call (wire_linux.go). Each layer has a verb of its own: sendFrames,
// sendRecords, encrypt, toKernel.
package datapath
