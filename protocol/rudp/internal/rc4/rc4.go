// SPDX-License-Identifier: Apache-2.0

// Package rc4 is RC4 for datagrams: each has a key of its own, and crypto/rc4 would
// allocate a kilobyte for each. The cipher is weak, and what uses it says so.
package rc4

// XOR encrypts or decrypts b in place.
func XOR(key *[20]byte, b []byte) {
	var s [256]byte
	for i := range s {
		s[i] = byte(i)
	}
	var j byte
	for i := range s {
		j += s[i] + key[i%len(key)]
		s[i], s[j] = s[j], s[i]
	}
	var i byte
	j = 0
	for n := range b {
		i++
		x := s[i]
		j += x
		y := s[j]
		s[i], s[j] = y, x
		b[n] ^= s[x+y]
	}
}
