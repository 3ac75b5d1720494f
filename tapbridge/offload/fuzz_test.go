// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

// checkJoin holds what the package promises of a Coalescer for the frames of one Load.
func checkJoin(t *testing.T, frames [][]byte) {
	t.Helper()
	frames = frames[:min(len(frames), MaxFrames)]
	type sent struct {
		f     []byte
		stays bool // though the next one may say more
	}
	want, got := map[string][]sent{}, map[string][][]byte{}
	for i, f := range frames {
		want[flowOf(f)] = append(want[flowOf(f)], sent{f, i > 0 && duplicates(frames[i-1], f)})
	}
	c := NewCoalescer(true)
	c.Load(frames, true)
	at := 0
	for parts := c.Next(); parts != nil; parts = c.Next() {
		w := bytes.Join(parts, nil)
		if c.Segments() == 1 {
			f := parts[1]
			if flowOf(f) == "" && !bytes.Equal(f, frames[at]) {
				t.Errorf("frame %d, which is not understood, was overtaken", at)
			}
			got[flowOf(f)] = append(got[flowOf(f)], bytes.Clone(f))
			at += c.Frames()
			continue
		}
		segments := split(t, w, frame.NewBatch(128<<10, MaxFrames))
		if len(segments) != c.Segments() {
			t.Errorf("a superframe of %d frames is split into %d", c.Segments(), len(segments))
		}
		for _, f := range segments {
			if known, right := sums(f); !known || !right {
				t.Errorf("joined a frame that is not right: %x", f)
			}
			got[flowOf(f)] = append(got[flowOf(f)], bytes.Clone(f))
			at++
		}
	}
	for name := range want {
		left := got[name]
		for i, s := range want[name] {
			switch {
			case len(left) > 0 && atomic(left[0]) == atomic(s.f):
				left = left[1:]
			case len(left) > 0 && name != "" && givesWay(s.f, left[0]) && !s.stays:
				// An acknowledgement: the one that comes next stands for it.
			default:
				t.Fatalf("flow %q: frame %d is missing or not as it was:\n%x\nnext is\n%x", name, i, s.f, left)
			}
		}
		if len(left) > 0 {
			t.Fatalf("flow %q: %d frames too many", name, len(left))
		}
	}
}

func FuzzJoinThenSplit(f *testing.F) {
	f.Add([]byte("....----....----"))
	f.Add(bytes.Repeat([]byte{0x80, 0, 0x81, 0, 0x82, 0, 0x83, 0}, 20))
	f.Add(bytes.Repeat([]byte{0x80, 0, 0x80, 0, 0x20, 60}, 20))
	f.Add(bytes.Repeat([]byte{0x80, 0, 0x14, 60, 0x2d, 7}, 20))
	f.Fuzz(func(t *testing.T, b []byte) { checkJoin(t, traffic(b)) })
}

// FuzzJoinRaw takes frames as they come, each after a length byte.
func FuzzJoinRaw(f *testing.F) {
	var seed []byte
	for _, s := range traffic([]byte("abcdefghijklmnopqrstuvwxyz")) {
		seed = append(append(seed, byte(len(s))), s...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var frames [][]byte
		for len(b) > 1 {
			n := min(max(int(b[0]), frame.HeaderLen), len(b)-1)
			if n < frame.HeaderLen {
				break
			}
			frames = append(frames, b[1:1+n:1+n])
			b = b[1+n:]
		}
		checkJoin(t, frames)
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range supers {
		if b := s.spec.super(s.size); len(b) < 6000 {
			f.Add(b)
		}
	}
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Segmenter
		if s.Load(bytes.Clone(b)) != nil {
			return
		}
		var h Header
		h.decode(b)
		super, headers := b[HeaderLen:], 0
		if h.GSOType != gsoNone {
			headers = int(h.CsumStart) + 8
			if h.GSOType&0x7f != gsoUDP {
				headers += int(super[h.CsumStart+12]>>4)*4 - 8
			}
		}
		var got []byte
		for i, seg := range drain(t, &s, frame.NewBatch(frame.MaxLen*2, 8)) {
			if headers == 0 || i == 0 {
				got = append(got, seg[:headers]...)
			}
			if n := len(seg) - headers; headers > 0 && (n > int(h.GSOSize) || n == 0) {
				t.Errorf("segment %d has %d bytes of payload, want up to %d", i, n, h.GSOSize)
			}
			got = append(got, seg[headers:]...)
		}
		finished := headers == 0 && h.Flags&1 != 0 // a checksum, wherever the header said
		if len(got) != len(super) || !finished && !bytes.Equal(got[headers:], super[headers:]) {
			t.Errorf("payload changed from\n%x to\n%x", super, got)
		}
	})
}

func FuzzChecksum(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	f.Add(pattern(1499))
	carry := []uint64{^uint64(0), 1, ^uint64(0) - 1, ^uint64(0), 0, 0, ^uint64(0), 1} // the last addition has one, too
	f.Add(slices.Concat(words(carry...), pattern(3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := ^fold(add(0, b)), ^inetsum.Of(b); got != want {
			t.Errorf("checksum of %x is %#x, want %#x", b, got, want)
		}
		if len(b) < 2 {
			return
		}
		w := binary.BigEndian.Uint16(b)
		if got, want := fold(addWord(add(0, b[2:]), w)), inetsum.Of(b); got != want {
			t.Errorf("with the first word added last: %#x, want %#x", got, want)
		}
	})
}
