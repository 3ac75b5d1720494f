// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/zblock"
)

// In a session with compression each block is a zlib stream of its own, in both
// directions and without exception (softether-protocol.md 9.4).

// A packer compresses messages. It is for one goroutine at a time; packers holds spare ones.
type packer struct {
	z   *zblock.Compressor
	out []byte
}

// packed is how much is compressed before it is written: a TLS record.
const packed = tlsRecord

var packers = sync.Pool{New: func() any {
	return &packer{z: zblock.NewCompressor(), out: make([]byte, packed)}
}}

// sendFrames sends a message of frames, compressed if the session has agreed on that.
func (c *Conn) sendFrames(message []byte) error {
	if !c.compressed {
		return c.sendRecords(message)
	}
	p := packers.Get().(*packer)
	defer packers.Put(p)
	const countLen, sizeLen = 4, 4
	for rest := message[countLen:]; len(rest) > 0; {
		out, count := p.out[:countLen], uint32(0)
		for len(rest) > 0 {
			size := int(binary.BigEndian.Uint32(rest))
			if cap(out)-len(out) < sizeLen+size+zblock.Overhead {
				break
			}
			at := len(out) + sizeLen
			n, err := p.z.Compress(out[at:cap(out)], rest[sizeLen:sizeLen+size])
			if err != nil {
				return fmt.Errorf("compress a frame of %d bytes: %w", size, err)
			}
			out = out[:at+n]
			binary.BigEndian.PutUint32(out[at-sizeLen:], uint32(n))
			rest = rest[sizeLen+size:]
			count++
		}
		binary.BigEndian.PutUint32(out, count)
		if err := c.sendRecords(out); err != nil {
			return err
		}
	}
	return nil
}

// expandBuffer is how much the expanded frames of one batch may take.
const expandBuffer = 128 << 10

// An expander expands the blocks of a batch into a buffer of its own.
type expander struct {
	z    zblock.Expander
	buf  []byte
	used int
}

func newExpander() *expander { return &expander{buf: make([]byte, expandBuffer)} }

// full reports whether the next block might not fit any more.
func (x *expander) full() bool { return len(x.buf)-x.used < maxBlock }

// expand returns the frame in a block. It is nil if the block is not a zlib stream, which the original drops
// silently as well; a stream that expands to more than a block may hold is ErrMalformed.
func (x *expander) expand(block []byte) ([]byte, error) {
	room := x.buf[x.used:]
	n, err := x.z.Expand(room[:maxBlock], block)
	switch {
	case errors.Is(err, zblock.ErrTooLong):
		return nil, fmt.Errorf("%w: a compressed block of more than %d bytes", ErrMalformed, maxBlock)
	case err != nil:
		return nil, nil
	}
	if n <= frame.MaxLen {
		x.used += n
	}
	return room[:n:n], nil
}
