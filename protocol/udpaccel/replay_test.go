// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// iv returns the IV of packet n, as good as random or counting up.
func iv(n uint64, random bool) []byte {
	b := binary.BigEndian.AppendUint64([]byte{1, 2, 3, 4}, n)
	if random {
		h := sha256.Sum256(b)
		copy(b, h[:])
	}
	return b
}

func TestEveryPacketPassesOnce(t *testing.T) {
	for name, random := range map[string]bool{"IVs as the original's": true, "IVs that count": false} {
		t.Run(name, func(t *testing.T) {
			var w replayWindow
			rng := rand.New(rand.NewPCG(1, 2))
			const packets = 5 * replayEntries
			for n := uint64(1); n <= packets; n++ {
				tick := n / 90 // packets a millisecond
				if w.seen(iv(n, random), tick+1) {
					t.Fatalf("packet %d is refused", n)
				}
				// Any earlier one, however long ago.
				old := 1 + rng.Uint64N(n)
				if !w.seen(iv(old, random), old/90+1) {
					t.Fatalf("packet %d passes again after %d", old, n)
				}
			}
		})
	}
}

func TestPacketsMayOvertakeEachOther(t *testing.T) {
	var w replayWindow
	const late = replayEntries - 1
	for n := uint64(1); n <= 4*replayEntries; n++ {
		if n%100 != 0 && w.seen(iv(n, true), n) {
			t.Fatalf("packet %d is refused", n)
		}
		if n > late && (n-late)%100 == 0 && w.seen(iv(n-late, true), n-late) {
			t.Fatalf("packet %d is refused %d packets late", n-late, late)
		}
	}
}

func TestManyPacketsInOneMillisecondPass(t *testing.T) {
	var w replayWindow
	for n := uint64(1); n <= 2*replayEntries; n++ {
		if w.seen(iv(n, true), 7) {
			t.Fatalf("packet %d is refused", n)
		}
	}
}
