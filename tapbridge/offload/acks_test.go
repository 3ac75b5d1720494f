// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// acks returns plain acknowledgements with timestamps, each of 2896 bytes more and changed by change.
func acks(n int, change func(i int, s *spec)) [][]byte {
	var out [][]byte
	for i := range n {
		s := tcp4(9000, nil)
		s.ack, s.id = uint32(0xfffffff0+2896*i), uint16(i)
		s.options = stamps(100+i/3, 200+i/2)
		if change != nil {
			change(i, &s)
		}
		out = append(out, s.frame())
	}
	return out
}

func stamps(val, echo int) []byte {
	b := binary.BigEndian.AppendUint32([]byte{1, 1, 8, 10}, uint32(val))
	return binary.BigEndian.AppendUint32(b, uint32(echo))
}

func TestWhichAcknowledgementsGiveWay(t *testing.T) {
	only := func(n int, change func(s *spec)) func(int, *spec) {
		return func(i int, s *spec) {
			if i == n {
				change(s)
			}
		}
	}
	all := func(change func(s *spec)) func(int, *spec) { return func(_ int, s *spec) { change(s) } }
	four, six := acks(4, nil), acks(4, all(func(s *spec) { s.v6 = true }))
	data := flow(tcp4(9000, nil), 1, nil)
	other := acks(4, all(func(s *spec) { s.sport++ }))
	padded := acks(4, func(i int, s *spec) { s.options = nil })
	for i := range padded {
		padded[i] = append(padded[i], make([]byte, 6)...)
	}
	arp := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6}, make([]byte, 46)...)
	last := tcp4(9000, nil).with(func(s *spec) { s.ack, s.options = 9000, stamps(1, 1) })
	after := func(n int) [][]byte {
		return acks(n, all(func(s *spec) { s.ack += 9000 + 16; s.options = stamps(1, 1) }))
	}
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   []int // the frames that are left
	}{
		{"of one flow", four, []int{3}},
		{"IPv6", six, []int{3}},
		{"without timestamps", acks(4, all(func(s *spec) { s.options = nil })), []int{3}},
		{"padded by the Ethernet", padded, []int{3}},
		{"of two flows", mix(four, other), []int{6, 7}},
		{"with a window that changes", acks(4, func(i int, s *spec) { s.window += uint16(i) }), []int{3}},
		{"up to 64 KiB", acks(30, nil), []int{22, 29}},
		{"further than 64 KiB at once", acks(2, only(1, func(s *spec) { s.ack += 70000 })), []int{0, 1}},
		{"around data", slices.Concat(four[:2], data, four[2:]), []int{1, 2, 4}},
		{"around data of another flow", slices.Concat(four[:2], flow(tcp4(1, nil).with(func(s *spec) { s.sport = 7 }), 1, nil), four[2:]), []int{4, 2}},
		{"before data that follows from its numbers", slices.Concat(after(1), flow(last, 2, nil)[:1]), []int{0, 1}},
		{"after data of the same sequence number", slices.Concat(flow(last, 1, nil), after(3)[1:]), []int{0, 2}},
		{"around what is not understood", slices.Concat(four[:2], [][]byte{arp}, four[2:]), []int{1, 2, 4}},

		{"duplicates", acks(4, all(func(s *spec) { s.ack = 5 })), []int{0, 1, 2, 3}},
		{"duplicates between others", slices.Concat(four[:3], acks(4, all(func(s *spec) { s.id, s.ack = s.id+9, 2896*2-16 })), acks(6, nil)[3:]), []int{2, 3, 4, 5, 6, 9}},
		{"window updates", acks(2, func(i int, s *spec) { s.ack, s.window = 5, uint16(i) }), []int{0, 1}},
		{"a window update before more", acks(3, func(i int, s *spec) { s.ack, s.window = uint32(5+i/2), uint16(i) }), []int{0, 2}},
		{"the same again after a keep-alive probe", acks(3, func(i int, s *spec) { s.seq, s.ack = s.seq+uint32(min(i, 1)), uint32(5+i/2) }), []int{0, 1, 2}},
		{"keep-alive probes", acks(4, func(i int, s *spec) { s.seq -= uint32(i % 2) }), []int{0, 1, 2, 3}},
		{"older ones", acks(3, func(i int, s *spec) { s.ack = uint32(1000 - i) }), []int{0, 1, 2}},
		{"older clock", acks(3, only(1, func(s *spec) { s.options = stamps(99, 200) })), []int{0, 2}},
		{"older echo", acks(3, only(1, func(s *spec) { s.options = stamps(100, 199) })), []int{0, 2}},
		{"a clock that goes round", acks(4, func(i int, s *spec) { s.options = stamps(i<<30, 200) }), []int{0, 1, 2, 3}},
		{"an echo that goes round", acks(4, func(i int, s *spec) { s.options = stamps(100, i<<30) }), []int{0, 1, 2, 3}},
		{"numbers that go round", acks(8, func(i int, s *spec) { s.ack = uint32(i << 29) }), []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"another sequence number", acks(3, only(1, func(s *spec) { s.seq++ })), []int{0, 1, 2}},
		{"another service class", acks(3, only(1, func(s *spec) { s.tos = 8 })), []int{0, 1, 2}},
		{"congestion experienced", acks(3, all(func(s *spec) { s.tos = 3 })), []int{0, 1, 2}},
		{"congestion experienced, IPv6", acks(3, all(func(s *spec) { s.v6, s.tos = true, 3 })), []int{0, 1, 2}},
		{"another service class, IPv6", acks(3, func(i int, s *spec) { s.v6, s.tos = true, byte(i%2*8) }), []int{0, 1, 2}},
		{"another time to live", acks(3, only(1, func(s *spec) { s.ttl-- })), []int{0, 1, 2}},
		{"another hop limit", acks(3, func(i int, s *spec) { s.v6, s.ttl = true, s.ttl-byte(i%2) }), []int{0, 1, 2}},
		{"fragmentable", acks(3, only(1, func(s *spec) { s.noDF = true })), []int{0, 1, 2}},
		{"a VLAN", acks(3, all(func(s *spec) { s.vlan = []byte{0x81, 0, 0, 7} })), []int{0, 1, 2}},
		{"another sender on the wire", edited(four[:3], func(i int, f []byte) { f[11] += byte(i % 2) }), []int{0, 1, 2}},
		{"another flow label", edited(six[:3], func(i int, f []byte) { f[17] += byte(i % 2) }), []int{0, 1, 2}},
		{"another flow of the same hash", edited(four, func(i int, f []byte) { sameHash(f, i%2) }), []int{0, 1, 2, 3}},
		{"another flow of the same hash, IPv6", edited(six, func(i int, f []byte) { sameHash(f, i%2) }), []int{0, 1, 2, 3}},
		{"congestion echoed", acks(3, only(1, func(s *spec) { s.flags |= 0x40 })), []int{0, 1, 2}},
		{"accurate congestion feedback", acks(3, all(func(s *spec) { s.flags |= 0x80 })), []int{0, 1, 2}},
		{"accurate congestion feedback in the third bit", edited(four[:3], func(_ int, f []byte) { f[46] |= 1 }), []int{0, 1, 2}},
		{"urgent", acks(3, all(func(s *spec) { s.flags |= 0x20 })), []int{0, 1, 2}},
		{"an urgent pointer", edited(four[:3], func(_ int, f []byte) { f[53] = 1 }), []int{0, 1, 2}},
		{"an urgent pointer far away", edited(four[:3], func(_ int, f []byte) { f[52] = 1 }), []int{0, 1, 2}},
		{"the end of the flow", acks(3, only(2, func(s *spec) { s.flags |= flagFIN })), []int{1, 2}},
		{"a reset", acks(3, only(2, func(s *spec) { s.flags |= 4 })), []int{1, 2}},
		{"pushed", acks(3, only(2, func(s *spec) { s.flags |= flagPSH })), []int{1, 2}},
		{"selective acknowledgements", acks(3, all(func(s *spec) {
			s.options = append([]byte{1, 1, 5, 10}, make([]byte, 8)...)
		})), []int{0, 1, 2}},
		{"other options as long as timestamps", acks(3, all(func(s *spec) { s.options = append([]byte{30, 12}, make([]byte, 10)...) })), []int{0, 1, 2}},
		{"more options than timestamps", acks(3, all(func(s *spec) { s.options = append(s.options, 1, 1, 1, 1) })), []int{0, 1, 2}},
		{"timestamps elsewhere", acks(3, all(func(s *spec) { s.options = append(stamps(1, 1)[2:], 1, 1) })), []int{0, 1, 2}},
		{"with and without timestamps", acks(3, only(1, func(s *spec) { s.options = nil })), []int{0, 1, 2}},
		{"one with a wrong TCP checksum", poked(acks(3, nil), 1, 50), []int{0, 1, 2}},
		{"one with a wrong IP checksum", poked(acks(3, nil), 1, 24), []int{0, 1, 2}},
		{"longer than it says", edited(four[:3], func(_ int, f []byte) { f[17]-- }), []int{0, 1, 2}},
		{"shorter than it says", edited(four[:3], func(_ int, f []byte) { f[17]++ }), []int{0, 1, 2}},
		{"longer than it says, IPv6", edited(six[:3], func(_ int, f []byte) { f[19]-- }), []int{0, 1, 2}},
		{"shorter than it says, IPv6", edited(six[:3], func(_ int, f []byte) { f[19]++ }), []int{0, 1, 2}},
		{"cut off", cut(four[:3]), []int{0, 1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			stood := 0
			c := NewCoalescer(true)
			for _, before := range [][][]byte{data, acks(4, all(func(s *spec) { s.ack = 5 })), four} {
				joinOnce(c, before) // and nothing of it stays
			}
			if n := c.Load(tt.frames, true); n != len(tt.frames) {
				t.Fatalf("took %d frames of %d", n, len(tt.frames))
			}
			for parts := c.Next(); parts != nil; parts = c.Next() {
				stood += c.Frames()
				if c.Segments() > 1 {
					t.Fatalf("joined %d frames", c.Segments())
				}
				if !bytes.Equal(parts[0], noOffload[:]) {
					t.Errorf("header is %x, want none: whole frames are for the host to verify", parts[0])
				}
				got = append(got, indexOf(tt.frames, parts[1]))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("unexpected frames (-want +got):\n%s", diff)
			}
			if stood != len(tt.frames) {
				t.Errorf("what is left stands for %d frames, want all %d", stood, len(tt.frames))
			}
		})
	}
}

func TestTheAcknowledgementThatIsTakenBackIsTheLast(t *testing.T) {
	c, frames := NewCoalescer(true), acks(4, nil)
	c.Load(frames, true)
	c.Next()
	c.Unmerge()
	if got := c.Next(); got == nil || indexOf(frames, got[1]) != 3 {
		t.Errorf("got %x, want\n%x", got, frames[3])
	}
	if got := c.Next(); got != nil {
		t.Errorf("then came %x", got)
	}
}

func TestWithoutMergingEveryAcknowledgementPasses(t *testing.T) {
	c, n := NewCoalescer(true), 0
	c.Load(acks(10, nil), false)
	for parts := c.Next(); parts != nil; parts = c.Next() {
		n++
	}
	if n != 10 {
		t.Errorf("%d of 10 acknowledgements are left", n)
	}
}
