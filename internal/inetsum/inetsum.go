// SPDX-License-Identifier: Apache-2.0

// Package inetsum computes the checksum of IP, ICMP, TCP and UDP (RFC 1071), two bytes at a time. That is
// fast enough for control traffic and tests; what passes through a TAP is summed by tapbridge/offload, eight
// bytes at a time.
package inetsum

import "encoding/binary"

// Add returns the ones' complement sum acc plus b, padded to whole 16-bit words.
func Add(acc uint64, b []byte) uint64 {
	for len(b) >= 2 {
		acc += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint64(b[0]) << 8
	}
	return acc
}

// Fold reduces a sum to 16 bits.
func Fold(acc uint64) uint16 {
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return uint16(acc)
}

// Of returns the folded sum of parts, each padded to whole words: 0xffff if the checksum in them is correct.
// The checksum of parts that have 0 in its place is the complement of that.
func Of(parts ...[]byte) uint16 {
	var acc uint64
	for _, b := range parts {
		acc = Add(acc, b)
	}
	return Fold(acc)
}
