// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"math/rand/v2"
	"testing"
)

func TestWindow(t *testing.T) {
	type step struct {
		seq   uint64
		fresh bool
	}
	for name, steps := range map[string][]step{
		"in order":            {{1, true}, {2, true}, {3, true}},
		"again":               {{1, true}, {1, false}, {2, true}, {1, false}},
		"out of order":        {{5, true}, {2, true}, {5, false}, {2, false}, {3, true}},
		"no number":           {{0, false}, {maxSeq, false}, {maxSeq - 1, true}},
		"too old":             {{span + 10, true}, {10, false}, {11, true}, {11, false}},
		"a slot used again":   {{3, true}, {span + 3, true}, {span + 3, false}, {3, false}, {span + 2, true}},
		"a leap over all":     {{7, true}, {8 + 3*span, true}, {7 + 3*span, true}, {7 + 3*span, false}, {7, false}},
		"a leap of one round": {{5, true}, {5 + span, true}, {6, true}, {5, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var w window
			for i, s := range steps {
				if got := w.fresh(s.seq); got != s.fresh {
					t.Errorf("step %d: %d is fresh: %v, want %v", i, s.seq, got, s.fresh)
				}
			}
		})
	}
}

// Whatever the order, a number passes once at most, and always if it is not too old.
func TestWindowAgainstAList(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var w window
	seen, newest := map[uint64]bool{}, uint64(0)
	for range 50_000 {
		seq := max(newest, span) - rng.Uint64N(span) + rng.Uint64N(span+span/8)
		want := !seen[seq] && seq+span > newest && seq > 0
		if got := w.fresh(seq); got != want {
			t.Fatalf("%d with %d as the newest is fresh: %v, want %v", seq, newest, got, want)
		}
		seen[seq], newest = seen[seq] || want, max(newest, seq)
	}
}
