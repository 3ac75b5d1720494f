// SPDX-License-Identifier: Apache-2.0

// Package zblock is the compression of a session's frames: every block of the data
// phase is one whole zlib stream (softether-protocol.md 9.4, RFC 1950, RFC 1951).
//
// To compress, compress/flate is used. To expand there is an [Expander] of our own:
// blocks are small, come by the hundred thousand a second, and their sender is not to
// be trusted. It works from one buffer into another, bounds the deflate blocks of a
// stream, and cannot write more than the target has room for. It is not the faster one:
// against compress/flate with Reset (Go 1.26, checksum included, on a loaded machine)
// it takes a third of the time for a ping, is even for what does not compress, and takes up
// to twice the time for text. But compress/flate makes tables anew for every block with
// codes of more than 9 bits (11 allocations measured), which the sender chooses.
package zblock
