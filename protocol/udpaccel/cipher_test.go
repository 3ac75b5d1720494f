// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	stdrc4 "crypto/rc4"
	"math/rand/v2"
	"testing"
)

func TestRC4IsThatOfTheStandardLibrary(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{})
	var c rc4
	for n := range 300 {
		key, want := make([]byte, 1+n%40), make([]byte, n)
		rng.Read(key)
		rng.Read(want)
		got := bytes.Clone(want)
		std, err := stdrc4.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		std.XORKeyStream(want, want)
		c.reset(key)
		c.xor(got[:n/2])
		c.xor(got[n/2:])
		if !bytes.Equal(want, got) {
			t.Fatalf("%d bytes under a key of %d differ", n, len(key))
		}
	}
}

func TestNoncesNeverRepeatAndCarryOver(t *testing.T) {
	n := nonce{}
	for i := range n {
		n[i] = 0xff
	}
	n[0] = 7
	var iv [v2IVLen]byte
	seen := map[[v2IVLen]byte]bool{}
	for range 1000 {
		n.next(iv[:])
		if seen[iv] {
			t.Fatalf("nonce %x twice", iv)
		}
		seen[iv] = true
	}
	if n[0] != 8 {
		t.Errorf("the carry was lost: %x", n)
	}
	a, _ := newBoxV2(make([]byte, v2KeyLen))
	b, _ := newBoxV2(make([]byte, v2KeyLen))
	if a.iv == b.iv {
		t.Error("two boxes begin with one nonce")
	}
}
