// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"bytes"
	"compress/zlib"
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
