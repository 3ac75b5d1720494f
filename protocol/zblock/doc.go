// SPDX-License-Identifier: Apache-2.0

// Package zblock is the compression of a session's frames: every block of the data
// phase is one whole zlib stream (softether-protocol.md 9.4, RFC 1950, RFC 1951).
//
// To compress, compress/flate is used. To expand there is an [Expander] of our own:
// blocks are small, come by the hundred thousand a second, and their sender is not to
// be trusted. It works from one buffer into another, keeps its tables, allocates
// nothing, and cannot write more than the target has room for; compress/flate would
// copy everything through a window of 32 KiB and allocate tables for many blocks.
package zblock
