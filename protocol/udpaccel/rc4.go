// SPDX-License-Identifier: Apache-2.0

package udpaccel

// rc4 is the stream cipher of version 1. Every packet has a key of its own, for each of
// which crypto/rc4 would allocate.
type rc4 struct {
	s    [256]byte
	i, j uint8
}

func (c *rc4) reset(key []byte) {
	for i := range c.s {
		c.s[i] = byte(i)
	}
	c.i, c.j = 0, 0
	var j uint8
	for i := range c.s {
		j += c.s[i] + key[i%len(key)]
		c.s[i], c.s[j] = c.s[j], c.s[i]
	}
}

func (c *rc4) xor(b []byte) {
	i, j := c.i, c.j
	for k := range b {
		i++
		x := c.s[i]
		j += x
		y := c.s[j]
		c.s[i], c.s[j] = y, x
		b[k] ^= c.s[x+y]
	}
	c.i, c.j = i, j
}
