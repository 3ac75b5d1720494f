// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/inetsum"
)

func TestAChecksumThatWouldComeBackDifferentIsLeftAlone(t *testing.T) {
	// 0xffff is right where 0 is, and only 0 is what a sender computes. In UDP it is
	// the other way round, and 0 says that there is none.
	tcp := flow(tcp4(5000, nil), 3, nil)
	l4 := tcp[1][34:]
	copy(l4[60:], []byte{0, 0})
	copy(l4[tcpChecksum:], []byte{0xff, 0xff})
	pseudo := append(bytes.Clone(tcp[1][26:34]), 0, 6, 0, byte(len(l4)))
	binary.BigEndian.PutUint16(l4[60:], ^inetsum.Of(pseudo, l4))

	udp := flow(spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9}, 3, nil)
	l4 = udp[1][34:]
	copy(l4[60:], []byte{0, 0})
	copy(l4[udpChecksum:], []byte{0, 0})
	pseudo = append(bytes.Clone(udp[1][26:34]), 0, 17, 0, byte(len(l4)))
	binary.BigEndian.PutUint16(l4[60:], ^inetsum.Of(pseudo, l4))

	ip := flow(tcp4(5000, nil), 3, nil)
	copy(ip[1][18:], []byte{0, 0})
	copy(ip[1][24:], []byte{0, 0})
	id := ^inetsum.Of(ip[1][14:34]) // makes the checksum 0
	for i, f := range ip {
		binary.BigEndian.PutUint16(f[18:], id+uint16(i)-1)
		copy(f[24:], []byte{0, 0})
		binary.BigEndian.PutUint16(f[24:], ^inetsum.Of(f[14:34]))
	}
	copy(ip[1][24:], []byte{0xff, 0xff})

	for _, in := range [][][]byte{tcp, udp, ip} {
		if known, right := sums(in[1]); !known || !right {
			t.Fatal("the frame in the middle is not right")
		}
		got := join(in, NewCoalescer(true))
		for i, f := range in {
			if len(got) != 3 || !bytes.Equal(got[i][HeaderLen:], f) {
				t.Fatalf("3 frames became %d, or frame %d changed", len(got), i)
			}
		}
	}
}

func TestShortSegmentsAreLast(t *testing.T) {
	s := tcp4(1, nil)
	var in [][]byte
	for _, n := range []int{100, 100, 60, 100, 110, 110} {
		s.payload = pattern(n)
		in = append(in, s.frame())
		s.seq += uint32(n)
		s.id++
	}
	if diff := cmp.Diff([]int{3, 1, 2}, joined(t, in, true)); diff != "" {
		t.Errorf("unexpected joins (-want +got):\n%s", diff)
	}
}

func TestWithoutUSODatagramsStayAlone(t *testing.T) {
	in := mix(flow(spec{udp: true, ttl: 64, src: 1, dst: 2, sport: 9}, 3, nil), flow(tcp4(1, nil), 3, nil))
	if diff := cmp.Diff([]int{1, 3, 1, 1}, joined(t, in, false)); diff != "" {
		t.Errorf("unexpected joins (-want +got):\n%s", diff)
	}
}

func TestARefusedSuperframeComesOutInPieces(t *testing.T) {
	in := mix(flow(tcp4(1, nil), 3, nil), flow(tcp4(1, nil).with(func(s *spec) { s.sport = 1 }), 3, nil))
	c := NewCoalescer(true)
	c.Load(in, true)
	if c.Next(); c.Segments() != 3 {
		t.Fatalf("the first stands for %d frames, want 3", c.Segments())
	}
	c.Unmerge()
	var got [][]byte
	for range 3 {
		got = append(got, bytes.Join(c.Next()[1:], nil))
		if c.Segments() != 1 {
			t.Errorf("a piece stands for %d frames", c.Segments())
		}
	}
	if diff := cmp.Diff([][]byte{in[0], in[2], in[4]}, got); diff != "" {
		t.Errorf("unexpected pieces (-want +got):\n%s", diff)
	}
	if c.Next(); c.Segments() != 3 {
		t.Errorf("the second stands for %d frames, want 3", c.Segments())
	}
	if c.Next() != nil {
		t.Error("there is more")
	}
}
