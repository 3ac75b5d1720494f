// SPDX-License-Identifier: Apache-2.0

// Package pack is the codec of SoftEther's Pack, the list of named values that client and server exchange
// until the tunnel is up (softether-protocol.md 4; Mayaqua/Pack.c):
//
//	Pack    = u32 count, element*
//	element = u32 len(name)+1, name, u32 type, u32 count, value*
//
// all big-endian. [Parse] is made for bytes from the network: it never allocates more than a small multiple
// of what it is given, and refuses anything malformed. Reading a name that is absent, or has another type,
// returns the zero value, as in the original.
//
// A Pack is not safe for concurrent use while it is being added to.
package pack
