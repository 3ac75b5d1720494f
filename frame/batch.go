// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// Sizes of the data phase, in bytes.
const (
	// HeaderLen is the length of an Ethernet II header: destination, source, type.
	HeaderLen = 14
	// MaxLen is the largest frame that a SoftEther server forwards; it silently drops longer ones (Cedar,
	// MAX_PACKET_SIZE).
	MaxLen = 1600

	countLen = 4 // u32 count, once a message
	sizeLen  = 4 // u32 size, before every frame
)

// A Batch is an ordered list of frames in one buffer of fixed size, laid out as
//
//	u32 count, (u32 size, frame)*	big-endian
//
// It never grows: a full batch refuses the next frame. The zero value has no room at all; use [NewBatch]. A
// Batch is not safe for concurrent use.
type Batch struct {
	buf    []byte
	frames [][]byte
}

// NewBatch returns an empty batch with room for size bytes of frames and their
// size fields, and for at most frames frames.
func NewBatch(size, frames int) *Batch {
	return &Batch{
		buf:    make([]byte, countLen, countLen+size),
		frames: make([][]byte, 0, frames),
	}
}

// Reset empties b and keeps its buffer. Slices returned earlier are invalid.
func (b *Batch) Reset() {
	b.buf = b.buf[:min(countLen, cap(b.buf))]
	b.frames = b.frames[:0]
}

// Len returns the number of frames in b.
func (b *Batch) Len() int { return len(b.frames) }

// Room returns the maximum length of the next frame; it is negative or zero if b is full.
func (b *Batch) Room() int {
	if len(b.frames) == cap(b.frames) {
		return 0
	}
	return cap(b.buf) - len(b.buf) - sizeLen
}

// Grow adds a frame of n bytes and returns it for the caller to fill. Its content is undefined until then.
// Grow returns nil if n is not in 1..MaxLen or there is no room left.
func (b *Batch) Grow(n int) []byte {
	if n <= 0 || n > MaxLen || n > b.Room() {
		return nil
	}
	start := len(b.buf) + sizeLen
	b.buf = b.buf[:start+n]
	binary.BigEndian.PutUint32(b.buf[start-sizeLen:], uint32(n))
	f := b.buf[start : start+n : start+n]
	b.frames = append(b.frames, f)
	return f
}

// Append copies the frame f into b and reports whether there was room for it.
func (b *Batch) Append(f []byte) bool {
	room := b.Grow(len(f))
	if room == nil {
		return false
	}
	copy(room, f)
	return true
}

// Frames returns the frames of b in order. They are views: valid until [Batch.Reset].
func (b *Batch) Frames() [][]byte { return b.frames }

// Message returns b as one complete data-phase message, a view of the buffer.
func (b *Batch) Message() []byte {
	binary.BigEndian.PutUint32(b.buf, uint32(len(b.frames)))
	return b.buf
}
