// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
)

func TestSimilarFramesAreOneGroup(t *testing.T) {
	const overhead, segment = 51, 1472
	for _, tt := range []struct {
		name   string
		frames []int
		want   []int // frames of each group
	}{
		{"equal ones", []int{1363, 1363, 1363}, []int{3}},
		{"a shorter last one", []int{1363, 1363, 200, 1363}, []int{3, 1}},
		{"padded ones", []int{74, 66, 54, 74}, []int{4}},
		{"a longer one begins anew", []int{66, 1363, 1363}, []int{1, 2}},
		{"too much padding ends it", []int{100, 68, 100}, []int{2, 1}},
		{"too long for a segment", []int{1514, 1514, 1363, 1363}, []int{1, 1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var frames [][]byte
			for _, n := range tt.frames {
				frames = append(frames, make([]byte, n))
			}
			var got []int
			for len(frames) > 0 {
				g := nextGroup(frames, overhead, segment)
				got = append(got, g.frames)
				frames = frames[g.frames:]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("unexpected groups (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupsKeepTheKernelsRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		frames := make([][]byte, 1+rng.IntN(200))
		base := 14 + rng.IntN(frame.MaxLen-60)
		for i := range frames {
			frames[i] = make([]byte, base+rng.IntN(45))
		}
		segment := rng.IntN(1600)
		for len(frames) > 0 {
			g := nextGroup(frames, 63, segment)
			if g.frames > maxGroupPackets || g.total > maxGroupBytes || g.frames > 1 && g.size > segment {
				t.Fatalf("group %+v", g)
			}
			sum := 0
			for i, f := range frames[:g.frames] {
				n := g.packetLen(i, 63, len(f))
				sum += n
				if pad := n - 63 - len(f); pad < 0 || pad > maxPadding || i < g.frames-1 && n != g.size || n > g.size {
					t.Fatalf("packet %d of %+v has %d bytes for a frame of %d", i, g, n, len(f))
				}
			}
			if sum != g.total {
				t.Fatalf("packets of %+v add up to %d", g, sum)
			}
			frames = frames[g.frames:]
		}
	}
}
