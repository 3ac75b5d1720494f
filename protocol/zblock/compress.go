// SPDX-License-Identifier: Apache-2.0

package zblock

import (
	"compress/zlib"
	"errors"
)

// Overhead is by how much a stream may be longer than a frame in it: header, trailer, and a head for each
// block that is only stored.
const Overhead = 32

// A Compressor makes zlib streams. It is for one goroutine, and large (about a megabyte): make few. The zero
// value is not usable, see [NewCompressor].
type Compressor struct {
	z   *zlib.Writer
	out fixed
}

// NewCompressor returns a Compressor of the fastest level: the better ones clear tables of half a megabyte
// before each stream.
func NewCompressor() *Compressor {
	z, err := zlib.NewWriterLevel(nil, zlib.BestSpeed)
	if err != nil {
		panic(err) // the level exists
	}
	return &Compressor{z: z}
}

// Compress writes a zlib stream of src to the start of dst and returns its length. Room for len(src)+Overhead
// bytes is enough. What would hardly become shorter is only stored.
func (c *Compressor) Compress(dst, src []byte) (int, error) {
	if noisy(src) {
		return store(dst[:cap(dst)], src)
	}
	return c.deflate(dst, src)
}

// Shorten is Compress for those who may also send src as it is: it returns 0 if the stream would not be
// shorter.
func (c *Compressor) Shorten(dst, src []byte) int {
	if noisy(src) {
		return 0
	}
	n, err := c.deflate(dst, src)
	if err != nil || n >= len(src) {
		return 0
	}
	return n
}

func (c *Compressor) deflate(dst, src []byte) (int, error) {
	c.out.b = dst[:0]
	c.z.Reset(&c.out)
	if _, err := c.z.Write(src); err != nil {
		return 0, err
	}
	if err := c.z.Close(); err != nil {
		return 0, err
	}
	n := len(c.out.b)
	c.out.b = nil
	return n, nil
}

// fixed is a writer to a buffer that does not grow.
type fixed struct{ b []byte }

var errNoRoom = errors.New("zblock: no room for the compressed frame")

func (f *fixed) Write(p []byte) (int, error) {
	if len(p) > cap(f.b)-len(f.b) {
		return 0, errNoRoom
	}
	f.b = append(f.b, p...)
	return len(p), nil
}
