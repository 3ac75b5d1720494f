// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
)

var (
	// ErrCorrupt means that the input is not one whole zlib stream and nothing else.
	ErrCorrupt = errors.New("corrupt zlib stream")
	// ErrTooLong means that the stream expands to more than there is room for.
	ErrTooLong = errors.New("zlib stream of more bytes than allowed")
)

// An Expander expands zlib streams. The zero value is ready to use; it allocates some 40 KB with its first
// stream. It is for one goroutine.
type Expander struct {
	in    bytes.Reader
	flate io.ReadCloser
	extra [1]byte
}

const (
	zlibHeader, zlibTrailer = 2, 4

	methodDeflate    = 8
	presetDictionary = 0x20
)

// Expand expands the zlib stream src to the start of dst and returns the length of the result. It never
// writes beyond dst; a stream that would not fit is ErrTooLong.
func (e *Expander) Expand(dst, src []byte) (int, error) {
	if len(src) < zlibHeader+zlibTrailer {
		return 0, ErrCorrupt
	}
	// RFC 1950 2.2. The window, whose size is in src[0], is never larger than flate's.
	if src[0]&0xf != methodDeflate || src[1]&presetDictionary != 0 || binary.BigEndian.Uint16(src)%31 != 0 {
		return 0, ErrCorrupt
	}
	e.in.Reset(src[zlibHeader : len(src)-zlibTrailer])
	defer e.in.Reset(nil)
	if e.flate == nil {
		e.flate = flate.NewReader(&e.in)
	} else if err := e.flate.(flate.Resetter).Reset(&e.in, nil); err != nil {
		return 0, err
	}
	n, err := e.read(dst)
	switch {
	case err != nil:
		return 0, err
	case e.in.Len() != 0: // flate does not read a bytes.Reader beyond the end of the stream
		return 0, ErrCorrupt
	case binary.BigEndian.Uint32(src[len(src)-zlibTrailer:]) != adler32.Checksum(dst[:n]):
		return 0, ErrCorrupt
	}
	return n, nil
}

// read reads to the end of the stream, which must come before that of dst.
func (e *Expander) read(dst []byte) (n int, err error) {
	for n < len(dst) && err == nil {
		var more int
		more, err = e.flate.Read(dst[n:])
		n += more
	}
	if err == nil { // dst is full
		var more int
		if more, err = e.flate.Read(e.extra[:]); more > 0 {
			return 0, ErrTooLong
		}
	}
	if err != io.EOF {
		return 0, ErrCorrupt
	}
	return n, nil
}
