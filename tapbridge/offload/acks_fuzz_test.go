// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"network-manager-softether/internal/inetsum"
)

// edited returns frames, without padding, changed byte by byte and with right checksums again.
func edited(frames [][]byte, change func(i int, f []byte)) [][]byte {
	var out [][]byte
	for i, f := range frames {
		f = bytes.Clone(f)
		change(i, f)
		repair(f)
		out = append(out, f)
	}
	return out
}

// repair sets the checksums of f, TCP without padding, whatever it says of its length.
func repair(f []byte) {
	at, addrs := 34, f[26:34]
	if f[12] == 0x86 {
		at, addrs = 54, f[22:54]
	} else {
		copy(f[24:26], []byte{0, 0})
		binary.BigEndian.PutUint16(f[24:], ^inetsum.Of(f[14:34]))
	}
	l4 := f[at:]
	copy(l4[16:18], []byte{0, 0})
	pseudo := binary.BigEndian.AppendUint32(bytes.Clone(addrs), uint32(len(l4)))
	pseudo = append(pseudo, 0, 0, 0, 6)
	binary.BigEndian.PutUint16(l4[16:], ^inetsum.Of(pseudo, l4))
}

// cut takes the last bytes off frames; in the memory behind them they are still there.
func cut(frames [][]byte) [][]byte {
	var out [][]byte
	for _, f := range frames {
		out = append(out, f[:len(f)-4])
	}
	return out
}

// sameHash moves f, if by is not 0, to other addresses with the same hash: what one word changes, the next takes back.
func sameHash(f []byte, by int) {
	addrs := f[26:34]
	if f[12] == 0x86 {
		addrs = f[22:54]
	}
	n := len(addrs) - 4
	before := hash(addrs, n)
	addrs[n-1] += byte(by)
	last := binary.BigEndian.Uint32(addrs[n:])
	binary.BigEndian.PutUint32(addrs[n:], last^before^hash(addrs, n))
}

// crowd makes acknowledgements of a few flows from arbitrary bytes, three each. Mostly they tell of more data; some
// have one byte changed, but their checksums are right all the same, most of the time.
func crowd(b []byte) [][]byte {
	var flows [8]spec
	for i := range flows {
		flows[i] = tcp4(9000, nil).with(func(s *spec) { s.v6, s.ack, s.sport = i%2 == 1, 0xffff0000, uint16(i/2) })
		if i&2 != 0 {
			flows[i].options = stamps(0x7fffffff, -3)
		}
	}
	var out [][]byte
	for ; len(b) >= 3; b = b[3:] {
		s := &flows[b[0]&7]
		s.id++
		what := b[0] >> 3
		switch what {
		case 0: // a duplicate, but for what follows
		case 1:
			s.window = uint16(b[1])
		case 2:
			s.ack -= uint32(b[1])
		case 3:
			s.ack += uint32(b[1]) << 9
		case 4:
			s.options = stamps(0x7fffffff+int(b[1]), -3+int(b[2]))
		case 5:
			s.seq++
		default:
			s.ack += 1448
		}
		f := s.frame()
		switch what {
		case 6, 7, 8, 9, 10, 11:
			f[14+int(b[1])%(len(f)-14)] ^= b[2]
		case 12, 13:
			sameHash(f, int(b[1]))
		}
		if what != 11 {
			repair(f)
		}
		switch what {
		case 14:
			f[int(b[1])%len(f)] ^= b[2]
		case 15:
			f = append(f, make([]byte, b[1]%16)...)
		}
		out = append(out, f)
	}
	return out
}

func FuzzAcknowledgements(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xf8, 0, 0, 0xf9, 0, 0, 0xfa, 0, 0}, 20))
	f.Add(bytes.Repeat([]byte{0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0, 0}, 10))
	f.Fuzz(func(t *testing.T, b []byte) { checkJoin(t, crowd(b)) })
}

func TestOfACrowdOfAcknowledgementsNothingIsLost(t *testing.T) {
	r, left, all := rand.New(rand.NewPCG(3, 4)), 0, 0
	for range 60 {
		b := make([]byte, 3*r.IntN(MaxFrames))
		for i := range b {
			b[i] = byte(r.Uint32())
			if i%3 == 0 && r.IntN(8) > 0 {
				b[i] |= 0x80 // nothing odd
			}
		}
		frames := crowd(b)
		checkJoin(t, frames)
		left, all = left+joinOnce(NewCoalescer(true), frames), all+len(frames)
	}
	if left > all/2 {
		t.Errorf("%d of %d acknowledgements are left: this shows little", left, all)
	}
}

// plainAck returns the headers of f, IP's without what may differ, if it is nothing but a TCP acknowledgement
// without options or with timestamps.
func plainAck(f []byte) (head, l4 []byte) {
	at, class, proto := 34, f[15], f[23]
	if f[12] == 0x86 {
		at, class, proto = 54, f[15]>>4, f[20]
	}
	if proto != 6 {
		return nil, nil
	}
	end := at + int(f[at+12]>>4)*4
	if end < at+20 || end > len(f) {
		return nil, nil
	}
	head, l4 = bytes.Clone(f[:at]), bytes.Clone(f[at:end])
	if at == 34 {
		if end-14 != int(f[16])<<8+int(f[17]) || f[24]&f[25] == 0xff {
			return nil, nil
		}
		copy(head[18:20], []byte{0, 0}) // identification, checksum
		copy(head[24:26], []byte{0, 0})
	} else if end-54 != int(f[18])<<8+int(f[19]) {
		return nil, nil
	}
	if len(l4) != 20 && (len(l4) != 32 || !bytes.Equal(l4[20:24], []byte{1, 1, 8, 10})) {
		return nil, nil
	}
	if known, right := sums(f[:end]); !known || !right || class&3 == 3 || l4[13] != 0x10 || l4[12]&15 != 0 || l4[18]|l4[19] != 0 {
		return nil, nil
	}
	return head, l4
}

// givesWay says, from the bytes alone, whether the acknowledgement in old may be left out because new follows it in
// their flow. It shares nothing with the code under test.
func givesWay(old, new []byte) bool {
	h1, t1 := plainAck(old)
	h2, t2 := plainAck(new)
	if h1 == nil || !bytes.Equal(h1, h2) || !bytes.Equal(t1[:8], t2[:8]) || len(t1) != len(t2) {
		return false
	}
	number := func(b []byte, at int) int32 { return int32(binary.BigEndian.Uint32(b[at:])) }
	if d := number(t2, 8) - number(t1, 8); d <= 0 || d > 65536 {
		return false
	}
	if len(t1) == 20 {
		return true
	}
	val, echo := number(t2, 24)-number(t1, 24), number(t2, 28)-number(t1, 28)
	return val >= 0 && val <= MaxFrames<<20 && echo >= 0 && echo <= MaxFrames<<20
}

// duplicates says whether new is the acknowledgement in old once more.
func duplicates(old, new []byte) bool {
	if flowOf(old) == "" || flowOf(old) != flowOf(new) {
		return false
	}
	_, t1 := plainAck(old)
	_, t2 := plainAck(new)
	return t1 != nil && t2 != nil && bytes.Equal(t1[8:12], t2[8:12]) && bytes.Equal(t1[14:16], t2[14:16])
}
