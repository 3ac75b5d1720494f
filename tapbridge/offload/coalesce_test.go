// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
)

func TestSplitThenJoinGivesTheSuperframe(t *testing.T) {
	for _, tt := range supers {
		n := (len(tt.spec.payload) + tt.size - 1) / tt.size
		odd := tt.spec.vlan != nil || tt.spec.ext != nil || tt.spec.flags&0x81 != 0
		if n == 1 || odd {
			continue // not something that is joined
		}
		t.Run(tt.name, func(t *testing.T) {
			b := tt.spec.super(tt.size)
			got := join(split(t, b, frame.NewBatch(128<<10, 256)), NewCoalescer(true))
			if diff := diffFrames([][]byte{b}, got); diff != "" {
				t.Errorf("unexpected superframe (-want +got):\n%s", diff)
			}
		})
	}
}

// joined returns how many frames each thing that is written stands for, after
// checking that splitting it again gives the frames back.
func joined(t *testing.T, frames [][]byte, udp bool) []int {
	t.Helper()
	var got []int
	var back [][]byte
	for _, w := range join(frames, NewCoalescer(udp)) {
		s := split(t, w, frame.NewBatch(128<<10, 256))
		got = append(got, len(s))
		back = append(back, s...)
	}
	for i, f := range back {
		if j := indexOf(frames, f); j < 0 {
			t.Errorf("frame %d of the result was not there before", i)
		} else {
			frames = append(append([][]byte{}, frames[:j]...), frames[j+1:]...)
		}
	}
	if len(frames) > 0 {
		t.Errorf("%d frames were lost", len(frames))
	}
	return got
}

func indexOf(frames [][]byte, f []byte) int {
	for i := range frames {
		if bytes.Equal(frames[i], f) {
			return i
		}
	}
	return -1
}

// flow returns the frames of n segments of 100 bytes, each changed by change.
func flow(s spec, n int, change func(i int, s *spec)) [][]byte {
	var out [][]byte
	for i := range n {
		part := s
		part.payload = pattern(1000)[i : i+100]
		part.seq, part.id = s.seq+uint32(100*i), s.id+uint16(i)
		if change != nil {
			change(i, &part)
		}
		out = append(out, part.frame())
	}
	return out
}

// poked returns frames with byte at of frame i flipped.
func poked(frames [][]byte, i, at int) [][]byte {
	frames[i] = bytes.Clone(frames[i])
	frames[i][at] ^= 0xff
	return frames
}

// mix deals the frames of several flows out in turn.
func mix(flows ...[][]byte) [][]byte {
	var out [][]byte
	for i := range flows[0] {
		for _, f := range flows {
			out = append(out, f[i])
		}
	}
	return out
}

func TestWhatIsJoined(t *testing.T) {
	tcp := tcp4(5000, nil)
	tcp6 := tcp.with(func(s *spec) { s.v6 = true })
	udp := spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9, id: 3}
	udp6 := udp.with(func(s *spec) { s.v6 = true })
	other := tcp.with(func(s *spec) { s.sport = 5002 })
	arp := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6}, make([]byte, 46)...)
	only := func(n int, change func(s *spec)) func(int, *spec) {
		return func(i int, s *spec) {
			if i == n {
				change(s)
			}
		}
	}
	all := func(change func(s *spec)) func(int, *spec) { return func(_ int, s *spec) { change(s) } }
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   []int
	}{
		{"TCP v4", flow(tcp, 5, nil), []int{5}},
		{"TCP v6", flow(tcp6, 5, nil), []int{5}},
		{"UDP v4", flow(udp, 5, nil), []int{5}},
		{"UDP v6", flow(udp6, 5, nil), []int{5}},
		{"PSH ends it", flow(tcp, 5, only(2, func(s *spec) { s.flags |= flagPSH })), []int{3, 2}},
		{"PSH at the start", flow(tcp, 3, only(0, func(s *spec) { s.flags |= flagPSH })), []int{1, 2}},
		{"two flows in turn", mix(flow(tcp, 4, nil), flow(other, 4, nil)), []int{4, 4}},
		{"four flows in turn", mix(flow(tcp, 3, nil), flow(tcp6, 3, nil), flow(udp, 3, nil), flow(udp6, 3, nil)), []int{3, 3, 3, 3}},
		{"a pure acknowledgement in between", flow(tcp, 4, only(2, func(s *spec) { s.payload = nil })), []int{2, 1, 1}},
		{"one of another flow", mix(flow(tcp, 3, nil), flow(other, 3, all(func(s *spec) { s.payload = nil }))), []int{3, 1, 1, 1}},
		{"ARP in between", [][]byte{flow(tcp, 2, nil)[0], arp, flow(tcp, 2, nil)[1]}, []int{1, 1, 1}},
		{"a gap", flow(tcp, 4, func(i int, s *spec) { s.seq += uint32(i / 2 * 100) }), []int{2, 2}},
		{"a repetition", flow(tcp, 4, only(2, func(s *spec) { s.seq -= 100 })), []int{2, 1, 1}},
		{"other acknowledgement", flow(tcp, 4, only(2, func(s *spec) { s.ack++ })), []int{2, 1, 1}},
		{"other window", flow(tcp, 4, only(2, func(s *spec) { s.window++ })), []int{2, 1, 1}},
		{"other TOS", flow(tcp, 4, only(2, func(s *spec) { s.tos = 3 })), []int{2, 1, 1}},
		{"other traffic class", flow(tcp6, 4, only(2, func(s *spec) { s.tos = 3 })), []int{2, 1, 1}},
		{"other TTL", flow(tcp, 4, only(2, func(s *spec) { s.ttl-- })), []int{2, 1, 1}},
		{"other hop limit", flow(tcp6, 4, only(2, func(s *spec) { s.ttl-- })), []int{2, 1, 1}},
		{"same options", flow(tcp, 3, all(func(s *spec) { s.options = timestamps })), []int{3}},
		{"other options", flow(tcp, 3, func(i int, s *spec) { s.options = []byte{1, 1, 1, byte(i)} }), []int{1, 1, 1}},
		{"an option more", flow(tcp, 3, only(1, func(s *spec) { s.options = timestamps })), []int{1, 1, 1}},
		{"FIN", flow(tcp, 3, only(2, func(s *spec) { s.flags |= flagFIN })), []int{2, 1}},
		{"SYN", flow(tcp, 3, only(0, func(s *spec) { s.flags |= 2 })), []int{1, 2}},
		{"URG", flow(tcp, 3, only(1, func(s *spec) { s.flags |= 0x20 })), []int{1, 1, 1}},
		{"ECE", flow(tcp, 3, all(func(s *spec) { s.flags |= 0x40 })), []int{1, 1, 1}},
		{"identification jumps", flow(tcp, 4, only(2, func(s *spec) { s.id = 99 })), []int{2, 1, 1}},
		{"identification falls back", flow(udp, 4, only(2, func(s *spec) { s.id = 3 })), []int{2, 1, 1}},
		{"same identification, may be fragmented", flow(udp, 3, all(func(s *spec) { s.id, s.noDF = 3, true })), []int{1, 1, 1}},
		{"VLAN", flow(tcp, 2, all(func(s *spec) { s.vlan = []byte{0x81, 0, 0, 7} })), []int{1, 1}},
		{"IPv6 extension header", flow(tcp6, 2, all(func(s *spec) { s.ext = make([]byte, 8) })), []int{1, 1}},
		{"corrupt first payload", poked(flow(tcp, 3, nil), 0, 100), []int{1, 2}},
		{"corrupt later payload", poked(flow(tcp, 4, nil), 2, 100), []int{2, 1, 1}},
		{"corrupt UDP payload", poked(flow(udp6, 4, nil), 2, 100), []int{2, 1, 1}},
		{"corrupt IPv4 header", poked(flow(tcp, 4, nil), 2, 14+ip4TTL), []int{2, 1, 1}},
		{"corrupt IPv4 checksum", poked(flow(tcp, 4, nil), 2, 14+ip4Checksum), []int{2, 1, 1}},
		{"fragment", poked(flow(udp, 3, nil), 1, 14+ip4Flags+1), []int{1, 1, 1}},
		{"IPsec", poked(flow(udp, 3, nil), 1, 14+ip4Proto), []int{1, 1, 1}},
		{"broadcast", func() [][]byte {
			f := flow(udp, 2, nil)
			f[0][0], f[1][0] = 0xff, 0xff
			return f
		}(), []int{1, 1}},
		{"padding", func() [][]byte {
			f := flow(tcp, 2, nil)
			f[0], f[1] = append(f[0], 0), append(f[1], 0)
			return f
		}(), []int{1, 1}},
		{"UDP without checksum", func() [][]byte {
			f := flow(udp, 2, nil)
			for _, f := range f {
				binary.BigEndian.PutUint16(f[40:], 0)
			}
			return f
		}(), []int{1, 1}},
		{"runts", [][]byte{{1}, make([]byte, 14), flow(tcp, 1, nil)[0][:40]}, nil},
		{"more than fit in one", tcp4(1, pattern(70*1000)).segments(1000), []int{64, 6}},
		{"more bytes than fit in one", tcp4(1, pattern(50*1460)).segments(1460), []int{44, 6}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == nil { // too short to be split again
				if got := len(join(tt.frames, NewCoalescer(true))); got != len(tt.frames) {
					t.Errorf("%d frames became %d", len(tt.frames), got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, joined(t, tt.frames, true)); diff != "" {
				t.Errorf("unexpected joins (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDatagramsThatAllHaveTheSameIdentificationAreJoined(t *testing.T) {
	// Linux sends those from unconnected sockets, a QUIC server's for one.
	in := flow(spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9}, 4, func(_ int, s *spec) { s.id = 0 })
	if got := join(in, NewCoalescer(true)); len(got) != 1 {
		t.Errorf("4 datagrams became %d, want 1", len(got))
	}
	in = flow(spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9}, 4, func(i int, s *spec) { s.id = uint16(i / 2) })
	if got := join(in, NewCoalescer(true)); len(got) != 2 {
		t.Errorf("two pairs became %d, want 2", len(got))
	}
}
