// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"network-manager-softether/frame"
	"network-manager-softether/protocol/zblock"
)

// A squeezer compresses frames where that makes them shorter. Unlike over TCP, each packet says whether its
// frame is compressed, so a frame that does not become shorter is sent as it is.
type squeezer struct {
	z      *zblock.Compressor
	buf    []byte
	frames [][]byte
	packed []bool
}

const squeezed = 64 << 10 // bytes of frames that are compressed before they are sent

func newSqueezer() *squeezer {
	return &squeezer{z: zblock.NewCompressor(), buf: make([]byte, squeezed)}
}

// next takes frames from the front and returns them in the form in which they are to be sent, which of them
// are compressed, and the remaining ones. The former are valid until it is called again.
func (s *squeezer) next(frames [][]byte) (ready [][]byte, packed []bool, rest [][]byte) {
	s.frames, s.packed = s.frames[:0], s.packed[:0]
	room := s.buf
	for len(frames) > 0 && len(room) >= frame.MaxLen+zblock.Overhead {
		f := frames[0]
		n := s.z.Shorten(room, f)
		if n > 0 {
			f, room = room[:n], room[n:]
		}
		s.frames, s.packed = append(s.frames, f), append(s.packed, n > 0)
		frames = frames[1:]
	}
	return s.frames, s.packed, frames
}
