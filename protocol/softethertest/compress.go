// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"compress/zlib"
	"io"

	"network-manager-softether/frame"
)

// compress returns each frame as a zlib stream of its own (softether-protocol.md 9.4).
func compress(frames [][]byte) [][]byte {
	out := make([][]byte, len(frames))
	for i, f := range frames {
		out[i] = zipped(f)
	}
	return out
}

func zipped(b []byte) []byte {
	var s bytes.Buffer
	w := zlib.NewWriter(&s)
	if _, err := w.Write(b); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return s.Bytes()
}

// expand returns the frame in a block, or nil, as the real server silently drops anything that is not a zlib
// stream, and frames that are too long.
func expand(block []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(block))
	if err != nil {
		return nil
	}
	f, err := io.ReadAll(io.LimitReader(r, frame.MaxLen+1))
	if err != nil {
		return nil
	}
	return f
}
