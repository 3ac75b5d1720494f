// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
)

func TestTheClientsPartOfARoundTrip(t *testing.T) {
	const tap, wire, out, in = true, false, true, false
	at := func(us int, tap, outgoing bool, ping uint32) sighting {
		return sighting{at: time.Unix(100, 0).Add(time.Duration(us) * time.Microsecond), tap: tap, outgoing: outgoing, ping: ping}
	}
	for _, tt := range []struct {
		name string
		seen []sighting
		want []float64 // milliseconds
	}{
		{"one ping", []sighting{
			at(0, tap, out, 1), at(70, wire, out, 0), at(500, wire, in, 0), at(530, tap, in, 1),
		}, []float64{0.1}},
		{"two, one of them not answered", []sighting{
			at(0, tap, out, 1), at(10, wire, out, 0),
			at(20000, tap, out, 2), at(20020, wire, out, 0), at(20300, wire, in, 0), at(20330, tap, in, 2),
		}, []float64{0.05}},
		{"other traffic before and after", []sighting{
			at(0, wire, out, 0), at(5, wire, in, 0),
			at(10, tap, out, 1), at(50, wire, out, 0), at(300, wire, in, 0), at(310, tap, in, 1),
			at(400, wire, in, 0),
		}, []float64{0.05}},
		{"an answer without its question", []sighting{at(0, wire, out, 0), at(1, wire, in, 0), at(2, tap, in, 1)}, nil},
		{"nothing on the wire", []sighting{at(0, tap, out, 1), at(2, tap, in, 1)}, nil},
	} {
		got := shares(tt.seen)
		if !slices.EqualFunc(got, tt.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhatAPacketIsToTheWatch(t *testing.T) {
	server := plan.ServerAddr.As4()
	tcp := func(src, dst [4]byte, data int) []byte {
		p := append([]byte{0x45, 0, 0, byte(40 + data), 0, 0, 0, 0, 64, 6, 0, 0}, src[:]...)
		p = append(append(p, dst[:]...), make([]byte, 20+data)...)
		p[32] = 5 << 4
		return p
	}
	icmp := func(kind byte) []byte {
		p := append([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0}, make([]byte, 8)...)
		return append(p, kind, 0, 0, 0, 1, 2, 3, 4)
	}
	here := [4]byte{10, 0, 0, 1}
	for _, tt := range []struct {
		name          string
		packet        []byte
		tap, outgoing bool
		want          bool
	}{
		{"data to the server", tcp(here, server, 5), false, true, true},
		{"data from the server", tcp(server, here, 5), false, false, true},
		{"an acknowledgement, padded", append(tcp(here, server, 0), make([]byte, 6)...), false, true, false},
		{"data to somebody else", tcp(here, here, 5), false, true, false},
		{"a ping", icmp(8), true, true, true},
		{"its answer", icmp(0), true, false, true},
		{"somebody else's ping", icmp(8), true, false, false},
		{"a ping on the wire", icmp(8), false, true, false},
		{"half a packet", tcp(here, server, 5)[:30], false, true, false},
		{"nothing", nil, true, true, false},
	} {
		s := sighting{tap: tt.tap, outgoing: tt.outgoing}
		if got := s.read(tt.packet); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if tt.tap && tt.want && s.ping != 0x01020304 {
			t.Errorf("%s: number %#x, want 0x1020304", tt.name, s.ping)
		}
	}
}
