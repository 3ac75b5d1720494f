// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// 5.02 limits TCP segments inside of a session as soon as it has granted UDP, whatever goes there. A client that
// does not ask for UDP gets them whole.
func TestSegmentsAreShortenedWhere502GrantsUDP(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server Option
		mode   protocol.UDPMode
		want   uint16
	}{
		{"5.01", As501(), protocol.UDPAuto, 1460},
		{"5.02", As502(), protocol.UDPAuto, 1309},
		{"5.02, without UDP", As502(), protocol.UDPOff, 1460},
	} {
		for _, v6 := range []bool{false, true} {
			for _, odd := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, inner IPv6 %v, at an odd place %v", tc.name, v6, odd), func(t *testing.T) {
					t.Parallel()
					opening, at := syn(v6, odd)
					got := make(chan []byte, 1)
					srv := start(t, tc.server, WithUDP(UDP{}), WithHandler(func(s *ServerSession) {
						frames, err := s.ReadFrames()
						if err != nil {
							return
						}
						got <- bytes.Clone(frames[0])
						s.WriteFrames([][]byte{opening})
						<-s.Done()
					}))
					cfg := alice(srv)
					cfg.UDP = tc.mode
					s := dial(t, cfg)
					back := collect(s)
					if err := s.Send(batch(opening)); err != nil {
						t.Fatal(err)
					}
					for way, f := range map[string][]byte{"there": next(t, got, "the SYN"), "back": next(t, back, "the SYN from the hub")} {
						if mss := binary.BigEndian.Uint16(f[at:]); mss != tc.want {
							t.Errorf("%s: MSS %d, want %d", way, mss, tc.want)
						}
						if sum := segmentSum(f); sum != 0xffff {
							t.Errorf("%s: the checksum is wrong, by %#04x", way, ^sum)
						}
					}
				})
			}
		}
	}
}

// syn returns a frame that opens a TCP connection with an MSS of 1460, and the offset of that value: within one 16-bit
// word, or across two.
func syn(v6, odd bool) (f []byte, mss int) {
	f = append(make([]byte, 12), 8, 0, 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	if v6 {
		f = append(append(f[:12], 0x86, 0xdd, 0x60, 0, 0, 0, 0, 28, 6, 64), make([]byte, 32)...)
	}
	f = append(f, 0x10, 0, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 7<<4, 2, 0xff, 0xff, 0, 0, 0, 0)
	if odd {
		f = append(f, 1, 2, 4, 1460>>8, 1460&0xff, 0, 0, 0)
		mss = len(f) - 5
	} else {
		f = append(f, 1, 1, 2, 4, 1460>>8, 1460&0xff, 0, 0)
		mss = len(f) - 4
	}
	binary.BigEndian.PutUint16(f[len(f)-28+16:], ^segmentSum(f))
	return f, mss
}

// segmentSum adds up the TCP segment of 28 bytes at the end of f and its pseudo header: to all ones if its checksum is right.
func segmentSum(f []byte) uint16 {
	addresses := 8
	if f[12] == 0x86 {
		addresses = 32
	}
	words := f[len(f)-28-addresses:]
	sum := uint32(6 + 28)
	for i := 0; i < len(words); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(words[i:]))
	}
	return uint16(sum>>16 + sum&0xffff)
}
