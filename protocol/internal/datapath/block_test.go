// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/frame"
)

// u32 returns numbers as they are on the wire.
func u32(n ...uint32) []byte {
	var b []byte
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// ethernet returns a frame of n bytes, all of them fill.
func ethernet(n int, fill byte) []byte { return bytes.Repeat([]byte{fill}, n) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// readBlocks returns the lengths and fills of all frames in the stream.
func readBlocks(r io.Reader) ([][]byte, error) {
	b := newBlockReader()
	var got [][]byte
	for {
		frames, err := b.next(r)
		for _, f := range frames {
			got = append(got, bytes.Clone(f))
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return got, err
		}
	}
}

func TestFramesAreCutOutOfTheStream(t *testing.T) {
	a, b := ethernet(60, 'a'), ethernet(1514, 'b')
	longest, shortest := ethernet(frame.MaxLen, 'l'), ethernet(frame.HeaderLen, 's')
	for _, tt := range []struct {
		name   string
		stream []byte
		want   [][]byte
		err    error
	}{
		{"nothing", nil, nil, nil},
		{"one message", join(u32(2, 60), a, u32(1514), b), [][]byte{a, b}, nil},
		{"messages one after the other", join(u32(1, 60), a, u32(1, 1514), b), [][]byte{a, b}, nil},
		{"empty message", join(u32(0), u32(1, 60), a), [][]byte{a}, nil},
		{"empty block", join(u32(2, 0, 60), a), [][]byte{a}, nil},
		{"keep-alives of both extremes", join(u32(keepAliveMark, 0, keepAliveMark, 512), make([]byte, 512), u32(1, 60), a), [][]byte{a}, nil},
		{"keep-alive inside a message is a block size", join(u32(2, keepAliveMark)), nil, ErrMalformed},
		{"too long a keep-alive", join(u32(1, 60), a, u32(keepAliveMark, 513)), [][]byte{a}, ErrMalformed},
		{"longest and shortest frame", join(u32(2, frame.MaxLen), longest, u32(frame.HeaderLen), shortest), [][]byte{longest, shortest}, nil},
		{"longer than a frame is dropped", join(u32(3, frame.MaxLen+1), make([]byte, frame.MaxLen+1), u32(3200), make([]byte, 3200), u32(60), a), [][]byte{a}, nil},
		{"shorter than a header is dropped", join(u32(2, frame.HeaderLen-1), make([]byte, frame.HeaderLen-1), u32(60), a), [][]byte{a}, nil},
		{"longer than a block is an error", join(u32(2, 60), a, u32(3201)), [][]byte{a}, ErrMalformed},
		{"end inside a block", join(u32(1, 60), a[:59]), nil, nil},
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"whole":   func(r io.Reader) io.Reader { return r },
			"bytes":   iotest.OneByteReader,
			"halves":  iotest.HalfReader,
			"dataErr": iotest.DataErrReader,
		} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				got, err := readBlocks(reader(bytes.NewReader(tt.stream)))
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v, want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("unexpected frames (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestManySmallFramesComeInSeveralBatches(t *testing.T) {
	var stream []byte
	const n = 3*readBatch + 7
	stream = append(stream, u32(n)...)
	for range n {
		stream = join(stream, u32(14), ethernet(14, 'x'))
	}
	for name, r := range map[string]io.Reader{
		"the end by itself":        bytes.NewReader(stream),
		"the end with all of them": withEnd{bytes.NewReader(stream)}, // as from a server that says goodbye at once
	} {
		b, got := newBlockReader(), 0
		for {
			frames, err := b.next(r)
			if len(frames) > readBatch {
				t.Fatalf("%s: a batch of %d frames, want at most %d", name, len(frames), readBatch)
			}
			got += len(frames)
			if err != nil {
				break
			}
		}
		if got != n {
			t.Errorf("%s: got %d frames, want %d", name, got, n)
		}
	}
}

// withEnd tells the end together with the last bytes.
type withEnd struct{ *bytes.Reader }

func (r withEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.Len() == 0 {
		err = io.EOF
	}
	return n, err
}

// endless repeats a stream, as much as fits into each read, up to a TLS record.
type endless struct {
	stream []byte
	at     int
}

func (e *endless) Read(p []byte) (int, error) {
	p = p[:min(len(p), 16<<10)]
	for n := 0; n < len(p); {
		k := copy(p[n:], e.stream[e.at:])
		e.at = (e.at + k) % len(e.stream)
		n += k
	}
	return len(p), nil
}

func TestReadingBlocksAllocatesNothing(t *testing.T) {
	e := &endless{stream: join(u32(2, 1514), ethernet(1514, 'x'), u32(60), ethernet(60, 'y'), u32(keepAliveMark, 7), make([]byte, 7))}
	b, frames := newBlockReader(), 0
	if n := testing.AllocsPerRun(1000, func() {
		got, err := b.next(e)
		if err != nil {
			t.Fatal(err)
		}
		frames += len(got)
	}); n != 0 {
		t.Errorf("%v allocations a batch, want 0", n)
	}
	if frames < 10000 {
		t.Errorf("only %d frames in 1000 batches", frames)
	}
}

// FuzzBlocks checks that the way a stream is cut into reads changes nothing, and
// that no frame is longer or shorter than a frame can be.
func FuzzBlocks(f *testing.F) {
	f.Add(join(u32(2, 60), ethernet(60, 'a'), u32(0), u32(keepAliveMark, 3), []byte("abc")), uint16(7))
	f.Add(join(u32(1, 3201)), uint16(1))
	f.Add(join(u32(0xfffffffe, 0, 0, 1, 1, 1)), uint16(2))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint16) {
		whole, werr := readBlocks(bytes.NewReader(stream))
		parts, perr := readBlocks(&chunks{stream, int(chunk) + 1})
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Errorf("cutting the stream changes the frames (-whole +parts):\n%s", diff)
		}
		if (werr == nil) != (perr == nil) {
			t.Errorf("cutting the stream changes the error: %v, %v", werr, perr)
		}
		for _, fr := range whole {
			if len(fr) < frame.HeaderLen || len(fr) > frame.MaxLen {
				t.Errorf("a frame of %d bytes", len(fr))
			}
		}
	})
}

// chunks reads n bytes at a time.
type chunks struct {
	left []byte
	n    int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.n)], c.left)
	c.left = c.left[n:]
	return n, nil
}
