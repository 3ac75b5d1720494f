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
	"strings"
	"testing"
)

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
