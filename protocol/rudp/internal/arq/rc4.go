// SPDX-License-Identifier: Apache-2.0

package arq

// rc4 encrypts or decrypts b in place. Each segment has a key of its own, and
// crypto/rc4 would allocate a kilobyte for each.
func rc4(k *key, b []byte) {
	var s [256]byte
	for i := range s {
		s[i] = byte(i)
	}
	var j byte
	for i := range s {
		j += s[i] + k[i%keyLen]
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
