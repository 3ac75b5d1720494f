// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"fmt"
	"io"

	"network-manager-softether/frame"
)

// The data phase, in both directions (softether-protocol.md 9.1), big-endian:
//
//	message   := u32 count, block*count
//	block     := u32 size, frame
//	keepalive := u32 0xffffffff, u32 size, size bytes of noise
const (
	keepAliveMark  = 0xffffffff
	keepAliveStart = 8

	readBuffer = 64 << 10 // bytes; a TLS record is at most 16 KiB
	readBatch  = 512      // frames handed on at once
)

// A blockReader cuts frames out of a stream. It has one buffer and never grows: frames are views into it, or
// into the one they were expanded into. It is used by one goroutine.
type blockReader struct {
	buf    []byte
	r, w   int       // buf[r:w] is not parsed yet
	left   uint32    // blocks still to come of the current message
	frames [][]byte  // the batch being collected
	expand *expander // nil: blocks are frames as they are
	wire   *Wire     // below the source; nil: every read may block

	// keepAlive is told the payload of each keep-alive, valid until it returns; nil: nobody.
	keepAlive func(payload []byte)

	end      error  // why nothing more comes from the source; what is in buf is still handed on
	progress bool   // something whole has arrived since the owner last cleared this
	dropped  uint64 // blocks that are no Ethernet frame: too short, too long, not a zlib stream
}

func newBlockReader() *blockReader {
	return &blockReader{buf: make([]byte, readBuffer), frames: make([][]byte, 0, readBatch)}
}

// next returns the next frames, valid until it is called again. It reads from src once, and blocks there only
// if nothing has arrived. It may return no frames, and may return some together with an error. An error of src comes after
// all that was read before it.
func (b *blockReader) next(src io.Reader) ([][]byte, error) {
	if err := b.parse(); err != nil || len(b.frames) > 0 {
		return b.frames, err
	}
	if b.end != nil {
		return nil, b.end
	}
	b.r, b.w = 0, copy(b.buf, b.buf[b.r:b.w]) // less than a frame is left
	n, err := src.Read(b.buf[b.w:])
	b.w += n
	// A Read of TLS returns at most one record. Taking those that have already arrived behind it makes for
	// longer and fewer batches.
	for n > 0 && err == nil && b.wire != nil && len(b.buf)-b.w >= tlsRecord {
		n, err = b.wire.readNow(src, b.buf[b.w:])
		b.w += n
	}
	b.end = err
	if err := b.parse(); err != nil || len(b.frames) > 0 {
		return b.frames, err
	}
	return nil, b.end
}

// parse moves every complete frame in the buffer to frames, which it empties first, and skips everything else
// that is complete. It stops when there is no room for another frame.
func (b *blockReader) parse() error {
	b.frames = b.frames[:0]
	if b.expand != nil {
		b.expand.used = 0
	}
	for len(b.frames) < cap(b.frames) && (b.expand == nil || !b.expand.full()) {
		data := b.buf[b.r:b.w]
		if len(data) < 4 {
			return nil
		}
		head := binary.BigEndian.Uint32(data)
		switch {
		case b.left > 0:
			if head > maxBlock {
				return fmt.Errorf("%w: block of %d bytes, allowed are %d", ErrMalformed, head, maxBlock)
			}
			end := 4 + int(head)
			if len(data) < end {
				return nil
			}
			f := data[4:end:end]
			b.r += end
			b.left--
			if b.expand != nil && head > 0 {
				var err error
				if f, err = b.expand.expand(f); err != nil {
					return err
				}
			}
			if len(f) >= frame.HeaderLen && len(f) <= frame.MaxLen {
				b.frames = append(b.frames, f)
			} else {
				b.dropped++
			}
		case head != keepAliveMark:
			b.r += 4
			b.left = head
		default:
			if len(data) < keepAliveStart {
				return nil
			}
			size := binary.BigEndian.Uint32(data[4:])
			if size > maxKeepAlive {
				return fmt.Errorf("%w: keep-alive of %d bytes, allowed are %d", ErrMalformed, size, maxKeepAlive)
			}
			end := keepAliveStart + int(size)
			if len(data) < end {
				return nil
			}
			if b.keepAlive != nil {
				b.keepAlive(data[keepAliveStart:end])
			}
			b.r += end
		}
		b.progress = true
	}
	return nil
}
