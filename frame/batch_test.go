// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessageIsCountThenSizedFrames(t *testing.T) {
	b := NewBatch(64, 4)
	if !b.Append([]byte{0xaa, 0xbb}) || !b.Append([]byte{0xcc}) {
		t.Fatal("no room in an empty batch")
	}
	want := []byte{0, 0, 0, 2, 0, 0, 0, 2, 0xaa, 0xbb, 0, 0, 0, 1, 0xcc}
	if diff := cmp.Diff(want, b.Message()); diff != "" {
		t.Errorf("unexpected message bytes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]byte{{0xaa, 0xbb}, {0xcc}}, b.Frames()); diff != "" {
		t.Errorf("unexpected frames (-want +got):\n%s", diff)
	}
}

func TestFullBatchRefusesFrames(t *testing.T) {
	for _, tt := range []struct {
		name         string
		size, frames int
		add          []int
		want         []bool
	}{
		{"bytes run out", 4 + 10 + 4 + 5, 8, []int{10, 6, 5, 1}, []bool{true, false, true, false}},
		{"frames run out", 1000, 2, []int{1, 1, 1}, []bool{true, true, false}},
		{"too long for a server", 4000, 8, []int{MaxLen + 1, MaxLen}, []bool{false, true}},
		{"empty frame", 100, 8, []int{0}, []bool{false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBatch(tt.size, tt.frames)
			var got []bool
			for _, n := range tt.add {
				got = append(got, b.Append(make([]byte, n)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("unexpected result (-want +got):\n%s", diff)
			}
		})
	}
	var zero Batch
	zero.Reset()
	if zero.Append([]byte{1}) {
		t.Error("the zero batch took a frame")
	}
}

func TestReuseAllocatesNothing(t *testing.T) {
	b, f := NewBatch(64<<10, 64), make([]byte, 1514)
	if n := testing.AllocsPerRun(100, func() {
		b.Reset()
		for b.Append(f) {
		}
		b.Message()
	}); n != 0 {
		t.Errorf("%v allocations a batch, want 0", n)
	}
}
