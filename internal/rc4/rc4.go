// SPDX-License-Identifier: Apache-2.0

// Package rc4 is the stream cipher RC4, with which SoftEther obscures old kinds of datagrams and the
// passwords in .vpn files. It is broken as a cipher: use it for nothing else.
//
// There are two reasons not to use crypto/rc4. Every datagram has a key of its own, for each of which
// crypto/rc4 would allocate a kilobyte. And settings programs load the code that reads .vpn files, with which
// crypto/rc4 would bring in crypto/internal/fips140.
package rc4

// A Cipher is the state of one stream, for one goroutine at a time. It has no key before the first Reset.
type Cipher struct {
	s    [256]byte
	i, j byte
}

// Reset begins the stream of a key of 1 to 256 bytes. It panics if the key is empty.
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
		if k++; k == len(key) { // computing a remainder would take most of the time
			k = 0
		}
	}
	c.i, c.j = 0, 0
}

// XOR encrypts or decrypts b in place with the next bytes of the stream.
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
