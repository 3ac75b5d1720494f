// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"encoding/binary"
	"math/bits"
)

// Internet checksums (RFC 1071). The ones' complement sum does not care about byte
// order (RFC 1071 2.B), so sums are kept in little-endian words, which are plain
// loads on the machines that matter, and swapped once at the end.

// add returns sum plus the bytes of b as 64-bit words with end-around carry. An odd
// last byte counts as if a zero followed, so only the last piece may be odd.
func add(sum uint64, b []byte) uint64 {
	var c uint64
	for len(b) >= 64 {
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[0:8]), 0)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[8:16]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[16:24]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[24:32]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[32:40]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[40:48]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[48:56]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b[56:64]), c)
		sum, c = bits.Add64(sum, 0, c)
		sum += c
		b = b[64:]
	}
	for len(b) >= 8 {
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(b), 0)
		sum += c
		b = b[8:]
	}
	var tail uint64
	if len(b) >= 4 {
		tail, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
	}
	if len(b) >= 2 {
		tail, b = tail+uint64(binary.LittleEndian.Uint16(b)), b[2:]
	}
	if len(b) > 0 {
		tail += uint64(b[0])
	}
	sum, c = bits.Add64(sum, tail, 0)
	return sum + c
}

// addWord returns sum plus one 16-bit word given as a number.
func addWord(sum uint64, w uint16) uint64 {
	sum, c := bits.Add64(sum, uint64(bits.ReverseBytes16(w)), 0)
	return sum + c
}

// fold reduces sum to the 16-bit number that is stored in network byte order. It
// is 0 only if everything added was 0.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return bits.ReverseBytes16(uint16(sum))
}
