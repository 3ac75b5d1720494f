// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// contents are what frames may look like.
func contents() map[string][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise, skewed := make([]byte, 1600), make([]byte, 1600)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
		// Few symbols are common and many are rare: codes of all lengths.
		skewed[i] = byte(rnd.ExpFloat64() * 20)
	}
	return map[string][]byte{
		"nothing": {}, "one byte": {7}, "zeros": make([]byte, 1600), "noise": noise, "short noise": noise[:60], "skewed": skewed,
		"text":    []byte(strings.Repeat("GET /vpnsvc/connect.cgi HTTP/1.1\r\nHost: vpn.example\r\n", 28)),
		"pattern": bytes.Repeat([]byte{1, 2, 3}, 500),
	}
}

func deflated(t testing.TB, level int, b []byte) []byte {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func TestEveryLevelIsExpanded(t *testing.T) {
	var e Expander
	for name, want := range contents() {
		for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
			dst := make([]byte, len(want))
			n, err := e.Expand(dst, deflated(t, level, want))
			if err != nil || !bytes.Equal(dst[:n], want) {
				t.Errorf("%s at level %d: %d bytes, %v", name, level, n, err)
			}
		}
	}
}

func TestWhatIsCompressedCanBeExpanded(t *testing.T) {
	c := NewCompressor()
	for name, want := range contents() {
		dst := make([]byte, len(want)+Overhead)
		n, err := c.Compress(dst, want)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, err := zlib.NewReader(bytes.NewReader(dst[:n]))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes came back, %v", name, len(got), err)
		}
	}
}

// TestNoiseIsNotTried: what looks like noise is stored, what does not is compressed.
func TestNoiseIsNotTried(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	header := append(make([]byte, 30), "0123456789abcdefghijklmnop______________"...)
	encrypted := append(bytes.Clone(header), contents()["noise"]...)[:1514]
	letters := make([]byte, 1400)
	for i := range letters {
		letters[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rnd.IntN(64)]
	}
	twice := bytes.Repeat(contents()["noise"][:700], 2)
	c, dst := NewCompressor(), make([]byte, 1600+Overhead)
	for _, tt := range []struct {
		name    string
		src     []byte
		shorter bool
	}{
		{"encrypted", encrypted, false},
		{"an acknowledgement", header[:66], false},
		{"base64", letters, true},
		{"noise that comes again", twice, true},
		{"text", contents()["text"], true},
		{"zeros", contents()["zeros"], true},
	} {
		n, err := c.Compress(dst, tt.src)
		if err != nil || (n < len(tt.src)) != tt.shorter {
			t.Errorf("%s: %d bytes became %d, %v", tt.name, len(tt.src), n, err)
		}
		if n := c.Shorten(dst, tt.src); (n > 0) != tt.shorter || n >= len(tt.src) {
			t.Errorf("%s: %d bytes are sent as %d", tt.name, len(tt.src), n)
		}
		if noisy(tt.src) == tt.shorter {
			t.Errorf("%s: taken for noise: %t", tt.name, !tt.shorter)
		}
	}
}

func TestCompressWithoutRoomFails(t *testing.T) {
	c := NewCompressor()
	noise := contents()["noise"]
	if n, err := c.Compress(make([]byte, len(noise)), noise); err == nil {
		t.Errorf("noise of %d bytes became %d", len(noise), n)
	}
	if _, err := c.Compress(make([]byte, len(noise)+Overhead), noise); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// TestMoreThanFitsIsRefused: a bomb costs no more than the room that is there.
func TestMoreThanFitsIsRefused(t *testing.T) {
	var e Expander
	for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
		room := make([]byte, 1601)
		room[1600] = 0xaa
		if n, err := e.Expand(room[:1600], deflated(t, level, make([]byte, 1<<20))); !errors.Is(err, ErrTooLong) {
			t.Errorf("level %d: %d bytes, %v, want %v", level, n, err, ErrTooLong)
		}
		if room[1600] != 0xaa {
			t.Fatal("written beyond the end")
		}
	}
}

// stream wraps raw deflate bits as zlib does.
func stream(bits string, content []byte) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(bits, " ", ""))
	if err != nil {
		panic(err)
	}
	return binary.BigEndian.AppendUint32(append([]byte{0x78, 0x9c}, raw...), adler32.Checksum(content))
}

func TestCorruptStreamsAreRefused(t *testing.T) {
	good := deflated(t, 6, contents()["text"])
	change := func(at int, b byte) []byte {
		s := bytes.Clone(good)
		s[at] ^= b
		return s
	}
	for _, tt := range []struct {
		name string
		src  []byte
	}{
		{"nothing", nil},
		{"a raw frame", make([]byte, 60)},
		{"another method", change(0, 1)},
		{"header checksum", change(1, 1)},
		{"preset dictionary", []byte{0x78, 0xbb, 3, 0, 0, 0, 0, 1}},
		{"checksum", change(len(good)-1, 1)},
		{"end is missing", good[:len(good)-1]},
		{"more behind it", append(bytes.Clone(good), 0)},
		{"unknown kind of block", stream("07", nil)},
		{"stored length twice", stream("01 0100 0100 61", []byte("a"))},
		{"stored block is cut off", stream("01 0200 fdff 61", []byte("a"))},
		{"distance before the beginning", stream("4b 04 62 00", []byte("aaaa"))},
		{"codes are missing", stream("05", nil)},
		{"too many literal codes", stream("fd ff 00 00 00 00 00", nil)},
	} {
		var e Expander
		if n, err := e.Expand(make([]byte, 1600), tt.src); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v, want %v", tt.name, n, err, ErrCorrupt)
		}
	}
	var e Expander
	if n, err := e.Expand(make([]byte, 9), stream("01 0100 feff 61", []byte("a"))); n != 1 || err != nil {
		t.Errorf("a stored byte: %d, %v", n, err)
	}
	if n, err := e.Expand(nil, stream(strings.Repeat("00 0000 ffff", 31)+"01 0000 ffff", nil)); n != 0 || err != nil {
		t.Errorf("32 empty blocks: %d, %v", n, err)
	}
	if n, err := e.Expand(make([]byte, 1600), good); n != len(contents()["text"]) || err != nil {
		t.Errorf("a good stream after bad ones: %d bytes, %v", n, err)
	}
}

// TestNothingIsAllocated: but for codes of more than 9 bits, for which flate makes tables anew, see the package's comment.
func TestNothingIsAllocated(t *testing.T) {
	for name, want := range contents() {
		most := 0.
		if name == "skewed" {
			most = 20
		}
		src := deflated(t, 6, want)
		dst := make([]byte, 1600+Overhead)
		var e Expander
		if n := testing.AllocsPerRun(50, func() { e.Expand(dst, src) }); n > most {
			t.Errorf("%s: %v allocations to expand, want at most %v", name, n, most)
		}
		c := NewCompressor()
		if n := testing.AllocsPerRun(50, func() { c.Compress(dst, want) }); n != 0 {
			t.Errorf("%s: %v allocations to compress, want 0", name, n)
		}
	}
}

// FuzzExpand compares with compress/zlib, which also says what is wrong, but takes
// garbage behind the stream.
func FuzzExpand(f *testing.F) {
	for _, b := range contents() {
		for _, level := range []int{zlib.HuffmanOnly, 0, 1, 6} {
			f.Add(deflated(f, level, b))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var e Expander
		dst := make([]byte, 1600)
		n, err := e.Expand(dst, src)
		r := bytes.NewReader(src)
		z, zerr := zlib.NewReader(r)
		var want []byte
		if zerr == nil {
			want, zerr = io.ReadAll(io.LimitReader(z, 1601))
		}
		switch {
		case err == nil && (zerr != nil || !bytes.Equal(dst[:n], want)):
			t.Errorf("%d bytes, compress/zlib has %d, %v", n, len(want), zerr)
		case err != nil && zerr == nil && len(want) <= 1600 && r.Len() == 0:
			t.Errorf("%v, compress/zlib has %d bytes", err, len(want))
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	for name, want := range contents() {
		b.Run(name, func(b *testing.B) {
			src, dst := deflated(b, 6, want), make([]byte, 1600)
			var e Expander
			b.SetBytes(int64(len(want)))
			for b.Loop() {
				e.Expand(dst, src)
			}
		})
	}
}

func BenchmarkCompress(b *testing.B) {
	for name, src := range contents() {
		b.Run(name, func(b *testing.B) {
			c, dst := NewCompressor(), make([]byte, 1600+Overhead)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				c.Compress(dst, src)
			}
		})
	}
}
