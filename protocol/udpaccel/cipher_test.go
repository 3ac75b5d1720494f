// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"testing"
)

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
