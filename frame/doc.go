// SPDX-License-Identifier: Apache-2.0

// Package frame holds the unit of the data path: a batch of Ethernet II frames
// (no FCS, no preamble) on its way from the TAP device to the server.
//
// A [Batch] keeps its frames in the layout of a data-phase message, so that what
// the TAP side writes into it is, byte for byte, what the session hands to TLS:
// nothing is copied or allocated on the way. In the other direction frames travel
// as a [][]byte of views into the buffer they were received in.
package frame
