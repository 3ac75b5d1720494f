// SPDX-License-Identifier: Apache-2.0

// Package bulk carries Ethernet frames in datagrams beside the stream of R-UDP, each sent once and never
// again (softether-protocol.md 11.4). In the stream, a lost datagram holds up everything behind it, and at
// most 64 of 512 bytes are in flight; here the protocols inside the frames, TCP above all, find their own
// pace.
//
//	negotiate.go  the offer in the login and the grant in the welcome
//	cipher.go     a datagram: sealed, and opened again
//	window.go     numbers that were there before
//
// Keys come from the server, inside TLS. Version 2 is ChaCha20-Poly1305. Version 1 is
// RC4 with HMAC-SHA1, or without it a plain hash; all that Debian's 5.01.9674 can do.
package bulk
