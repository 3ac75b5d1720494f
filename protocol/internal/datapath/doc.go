// SPDX-License-Identifier: Apache-2.0

// Package datapath carries the frames of a session over its TCP connections
// (softether-protocol.md 9): the data phase, when logging in and attaching are over.
//
// A [Bundle] is the set of connections, pool.go says which there are. With one connection
// frames are written where they are sent. With several, each has a queue (sendqueue.go),
// and every flow keeps to one of them (spread.go, choose.go, flow.go,
// rebalance.go).
//
// Below, a message is compressed if it has to be (compress.go), cut into TLS records
// (conn.go), and these reach the kernel in one call (wire_linux.go). Each layer has a word
// of its own: sendFrames, sendRecords, encrypt, toKernel.
package datapath
