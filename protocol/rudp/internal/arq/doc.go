// SPDX-License-Identifier: Apache-2.0

// Package arq turns datagrams that may be lost, reordered and duplicated into a
// stream of bytes: SoftEther's R-UDP (softether-protocol.md 11.3).
//
// [Endpoint] is the protocol itself, for either side. It does no input or output and has no clock: the caller
// passes datagrams and the time in, and takes datagrams out.
//
//	keys.go      what both sides derive from the client's 20 random bytes
//	segment.go   a datagram: signed, encrypted, with acknowledgements and payload
//	sender.go    what is on its way, and when it is sent again
//	receiver.go  what has come, and what has been read
//	rtt.go       how long an acknowledgement may take
//	endpoint.go  the connection: request, death, farewell
//	next.go      what is to be sent now: requests, segments, keep-alives
//
// [Conn] is a [net.Conn] made of an Endpoint, a [Carrier] of datagrams and the
// clock (conn.go, run.go). It has one goroutine, which ends with it. Beside the
// stream it may carry datagrams of package bulk (bulk.go).
//
// Memory is bounded: an Endpoint keeps 128 segments of 512 bytes to send and 256 received ones, whatever the
// peer does. If nobody reads, it stops acknowledging; if nobody acknowledges, Write blocks.
//
// The end of a stream does not say how long the stream was. Whoever closes waits half a second for
// acknowledgements; what is still missing then is lost, and the peer cannot tell. TLS can, by its
// close_notify.
//
// None of the cryptography here protects anything: the key travels in the clear in the first datagram. It
// only keeps strangers who do not see the traffic from injecting segments. The rest is up to TLS inside the
// stream.
package arq
