// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
)

var (
	// ErrCorrupt means that the input is no whole zlib stream, or that more follows it.
	ErrCorrupt = errors.New("corrupt zlib stream")
	// ErrTooLong means that the stream holds more than there is room for.
	ErrTooLong = errors.New("zlib stream of more bytes than allowed")

	errTooManyBlocks = fmt.Errorf("%w: more than %d deflate blocks", ErrCorrupt, maxBlocks)
)

// An Expander expands zlib streams. The zero value is ready. It is for one goroutine.
type Expander struct {
	in   []byte
	bits uint64 // read from in but not used, the next one lowest
	n    uint   // how many

	out  []byte
	used int

	lengths             [maxLiterals + maxDistances]uint8
	literals, distances table
	fixed               struct {
		literals, distances table
		made                bool
	}
}

const (
	zlibHeader, zlibTrailer = 2, 4
	// maxBlocks is how many deflate blocks a stream may have. Encoders make one of a
	// frame; each more costs us the making of its tables, for some 10 bytes that
	// somebody sent.
	maxBlocks        = 32
	methodDeflate    = 8
	presetDictionary = 0x20
)

// Expand expands the zlib stream src to the start of dst and returns how many bytes
// that are. It never writes beyond dst; what would not fit is ErrTooLong.
func (e *Expander) Expand(dst, src []byte) (int, error) {
	if len(src) < zlibHeader+zlibTrailer {
		return 0, ErrCorrupt
	}
	// RFC 1950 2.2. The window, which src[0] tells, is never larger than ours: dst.
	if src[0]&0xf != methodDeflate || src[1]&presetDictionary != 0 || binary.BigEndian.Uint16(src)%31 != 0 {
		return 0, ErrCorrupt
	}
	e.in, e.bits, e.n = src[zlibHeader:len(src)-zlibTrailer], 0, 0
	e.out, e.used = dst, 0
	err := e.inflate()
	n := e.used
	rest := len(e.in) + int(e.n/8)
	e.in, e.out = nil, nil
	switch {
	case err != nil:
		return 0, err
	case rest != 0:
		return 0, ErrCorrupt
	case binary.BigEndian.Uint32(src[len(src)-zlibTrailer:]) != adler32.Checksum(dst[:n]):
		return 0, ErrCorrupt
	}
	return n, nil
}

// inflate expands all blocks (RFC 1951 3.2.3).
func (e *Expander) inflate() error {
	blocks := 0
	for last := false; !last; blocks++ {
		head, ok := e.take(3)
		switch {
		case !ok:
			return ErrCorrupt
		case blocks == maxBlocks:
			return errTooManyBlocks
		}
		last = head&1 != 0
		var err error
		switch head >> 1 {
		case 0:
			err = e.stored()
		case 1:
			e.makeFixed()
			err = e.coded(&e.fixed.literals, &e.fixed.distances)
		case 2:
			if err = e.readTables(); err == nil {
				err = e.coded(&e.literals, &e.distances)
			}
		default:
			err = ErrCorrupt
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stored copies a block that is not compressed (RFC 1951 3.2.4).
func (e *Expander) stored() error {
	e.take(e.n % 8)
	head, ok := e.take(32)
	if !ok || head&0xffff != ^head>>16&0xffff {
		return ErrCorrupt
	}
	size := int(head & 0xffff)
	if size > len(e.out)-e.used {
		return ErrTooLong
	}
	for ; size > 0 && e.n > 0; size-- { // whole bytes that were read ahead
		b, _ := e.take(8)
		e.out[e.used] = byte(b)
		e.used++
	}
	if size > len(e.in) {
		return ErrCorrupt
	}
	e.used += copy(e.out[e.used:], e.in[:size])
	e.in = e.in[size:]
	return nil
}

// coded expands a block of literals and of references to earlier bytes
// (RFC 1951 3.2.5).
func (e *Expander) coded(literals, distances *table) error {
	for {
		sym, ok := e.symbol(literals)
		switch {
		case !ok:
			return ErrCorrupt
		case sym < endOfBlock:
			if e.used == len(e.out) {
				return ErrTooLong
			}
			e.out[e.used] = byte(sym)
			e.used++
			continue
		case sym == endOfBlock:
			return nil
		case sym-firstLength >= len(lengthBase):
			return ErrCorrupt
		}
		extra, ok := e.take(uint(lengthExtra[sym-firstLength]))
		if !ok {
			return ErrCorrupt
		}
		length := int(lengthBase[sym-firstLength]) + int(extra)
		code, ok := e.symbol(distances)
		if !ok || code >= len(distanceBase) {
			return ErrCorrupt
		}
		if extra, ok = e.take(uint(distanceExtra[code])); !ok {
			return ErrCorrupt
		}
		distance := int(distanceBase[code]) + int(extra)
		switch {
		case distance > e.used:
			return ErrCorrupt
		case length > len(e.out)-e.used:
			return ErrTooLong
		}
		// The source may grow while it is copied: then what there is of it repeats.
		from, end := e.used-distance, e.used+length
		for e.used < end {
			e.used += copy(e.out[e.used:end], e.out[from:e.used])
		}
	}
}

// fill reads ahead, as many whole bytes as fit.
func (e *Expander) fill() {
	for e.n <= 56 && len(e.in) > 0 {
		e.bits |= uint64(e.in[0]) << e.n
		e.in = e.in[1:]
		e.n += 8
	}
}

// take returns the next n bits, at most 32.
func (e *Expander) take(n uint) (uint32, bool) {
	if e.n < n {
		if e.fill(); e.n < n {
			return 0, false
		}
	}
	v := uint32(e.bits & (1<<n - 1))
	e.bits >>= n
	e.n -= n
	return v, true
}

// symbol returns the next symbol of the code t.
func (e *Expander) symbol(t *table) (int, bool) {
	if e.n < maxCodeLen {
		e.fill() // near the end there are fewer, which read as zeros
	}
	sym, length := t.lookUp(uint32(e.bits))
	if length == 0 || length > e.n {
		return 0, false
	}
	e.bits >>= length
	e.n -= length
	return sym, true
}
