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
	four := acks(4, nil)
	data := flow(tcp4(9000, nil), 1, nil)
	other := acks(4, all(func(s *spec) { s.sport++ }))
	padded := acks(4, func(i int, s *spec) { s.options = nil })
	for i := range padded {
		padded[i] = append(padded[i], make([]byte, 6)...)
	}
	arp := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6}, make([]byte, 46)...)
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   []int // the frames that are left
	}{
		{"of one flow", four, []int{3}},
		{"IPv6", acks(4, all(func(s *spec) { s.v6 = true })), []int{3}},
		{"without timestamps", acks(4, all(func(s *spec) { s.options = nil })), []int{3}},
		{"padded by the Ethernet", padded, []int{3}},
		{"of two flows", mix(four, other), []int{6, 7}},
		{"with a window that changes", acks(4, func(i int, s *spec) { s.window += uint16(i) }), []int{3}},
		{"up to 64 KiB", acks(30, nil), []int{22, 29}},
		{"further than 64 KiB at once", acks(2, only(1, func(s *spec) { s.ack += 70000 })), []int{0, 1}},
		{"around data", slices.Concat(four[:2], data, four[2:]), []int{1, 2, 4}},
		{"around data of another flow", slices.Concat(four[:2], flow(tcp4(1, nil).with(func(s *spec) { s.sport = 7 }), 1, nil), four[2:]), []int{4, 2}},
		{"around what is not understood", slices.Concat(four[:2], [][]byte{arp}, four[2:]), []int{1, 2, 4}},

		{"duplicates", acks(4, all(func(s *spec) { s.ack = 5 })), []int{0, 1, 2, 3}},
		{"window updates", acks(2, func(i int, s *spec) { s.ack, s.window = 5, uint16(i) }), []int{0, 1}},
		{"older ones", acks(3, func(i int, s *spec) { s.ack = uint32(1000 - i) }), []int{0, 1, 2}},
		{"older clock", acks(3, only(1, func(s *spec) { s.options = stamps(99, 200) })), []int{0, 2}},
		{"older echo", acks(3, only(1, func(s *spec) { s.options = stamps(100, 199) })), []int{0, 2}},
		{"another sequence number", acks(3, only(1, func(s *spec) { s.seq++ })), []int{0, 1, 2}},
		{"another service class", acks(3, only(1, func(s *spec) { s.tos = 8 })), []int{0, 1, 2}},
		{"congestion experienced", acks(3, only(1, func(s *spec) { s.tos = 3 })), []int{0, 1, 2}},
		{"congestion echoed", acks(3, only(1, func(s *spec) { s.flags |= 0x40 })), []int{0, 1, 2}},
		{"accurate congestion feedback", acks(3, all(func(s *spec) { s.flags |= 0x80 })), []int{0, 1, 2}},
		{"the end of the flow", acks(3, only(2, func(s *spec) { s.flags |= flagFIN })), []int{1, 2}},
		{"a reset", acks(3, only(2, func(s *spec) { s.flags |= 4 })), []int{1, 2}},
		{"pushed", acks(3, only(2, func(s *spec) { s.flags |= flagPSH })), []int{1, 2}},
		{"selective acknowledgements", acks(3, all(func(s *spec) {
			s.options = append([]byte{1, 1, 5, 10}, make([]byte, 8)...)
		})), []int{0, 1, 2}},
		{"timestamps elsewhere", acks(3, all(func(s *spec) { s.options = append(stamps(1, 1)[2:], 1, 1) })), []int{0, 1, 2}},
		{"with and without timestamps", acks(3, only(1, func(s *spec) { s.options = nil })), []int{0, 1, 2}},
		{"one with a wrong TCP checksum", poked(acks(3, nil), 1, 50), []int{0, 1, 2}},
		{"one with a wrong IP checksum", poked(acks(3, nil), 1, 24), []int{0, 1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			stood := 0
			c := NewCoalescer(true)
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

// givesWay says, from the bytes alone, whether the acknowledgement in old may be left out because new follows it in
// their flow. It shares nothing with the code under test.
func givesWay(old, new []byte) bool {
	plain := func(f []byte) (head, l4 []byte) {
		at := 34
		if f[12] == 0x86 {
			at = 54
		}
		end := at + int(f[at+12]>>4)*4
		if end > len(f) {
			return nil, nil
		}
		head, l4 = bytes.Clone(f[:at]), bytes.Clone(f[at:end])
		if at == 34 {
			if end-14 != int(f[16])<<8+int(f[17]) {
				return nil, nil
			}
			copy(head[18:20], []byte{0, 0}) // identification, checksum
			copy(head[24:26], []byte{0, 0})
		} else if end-54 != int(f[18])<<8+int(f[19]) {
			return nil, nil
		}
		if known, right := sums(f[:end]); !known || !right || l4[13] != 0x10 {
			return nil, nil
		}
		return head, l4
	}
	h1, t1 := plain(old)
	h2, t2 := plain(new)
	if h1 == nil || !bytes.Equal(h1, h2) || !bytes.Equal(t1[:8], t2[:8]) || len(t1) != len(t2) || t1[12] != t2[12] {
		return false
	}
	number := func(b []byte, at int) int32 { return int32(binary.BigEndian.Uint32(b[at:])) }
	if d := number(t2, 8) - number(t1, 8); d <= 0 || d > 65536 {
		return false
	}
	switch {
	case len(t1) == 20:
		return true
	case len(t1) == 32 && bytes.Equal(t1[20:24], []byte{1, 1, 8, 10}) && bytes.Equal(t2[20:24], t1[20:24]):
		return number(t2, 24)-number(t1, 24) >= 0 && number(t2, 28)-number(t1, 28) >= 0
	}
	return false
}
