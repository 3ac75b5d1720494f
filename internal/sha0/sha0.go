// SPDX-License-Identifier: Apache-2.0

// Package sha0 computes SHA-0, the hash of FIPS 180 (1993) that was withdrawn
// for SHA-1. SoftEther still builds its password answers on it
// (softether-protocol.md 6.3). It is broken as a hash: use it for nothing else.
package sha0

import (
	"encoding/binary"
	"math/bits"
)

// Size is the length of a hash in bytes.
const Size = 20

const blockSize = 64

// Sum returns the SHA-0 of the concatenation of its arguments.
func Sum(data ...[]byte) [Size]byte {
	h := [5]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}
	var block [blockSize]byte
	fill, total := 0, uint64(0)
	for _, d := range data {
		total += uint64(len(d))
		for len(d) > 0 {
			n := copy(block[fill:], d)
			d, fill = d[n:], fill+n
			if fill == blockSize {
				compress(&h, &block)
				fill = 0
			}
		}
	}

	// Padding: a one bit, zeros, the length in bits in the last 8 bytes.
	block[fill] = 0x80
	clear(block[fill+1:])
	if fill+1 > blockSize-8 {
		compress(&h, &block)
		clear(block[:])
	}
	binary.BigEndian.PutUint64(block[blockSize-8:], total*8)
	compress(&h, &block)

	var sum [Size]byte
	for i, v := range h {
		binary.BigEndian.PutUint32(sum[4*i:], v)
	}
	return sum
}

// compress mixes one block into h. It is SHA-1's function except for the message schedule, which lacks the
// rotation by one bit.
func compress(h *[5]uint32, block *[blockSize]byte) {
	var w [80]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	for i := 16; i < len(w); i++ {
		w[i] = w[i-3] ^ w[i-8] ^ w[i-14] ^ w[i-16]
	}
	a, b, c, d, e := h[0], h[1], h[2], h[3], h[4]
	for i, word := range w {
		var f, k uint32
		switch {
		case i < 20:
			f, k = b&c|^b&d, 0x5a827999
		case i < 40:
			f, k = b^c^d, 0x6ed9eba1
		case i < 60:
			f, k = b&c|b&d|c&d, 0x8f1bbcdc
		default:
			f, k = b^c^d, 0xca62c1d6
		}
		t := bits.RotateLeft32(a, 5) + f + e + k + word
		a, b, c, d, e = t, a, bits.RotateLeft32(b, 30), c, d
	}
	h[0] += a
	h[1] += b
	h[2] += c
	h[3] += d
	h[4] += e
}
