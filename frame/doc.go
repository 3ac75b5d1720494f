// SPDX-License-Identifier: Apache-2.0

// Package frame holds the unit of the data path: a batch of Ethernet II frames
// (no FCS, no preamble) on its way from the TAP device to the server.
//
// A [Batch] keeps its frames in the layout of a data-phase message. The TAP side
// copies each frame into it once, splitting superframes on the way, and reuses the
// batch for the next one, so that nothing is allocated. From there, a session with a
// single connection hands the message to TLS as it is. Whatever else a session does
// makes a copy of its own: the queues of several connections, compression, and the
// datagrams of UDP acceleration.
//
// In the other direction frames travel as a [][]byte of views into the buffer that
// they were received, or expanded, in.
package frame
