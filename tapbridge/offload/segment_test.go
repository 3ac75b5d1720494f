// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
	"network-manager-softether/internal/inetsum"
)

var timestamps = []byte{1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8}

// supers are superframes of every kind that a kernel hands over.
var supers = []struct {
	name string
	spec spec
	size int
}{
	{"TCP v4", tcp4(1000, pattern(20000)), 1448},
	{"TCP v4, options", tcp4(1000, pattern(20000)).with(func(s *spec) { s.options = timestamps }), 1448},
	{"TCP v4, largest", tcp4(1000, pattern(65495)), 1460},
	{"TCP v4, sequence and id wrap", tcp4(0xfffff000, pattern(20000)).with(func(s *spec) { s.id = 0xfffe }), 1000},
	{"TCP v4, FIN and PSH", tcp4(1, pattern(5000)).with(func(s *spec) { s.flags = 0x19 }), 1400},
	{"TCP v4, CWR", tcp4(1, pattern(5000)).with(func(s *spec) { s.flags = 0x98 }), 1400},
	{"TCP v4, exact multiple", tcp4(1, pattern(2800)), 1400},
	{"TCP v4, single segment", tcp4(1, pattern(100)), 1400},
	{"TCP v4, odd size", tcp4(1, pattern(999)), 333},
	{"TCP v6", tcp4(1000, pattern(20000)).with(func(s *spec) { s.v6 = true }), 1428},
	{"TCP v6, hop-by-hop options", tcp4(1000, pattern(20000)).with(func(s *spec) {
		s.v6, s.ext = true, []byte{0, 0, 5, 2, 0, 0, 1, 0}
	}), 1400},
	{"TCP v4, VLAN", tcp4(1, pattern(5000)).with(func(s *spec) { s.vlan = []byte{0x81, 0, 0, 7} }), 1448},
	{"TCP v6, VLAN in VLAN", tcp4(1, pattern(5000)).with(func(s *spec) {
		s.v6, s.vlan = true, []byte{0x88, 0xa8, 0, 7, 0x81, 0, 0, 8}
	}), 1400},
	{"UDP v4", spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9, payload: pattern(20000)}, 1472},
	{"UDP v6", spec{udp: true, v6: true, ttl: 64, src: 1, dst: 2, sport: 9, payload: pattern(20000)}, 1452},
	{"UDP v4, small", spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9, noDF: true, payload: pattern(61)}, 3},
}

func TestSuperframesAreSplitAsTheKernelWould(t *testing.T) {
	for _, tt := range supers {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.spec.segments(tt.size)
			for _, batch := range []*frame.Batch{
				frame.NewBatch(128<<10, 256),
				frame.NewBatch(3300, 256), // two long frames at a time
				frame.NewBatch(frame.MaxLen+4, 1),
			} {
				got := split(t, tt.spec.super(tt.size), batch)
				if diff := diffFrames(want, got); diff != "" {
					t.Fatalf("unexpected frames (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestUnfinishedChecksumsAreFinished(t *testing.T) {
	// A payload whose checksum is 0, which UDP writes as 0xffff and TCP as it is.
	zero := func(s spec) spec {
		s.payload = []byte{0, 0, 1, 2, 3}
		l4, pseudo, _ := s.transport()
		binary.BigEndian.PutUint16(s.payload, ^inetsum.Of(pseudo, l4))
		return s
	}
	tcp := tcp4(9, pattern(333))
	udp := spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9, payload: pattern(10)}
	for _, s := range []spec{tcp, udp, zero(tcp), zero(udp), zero(udp.with(func(s *spec) { s.v6 = true }))} {
		f, l4 := s.build(true)
		h := Header{Flags: 1, CsumStart: uint16(l4), CsumOffset: 16}
		if s.udp {
			h.CsumOffset = 6
		}
		b := make([]byte, HeaderLen)
		h.encode(b)
		got := split(t, append(b, f...), frame.NewBatch(4000, 1))
		if diff := cmp.Diff([][]byte{s.frame()}, got); diff != "" {
			t.Errorf("udp %v: unexpected frame (-want +got):\n%s", s.udp, diff)
		}
	}
}

func TestFramesWithNothingToDoStayAsTheyAre(t *testing.T) {
	f := pattern(frame.MaxLen)
	if got := split(t, append(make([]byte, HeaderLen), f...), frame.NewBatch(4000, 2)); !bytes.Equal(got[0], f) {
		t.Error("a frame behind an empty header was changed")
	}
	var s Segmenter
	if err := s.LoadPlain(f); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, &s, frame.NewBatch(4000, 2)); !bytes.Equal(got[0], f) {
		t.Error("a plain frame was changed")
	}
}

func TestWhatCannotBeSplitIsRefused(t *testing.T) {
	header := func(change func(*Header)) []byte {
		b := tcp4(1, pattern(5000)).super(1400)
		var h Header
		h.decode(b)
		change(&h)
		h.encode(b)
		return b
	}
	poke := func(at int, v byte) []byte {
		b := tcp4(1, pattern(5000)).super(1400)
		b[HeaderLen+at] = v
		return b
	}
	whole := tcp4(1, pattern(5000)).super(1400)
	for _, tt := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"no frame", make([]byte, HeaderLen), ErrMalformed},
		{"runt", make([]byte, HeaderLen+13), ErrMalformed},
		{"frame too long", make([]byte, HeaderLen+frame.MaxLen+1), ErrTooLong},
		{"checksum beyond the end", append([]byte{1, 0, 0, 0, 0, 0, 100, 0, 0, 0}, make([]byte, 60)...), ErrMalformed},
		{"checksum half beyond the end", append([]byte{1, 0, 0, 0, 0, 0, 59, 0, 0, 0}, make([]byte, 60)...), ErrMalformed},
		{"segments too long", tcp4(1, pattern(5000)).super(1547), ErrTooLong},
		{"no segment size", header(func(h *Header) { h.GSOSize = 0 }), ErrMalformed},
		{"no checksum wanted", header(func(h *Header) { h.Flags = 0 }), ErrMalformed},
		{"UFO", header(func(h *Header) { h.GSOType = 3 }), ErrUnknown},
		{"v6 said, v4 sent", header(func(h *Header) { h.GSOType = 4 }), ErrMalformed},
		{"UDP said, TCP sent", header(func(h *Header) { h.GSOType = 5 }), ErrMalformed},
		{"transport header inside the IP header", header(func(h *Header) { h.CsumStart = 30 }), ErrMalformed},
		{"transport header beyond the IP header", header(func(h *Header) { h.CsumStart = 38 }), ErrMalformed},
		{"transport header beyond the end", header(func(h *Header) { h.CsumStart = 0xfff0 }), ErrMalformed},
		{"TCP header too short", poke(34+tcpDataOff, 0x40), ErrMalformed},
		{"headers only", whole[:HeaderLen+14+20+20], ErrMalformed},
		{"TCP header cut", whole[:HeaderLen+14+20+19], ErrMalformed},
		{"longer than IP can say", tcp4(1, pattern(66000)).super(1400), ErrMalformed},
		{"IP version 5", poke(14, 0x55), ErrMalformed},
		{"not IP", poke(12, 0x99), ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s Segmenter
			if err := s.Load(tt.in); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if b := frame.NewBatch(4000, 4); !s.Drain(b) || b.Len() != 0 {
				t.Error("a refused frame came out")
			}
		})
	}
}
