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
	if len(b) >= 64 {
		sum, b = addMany(sum, b)
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

// addMany is add for as many multiples of 64 bytes as b has; it returns the rest. An addition has to wait for
// the carry of the one before it, so there are two chains of them, which a processor runs in parallel.
func addMany(sum uint64, b []byte) (uint64, []byte) {
	var other, c, d, carries uint64
	for len(b) >= 64 {
		p := (*[64]byte)(b)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(p[0:8]), 0)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(p[8:16]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(p[16:24]), c)
		sum, c = bits.Add64(sum, binary.LittleEndian.Uint64(p[24:32]), c)
		carries += c
		other, d = bits.Add64(other, binary.LittleEndian.Uint64(p[32:40]), 0)
		other, d = bits.Add64(other, binary.LittleEndian.Uint64(p[40:48]), d)
		other, d = bits.Add64(other, binary.LittleEndian.Uint64(p[48:56]), d)
		other, d = bits.Add64(other, binary.LittleEndian.Uint64(p[56:64]), d)
		carries += d
		b = b[64:]
	}
	sum, c = bits.Add64(sum, other, 0)
	sum, c = bits.Add64(sum, carries, c)
	return sum + c, b
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
