// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bytes"
	"crypto/hmac"
	stdrc4 "crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"slices"
	"testing"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/zblock"
)

func counting(n int, from byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

// agreements are all that two sides can agree on, except compression.
var agreements = map[string]*Params{
	"version 1":      {Version: 1, SendKey: counting(20, 1), RecvKey: counting(20, 1)},
	"version 1 HMAC": {Version: 1, HMAC: true, SendKey: counting(20, 1), RecvKey: counting(20, 1)},
	"version 2":      {Version: 2, SendKey: counting(32, 1), RecvKey: counting(32, 1)},
}

func ends(t testing.TB, p *Params) (*Sealer, *Opener) {
	t.Helper()
	s, err := NewSealer(p)
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOpener(p)
	if err != nil {
		t.Fatal(err)
	}
	return s, o
}

func TestFramesArriveOnceAndUnchanged(t *testing.T) {
	for name, p := range agreements {
		t.Run(name, func(t *testing.T) {
			s, o := ends(t, p)
			var room [frame.MaxLen]byte
			for _, n := range []int{frame.HeaderLen, 60, 1000, 1514, frame.MaxLen} {
				f := counting(n, byte(n))
				var b [MaxDatagram]byte
				d := b[:s.Seal(b[:], f)]
				if bytes.Contains(d, f[:14]) {
					t.Errorf("%d bytes can be read by all", n)
				}
				again := bytes.Clone(d)
				if got, ok := o.Open(d, room[:]); !ok || !bytes.Equal(got, f) {
					t.Errorf("a frame of %d bytes: %d bytes, %v", n, len(got), ok)
				}
				if _, ok := o.Open(again, room[:]); ok {
					t.Errorf("a frame of %d bytes arrives twice", n)
				}
			}
		})
	}
}

func TestForgeries(t *testing.T) {
	for name, p := range agreements {
		t.Run(name, func(t *testing.T) {
			s, o := ends(t, p)
			var b [MaxDatagram]byte
			var room [frame.MaxLen]byte
			d := b[:s.Seal(b[:], counting(100, 5))]
			for i := range d {
				bad := bytes.Clone(d)
				bad[i] ^= 0x10
				if _, ok := o.Open(bad, room[:]); ok {
					t.Fatalf("byte %d may be changed", i)
				}
				if _, ok := o.Open(bytes.Clone(d[:i]), room[:]); ok {
					t.Fatalf("%d bytes are enough", i)
				}
			}
			other := *p
			other.RecvKey = counting(len(p.RecvKey), 2)
			_, stranger := ends(t, &other)
			if _, ok := stranger.Open(bytes.Clone(d), room[:]); ok {
				t.Error("a stranger can read it")
			}
			if _, ok := o.Open(d, room[:]); !ok {
				t.Error("forgeries keep the genuine one out")
			}
		})
	}
}

// Whoever knows the key can send nonsense, and nothing of it is used.
func TestSealedNonsense(t *testing.T) {
	for name, p := range agreements {
		for what, tt := range map[string]struct {
			seq    uint64
			data   []byte
			ending byte // the last byte: how long the padding is
		}{
			"no padding":                        {5, counting(60, 1), 0},
			"padding that begins in the number": {5, nil, 2},
			"padding longer than all":           {5, counting(60, 1), 255},
			"no number":                         {0, counting(60, 1), 1},
			"a number that ends the connection": {maxSeq, counting(60, 1), 1},
		} {
			s, o := ends(t, p)
			inside := append(append(binary.BigEndian.AppendUint64(nil, tt.seq), tt.data...), tt.ending)
			var room [frame.MaxLen]byte
			if f, ok := o.Open(s.raw(inside), room[:]); ok {
				t.Errorf("%s: %s is taken as %x", name, what, f)
			}
		}
	}
}

// Version 1, made by the letter of softether-protocol.md 11.4 from the standard library.
func TestVersion1ByTheLetter(t *testing.T) {
	for _, signed := range []bool{false, true} {
		p := *agreements["version 1"]
		p.HMAC = signed
		_, o := ends(t, &p)
		iv, f := counting(20, 77), counting(64, 9)
		inside := slices.Concat(binary.BigEndian.AppendUint64(nil, 42), f, bytes.Repeat([]byte{200}, 200))
		k := sha1.Sum(slices.Concat(p.RecvKey, iv))
		c, err := stdrc4.NewCipher(k[:])
		if err != nil {
			t.Fatal(err)
		}
		c.XORKeyStream(inside, inside)
		rest := slices.Concat(iv, inside)
		sum := sha1.Sum(slices.Concat(p.RecvKey, rest))
		sign := sum[:]
		if signed {
			m := hmac.New(sha1.New, p.RecvKey)
			m.Write(rest)
			sign = m.Sum(nil)
		}
		got, ok := o.Open(slices.Concat(sign, rest), nil)
		if !ok || !bytes.Equal(got, f) {
			t.Errorf("HMAC %v: got %x, %v", signed, got, ok)
		}
	}
}

func TestCompressedFrames(t *testing.T) {
	f := bytes.Repeat([]byte("frame "), 200)
	var z [4096]byte
	n, err := zblock.NewCompressor().Compress(z[:], f)
	if err != nil {
		t.Fatal(err)
	}
	marked := append(binary.BigEndian.AppendUint64(nil, compressedMark), z[:n]...)
	for name, tt := range map[string]struct {
		compressed bool
		inside     []byte
		want       []byte
	}{
		"a compressed frame":               {true, marked, f},
		"an uncompressed one":              {true, f, f},
		"without leave it is an odd frame": {false, marked, marked},
		"no zlib stream":                   {true, marked[:20], nil},
		"too short for a frame":            {true, f[:5], nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := *agreements["version 2"]
			p.Compressed = tt.compressed
			s, o := ends(t, &p)
			var b [MaxDatagram]byte
			var room [frame.MaxLen]byte
			got, ok := o.Open(b[:s.Seal(b[:], tt.inside)], room[:])
			if !ok || !bytes.Equal(got, tt.want) {
				t.Errorf("got %d bytes, %v; want %d", len(got), ok, len(tt.want))
			}
		})
	}
}

// Nothing on the way of a frame is allocated.
func TestSealingAndOpeningDoNotAllocate(t *testing.T) {
	for name, p := range agreements {
		s, o := ends(t, p)
		var b [MaxDatagram]byte
		var room [frame.MaxLen]byte
		f := counting(1514, 1)
		if n := testing.AllocsPerRun(100, func() {
			if _, ok := o.Open(b[:s.Seal(b[:], f)], room[:]); !ok {
				t.Fatal("not genuine")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// What is opened is never longer than a frame may be, whatever a peer with the key
// sends, and what nobody sealed is refused.
func FuzzOpen(f *testing.F) {
	for _, seed := range [][]byte{nil, counting(20, 0), append(counting(60, 0), 1), append(binary.BigEndian.AppendUint64(nil, compressedMark), 0x78, 0x9c)} {
		f.Add(seed, byte(3), uint64(1)) // a number that was seen
		f.Add(seed, byte(3), uint64(2))
	}
	f.Fuzz(func(t *testing.T, data []byte, padding byte, seq uint64) {
		if len(data) > 1700 {
			return
		}
		for _, p := range agreements {
			c := *p
			c.Compressed = true
			s, o := ends(t, &c)
			var room [frame.MaxLen]byte
			if f, ok := o.Open(bytes.Clone(data), room[:]); ok {
				t.Fatalf("%d bytes of nobody are genuine: %x", len(data), f)
			}
			// By the peer: any inside, of any number and padding.
			b := make([]byte, 2*MaxDatagram)
			d := b[:s.Seal(b, data)]
			if got, ok := o.Open(d, room[:]); !ok || len(got) > frame.MaxLen {
				t.Fatalf("sealed %d bytes: %d, %v", len(data), len(got), ok)
			}
			inside := append(binary.BigEndian.AppendUint64(nil, seq), data...)
			inside = append(inside, padding)
			if got, _ := o.Open(s.raw(inside), room[:]); len(got) > frame.MaxLen {
				t.Fatalf("a frame of %d bytes", len(got))
			}
		}
	})
}

// raw makes the datagram with that inside.
func (s *Sealer) raw(inside []byte) []byte {
	if s.aead != nil {
		iv := make([]byte, v2IVLen)
		return s.aead.Seal(iv, iv, inside, nil)
	}
	d := append(make([]byte, v1Head), inside...)
	s.crypt(d)
	copy(d, s.sign(d)[:])
	return d
}
