// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
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

func words(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}
