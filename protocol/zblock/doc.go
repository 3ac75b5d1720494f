// SPDX-License-Identifier: Apache-2.0

// Package zblock is the compression of a session's frames: every block of the data
// phase is one whole zlib stream (softether-protocol.md 9.4, RFC 1950, RFC 1951).
//
// What looks like noise is stored (noise.go).
//
// Both ways are compress/flate's, from one buffer into another and with an end to what a
// stream may become. An inflate of our own, made for small blocks from a sender that is
// not to be trusted, was measured against it (Go 1.26, CPU time of the thread, six runs)
// and went: it saved 0.1 us for a frame of 60 bytes, 9 % for text (823 against 896 ns) and
// nothing for codes of all lengths (8.2 against 6.8 us). For codes of more than 9 bits flate
// makes tables anew, two allocations and 280 bytes for a block. A sender that fills a frame
// with such blocks makes it cost 92 us instead of 51, and can cost us as much by a flood of
// small frames without compression.
package zblock
