// SPDX-License-Identifier: Apache-2.0

package rc4

import (
	"bytes"
	stdrc4 "crypto/rc4"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestStreamIsThatOfTheStandardLibrary(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{})
	var c Cipher // one for all keys: nothing of a key is left behind
	for n := range 1200 {
		key, want := make([]byte, 1+n%256), make([]byte, n)
		rng.Read(key)
		rng.Read(want)
		got := bytes.Clone(want)
		std, err := stdrc4.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		std.XORKeyStream(want, want)
		c.Reset(key)
		c.XOR(got[:n/2])
		c.XOR(got[n/2:])
		if !bytes.Equal(want, got) {
			t.Fatalf("%d bytes under a key of %d differ", n, len(key))
		}
	}
}

func TestKeysCostNoMemory(t *testing.T) {
	key, b := make([]byte, 20), make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() {
		var c Cipher
		c.Reset(key)
		c.XOR(b)
	}); n != 0 {
		t.Errorf("%v allocations for a key and a datagram", n)
	}
}

// A datagram is a new key and up to 1.4 kB.
func BenchmarkDatagram(b *testing.B) {
	for _, size := range []int{64, 1400} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			key, p := make([]byte, 20), make([]byte, size)
			var c Cipher
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c.Reset(key)
				c.XOR(p)
			}
		})
	}
}
