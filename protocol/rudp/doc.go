// SPDX-License-Identifier: Apache-2.0

// Package rudp reaches a SoftEther server where TCP cannot: over plain UDP, through DNS or through ICMP
// (softether-protocol.md 11). The result is a [net.Conn], a stream that stands in for TCP: TLS and everything
// above it stay the same. IPv4 only, as the servers are.
//
//	DialUDP    to the server's R-UDP port              udp.go
//	DialDNS    queries and answers on port 53          dns.go
//	DialICMP   messages that look like ping answers    icmp.go; needs CAP_NET_RAW
//	Traversal  a server behind a NAT of its own        traversal.go, rendezvous.go, punched.go
//	Dialer     all of these and TCP, in official order dialer.go, order.go
//
// Package internal/arq makes the stream out of datagrams that may be lost, reordered and duplicated. The
// stream is slow; frames may travel in datagrams beside it, see package bulk.
package rudp
