// SPDX-License-Identifier: Apache-2.0

// Package rc4 is the stream cipher RC4, which SoftEther hides old kinds of datagrams and the
// passwords of .vpn files with. It is broken as a cipher: use it for nothing else.
//
// It is not crypto/rc4 for two reasons. Datagrams have a key each, for each of which crypto/rc4 would
// allocate a kilobyte. And settings programs load what reads .vpn files, where crypto/rc4 would bring
// crypto/internal/fips140 along.
package rc4

// A Cipher is the state of one stream, for one goroutine at a time. It has no key before the first Reset.
type Cipher struct {
	s    [256]byte
	i, j byte
}

// Reset begins the stream of a key, of 1 to 256 bytes. It panics if the key is empty.
func (c *Cipher) Reset(key []byte) {
	for i := range c.s {
		c.s[i] = byte(i)
	}
	var j byte
	k := 0
	for i := range c.s {
		x := c.s[i]
		j += x + key[k]
		c.s[i], c.s[j] = c.s[j], x
		if k++; k == len(key) { // the remainder of a division would take most of the time
			k = 0
		}
	}
	c.i, c.j = 0, 0
}

// XOR encrypts or decrypts b in place with what comes next in the stream.
func (c *Cipher) XOR(b []byte) {
	i, j := c.i, c.j
	for n := range b {
		i++
		x := c.s[i]
		j += x
		y := c.s[j]
		c.s[i], c.s[j] = y, x
		b[n] ^= c.s[x+y]
	}
	c.i, c.j = i, j
}
