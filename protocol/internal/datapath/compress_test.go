// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"network-manager-softether/frame"
)

// squeezed is a message of one block: a zlib stream, as the real server's library makes
// it, of some bytes.
func squeezed(b []byte) []byte {
	var s bytes.Buffer
	w := zlib.NewWriter(&s)
	w.Write(b)
	w.Close()
	return join(u32(1, uint32(s.Len())), s.Bytes())
}

func noise(n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func TestCompressedMessagesComeBackWhole(t *testing.T) {
	b := frame.NewBatch(80<<10, 256)
	for n := frame.HeaderLen; b.Append(noise(n)) && b.Append(ethernet(n, 'x')); n = min(n+37, frame.MaxLen) {
	}
	var wire bytes.Buffer
	c := NewConn(Link{Stream: &recorder{to: &wire}}, nil, testTimeout)
	c.compressed = true
	if err := c.sendFrames(b.Message()); err != nil {
		t.Fatal(err)
	}
	r := newBlockReader()
	r.expand = newExpander()
	var got int
	for {
		frames, err := r.next(&wire)
		for _, f := range frames {
			if !bytes.Equal(f, b.Frames()[got]) {
				t.Fatalf("frame %d of %d bytes came back as %d bytes", got, len(b.Frames()[got]), len(f))
			}
			got++
		}
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if got != b.Len() || r.dropped != 0 {
		t.Errorf("%d of %d frames came back, %d dropped", got, b.Len(), r.dropped)
	}
}

func TestCompressedBlocks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		stream  []byte
		frames  int
		dropped uint64
		err     error
	}{
		{"a frame", squeezed(ethernet(1514, 'x')), 1, 0, nil},
		{"the longest", squeezed(ethernet(frame.MaxLen, 'x')), 1, 0, nil},
		{"longer", squeezed(ethernet(frame.MaxLen+1, 'x')), 0, 1, nil},
		{"as long as a block", squeezed(ethernet(maxBlock, 'x')), 0, 1, nil},
		{"longer than a block", squeezed(ethernet(maxBlock+1, 'x')), 0, 0, ErrMalformed},
		{"a bomb", squeezed(make([]byte, 1<<20)), 0, 0, ErrMalformed},
		{"not compressed", join(u32(1, 60), ethernet(60, 'x')), 0, 1, nil},
		{"an empty stream", squeezed(nil), 0, 1, nil},
		{"an empty block", u32(1, 0), 0, 1, nil},
		{"too short", squeezed([]byte("short")), 0, 1, nil},
	} {
		r := newBlockReader()
		r.expand = newExpander()
		// What follows must not suffer.
		stream := bytes.NewReader(join(tt.stream, squeezed(ethernet(60, 'y'))))
		var frames [][]byte
		var err error
		for err == nil {
			var f [][]byte
			f, err = r.next(stream)
			for _, b := range f {
				frames = append(frames, bytes.Clone(b))
			}
		}
		want := tt.frames + 1
		if tt.err != nil {
			want = 0
		} else if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.err != nil && !errors.Is(err, tt.err) || len(frames) != want || r.dropped != tt.dropped {
			t.Errorf("%s: %d frames, %d dropped, %v, want %d, %d, %v", tt.name, len(frames), r.dropped, err, want, tt.dropped, tt.err)
		}
	}
}

// recorder is a stream that keeps what is written.
type recorder struct {
	discard
	to *bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.to.Write(p) }

func TestCompressionAllocatesNothing(t *testing.T) {
	skewed := make([]byte, 1514)
	for i := range skewed {
		skewed[i] = byte(rand.New(rand.NewPCG(uint64(i), 1)).ExpFloat64() * 20) // codes of all lengths
	}
	copy(skewed, ethernet(60, 'x'))
	even := ethernet(1514, 'x') // codes of no more than 9 bits, for which compress/flate needs no further tables
	for i := range even[60:] {
		even[60+i] = byte(rand.New(rand.NewPCG(uint64(i), 1)).IntN(64))
	}
	st := &discard{endless: endless{stream: squeezed(even)}}
	c := NewConn(Link{Stream: st, Raw: st}, nil, testTimeout)
	c.compressed, c.in.expand = true, newExpander()
	message := join(u32(1, uint32(len(skewed))), skewed)
	send := func() {
		if err := c.sendFrames(message); err != nil {
			t.Fatal(err)
		}
	}
	// A pool forgets: now and then for the garbage collector, one time in four on purpose,
	// with the race detector. What it then allocates again is counted separately.
	const frames = 200
	made, fresh := 0, packers.New
	spare := fresh()
	packers.New = func() any { made++; return spare }
	t.Cleanup(func() { packers.New = fresh })
	send()
	if n := testing.AllocsPerRun(frames, send); n != 0 {
		t.Errorf("%v allocations a frame sent, want 0", n)
	}
	if made > frames/2 {
		t.Errorf("%d compressors for %d frames", made, frames)
	}
	if n := testing.AllocsPerRun(200, func() {
		if _, err := c.in.next(st); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a batch received, want 0", n)
	}
	if binary.BigEndian.Uint32(message) != 1 {
		t.Error("the message was changed")
	}
}
