// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

// traffic makes frames of a few flows from arbitrary bytes: mostly segments in
// order, so that there is something to join, and now and then something odd. Every
// two bytes are one frame.
func traffic(b []byte) [][]byte {
	var flows [4]spec
	for i := range flows {
		flows[i] = spec{udp: i%2 == 1, v6: i >= 2, ttl: 64, src: 1, dst: 2, sport: uint16(i), flags: flagACK, seq: 0xfffffe00, id: 0xfffc}
	}
	var out [][]byte
	for ; len(b) >= 2; b = b[2:] {
		s := &flows[b[0]&3]
		s.payload = pattern(300)[b[1]&7 : 200]
		s.flags = flagACK
		at := -1
		switch b[0] >> 2 & 31 {
		case 0:
			s.flags |= b[1]
		case 1:
			s.payload = s.payload[:b[1]%180]
		case 2:
			s.seq += uint32(b[1])
		case 3:
			s.id = uint16(b[1])
		case 4:
			s.tos = b[1]
		case 5:
			s.noDF = !s.noDF
		case 6:
			s.options = make([]byte, b[1]&0xc)
		case 7:
			s.ack++
		case 8, 9, 10:
			at = int(b[1]) // corrupt that byte
		case 11:
			s.id-- // the same again
		case 12, 13, 14, 15:
			s.payload = nil // an acknowledgement
			s.ack += uint32(b[1]>>1) * 100
			if b[1]&1 != 0 {
				s.options = stamps(int(b[1]), int(b[1]>>4))
			}
		}
		f := s.frame()
		if at >= 0 {
			f[at%len(f)] ^= b[0] | 1
		}
		out = append(out, f)
		s.seq += uint32(len(s.payload))
		s.id++
	}
	return out
}

// flowOf names the flow of a frame, or is empty if it is not clear what it is.
func flowOf(f []byte) string {
	if len(f) < 42 || f[0]&1 != 0 {
		return ""
	}
	if f[12] == 8 && f[13] == 0 && f[14] == 0x45 && f[20]&0xbf == 0 && f[21] == 0 && (f[23] == 6 && len(f) >= 54 || f[23] == 17) {
		return fmt.Sprintf("%x %x", f[23], f[26:38])
	}
	if f[12] == 0x86 && f[13] == 0xdd && len(f) >= 62 && f[14]>>4 == 6 && (f[20] == 6 && len(f) >= 74 || f[20] == 17) {
		return fmt.Sprintf("%x %x", f[20], f[22:58])
	}
	return ""
}

// atomic returns f with the identification of an IPv4 packet that cannot be
// fragmented set to 0: it has no meaning there.
func atomic(f []byte) string {
	f = bytes.Clone(f)
	if len(f) >= 34 && f[12] == 8 && f[13] == 0 && f[20]&0x40 != 0 {
		copy(f[18:20], []byte{0, 0})
		copy(f[24:26], []byte{0, 0})
	}
	return string(f)
}

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

func TestRandomTrafficComesBackTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		b := make([]byte, r.IntN(2*MaxFrames))
		for i := range b {
			b[i] = byte(r.Uint32())
			if i%2 == 0 && r.IntN(8) > 0 {
				b[i] |= 0x40 // nothing odd
			}
		}
		checkJoin(t, traffic(b))
	}
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

func words(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
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
