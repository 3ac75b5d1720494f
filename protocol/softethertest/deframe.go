// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"encoding/binary"
	"fmt"

	"network-manager-softether/frame"
)

// Bounds of the data phase (softether-protocol.md 9.1).
const (
	maxBlock     = 3200
	maxKeepAlive = 512
	keepAlive    = 0xffffffff
)

// A deframer parses the stream of data-phase messages. It keeps what is left of the current message.
type deframer struct {
	blocks     uint32 // left in the message
	messages   uint64 // complete ones, keep-alives included
	keepAlives uint64
	compressed bool // blocks are zlib streams
}

// next appends the frames at the start of b to frames, as views of b, and returns them with the number of
// bytes consumed. Frames that no server accepts are left out.
func (d *deframer) next(b []byte, frames [][]byte) (int, [][]byte, error) {
	used := 0
	for {
		rest := b[used:]
		if len(rest) < 4 {
			return used, frames, nil
		}
		n := binary.BigEndian.Uint32(rest)
		switch {
		case d.blocks > 0:
			if n > maxBlock {
				return used, frames, fmt.Errorf("%w: a block of %d bytes", errViolation, n)
			}
			if len(rest)-4 < int(n) {
				return used, frames, nil
			}
			f := rest[4 : 4+n : 4+n]
			if d.compressed {
				f = expand(f)
			}
			if len(f) > 0 && len(f) <= frame.MaxLen {
				frames = append(frames, f)
			}
			used += 4 + int(n)
			if d.blocks--; d.blocks == 0 {
				d.messages++
			}
		case n == keepAlive:
			if len(rest) < 8 {
				return used, frames, nil
			}
			size := binary.BigEndian.Uint32(rest[4:])
			if size > maxKeepAlive {
				return used, frames, fmt.Errorf("%w: a keep-alive of %d bytes", errViolation, size)
			}
			if len(rest)-8 < int(size) {
				return used, frames, nil
			}
			used += 8 + int(size)
			d.messages++
			d.keepAlives++
		default:
			used += 4
			if d.blocks = n; n == 0 {
				d.messages++
			}
		}
	}
}
