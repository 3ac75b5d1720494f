// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// counting returns the bytes from, from+1, ... as the vectors use them.
func counting(from byte) (k key) {
	for i := range k {
		k[i] = from + byte(i)
	}
	return k
}

// The vectors are those of softether-protocol.md, appendix A.
func TestKeySchedule(t *testing.T) {
	got := deriveKeys(counting(0))
	want := keys{
		toClient: key(unhex(t, "dc779b2ea583d5e31aa0fe31b730fee8f5a3297b")),
		toServer: key(unhex(t, "43b629f2139c589efb7197155a384fce10835036")),
		request:  key(unhex(t, "f9d7721072b16dead16c9e083688f8de0bb0d3c2")),
		response: key(unhex(t, "c5dca25a4fd22fb193cb5d892d805be8eafe1663")),
	}
	if got != want {
		t.Errorf("keys:\n got %x\nwant %x", got, want)
	}
	if want := key(unhex(t, "9439a8935e6ac440f3d12f8ab3a8d0adddc427f3")); serviceMask != want {
		t.Errorf("mask of DNS and ICMP: got %x, want %x", serviceMask, want)
	}
}

const vectorSegment = "73c7a7b9485d24a0ef045a137e2f2d030f54e262" + "32333435363738393a3b3c3d3e3f404142434445" +
	"d81a70c818020b3072ac4123f6db0f98ad05183eb3036a0477f587100519afcdc8ace1bc7da41b2fe2"

var segments = []struct {
	name    string
	masked  bool
	segment segment
	iv      key
	padding int
	wire    string // "" if there is no vector
}{
	{"the vector", false, segment{myTick: 1000, yourTick: 2000, seq: 1, payload: []byte("hi")}, counting(0x32), 3, vectorSegment},
	{"masked", true, segment{myTick: 1, seq: 1, payload: []byte{0}}, counting(9), 1, ""},
	{"no payload", false, segment{myTick: 1<<63 + 5, yourTick: 7, maxAck: 1 << 40, seq: 9}, key{}, 32, ""},
	{"all there can be", true, segment{
		myTick: 5, yourTick: 4, maxAck: 3, seq: 1 << 63, acks: numbers(4, Window),
		payload: bytes.Repeat([]byte{0xee}, maxPayload),
	}, counting(1), 255, ""},
}

// numbers returns n consecutive numbers as acknowledgements.
func numbers(from uint64, n int) (b []byte) {
	for i := range n {
		b = binary.BigEndian.AppendUint64(b, from+uint64(i))
	}
	return b
}

func TestSegmentBothWays(t *testing.T) {
	for _, tt := range segments {
		t.Run(tt.name, func(t *testing.T) {
			c := codec{deriveKeys(counting(0)).toServer, tt.masked}
			b := make([]byte, MaxDatagram)
			b = b[:c.seal(b, &tt.segment, &tt.iv, tt.padding)]
			if tt.wire != "" {
				if diff := cmp.Diff(tt.wire, hex.EncodeToString(b)); diff != "" {
					t.Errorf("sealed (-want +got):\n%s", diff)
				}
			}
			got, ok := c.open(b)
			if !ok {
				t.Fatal("does not open what it has sealed")
			}
			if diff := cmp.Diff(tt.segment, got, cmp.AllowUnexported(segment{}), cmp.Transformer("bytes", func(b []byte) string {
				return string(b)
			})); diff != "" {
				t.Errorf("opened (-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever does not know the key can change nothing.
func TestSegmentChangedOnTheWay(t *testing.T) {
	c := codec{key: deriveKeys(counting(0)).toServer}
	good := unhex(t, vectorSegment)
	for i := range good {
		b := slices.Clone(good)
		b[i] ^= 0x40
		before := slices.Clone(b)
		if _, ok := c.open(b); ok {
			t.Errorf("takes a segment with byte %d changed", i)
		}
		if !bytes.Equal(b, before) {
			t.Fatalf("a segment that is not genuine was decrypted (byte %d)", i)
		}
	}
	for n := range good {
		if _, ok := c.open(slices.Clone(good[:n])); ok {
			t.Errorf("takes the first %d bytes of a segment", n)
		}
	}
	if _, ok := (&codec{key: c.key, masked: true}).open(slices.Clone(good)); ok {
		t.Error("takes a segment of direct UDP over DNS")
	}
	if _, ok := (&codec{key: deriveKeys(counting(0)).toClient}).open(slices.Clone(good)); ok {
		t.Error("takes its own segment back")
	}
}

// Whoever knows the key can send nonsense, and nothing of it is used.
func TestSegmentSignedNonsense(t *testing.T) {
	head := func(acks uint32) []byte {
		b := make([]byte, 24, 100)
		return binary.BigEndian.AppendUint32(b, acks)
	}
	for _, tt := range []struct {
		name  string
		plain []byte
	}{
		{"no padding", append(head(0), make([]byte, 9)...)},
		{"padding that begins in the head", append(head(0), append(make([]byte, 8), 37)...)},
		{"more acknowledgements than bytes", append(head(2), append(make([]byte, 16), 1)...)},
		{"too many acknowledgements", append(head(Window+1), append(make([]byte, 8*Window+8+8), 1)...)},
		{"absurdly many acknowledgements", append(head(0xffffffff), append(make([]byte, 8), 1)...)},
		{"longer than any", append(head(0), append(make([]byte, MaxDatagram), 1)...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := codec{key: counting(7)}
			if s, ok := c.open(sealRaw(&c, tt.plain)); ok {
				t.Errorf("taken as %+v", s)
			}
		})
	}
}

// sealRaw signs and encrypts whatever plain is.
func sealRaw(c *codec, plain []byte) []byte {
	iv := counting(200)
	b := slices.Concat(c.key[:], iv[:], plain)
	c.crypt(&iv, b[segmentHead:])
	sign := c.sign(b)
	copy(b, sign[:])
	return b
}

func FuzzSegment(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(unhex(f, vectorSegment), false)
	f.Add(append(make([]byte, 36), 0xff), true)
	f.Fuzz(func(t *testing.T, b []byte, sign bool) {
		c := codec{key: deriveKeys(counting(0)).toServer}
		if sign {
			b = sealRaw(&c, b)
		}
		s, ok := c.open(slices.Clone(b))
		if !ok {
			return
		}
		if s.numAcks() > Window || len(s.payload) > len(b) {
			t.Errorf("out of bounds: %+v", s)
		}
		out := make([]byte, 2*MaxDatagram)
		iv := key(b[keyLen:])
		again, ok := c.open(out[:c.seal(out, &s, &iv, 1)])
		if !ok || again.seq != s.seq || !bytes.Equal(again.payload, s.payload) || !bytes.Equal(again.acks, s.acks) {
			t.Errorf("%+v became %+v", s, again)
		}
	})
}

func TestInitialKey(t *testing.T) {
	for n, want := range map[int]bool{0: false, 19: false, 20: true, 39: true, 40: false, 100: false} {
		if _, ok := InitialKey(make([]byte, n)); ok != want {
			t.Errorf("%d bytes are a connect request: got %v, want %v", n, ok, want)
		}
	}
}

func TestSegmentsAllocateNothing(t *testing.T) {
	c := codec{key: counting(3)}
	iv := counting(9)
	s := segment{seq: 1, payload: make([]byte, maxPayload)}
	b := make([]byte, MaxDatagram)
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := c.open(b[:c.seal(b, &s, &iv, 8)]); !ok {
			t.Error("not opened")
		}
	}); n != 0 {
		t.Errorf("sealing and opening allocates %v times", n)
	}
}
