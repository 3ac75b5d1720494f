// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"io"
	"runtime"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/softethertest"
)

// payloadLen makes frames of 1514 bytes, those of a full-size packet.
const payloadLen = 1500

// mallocs runs f and returns the allocations of the whole process meanwhile.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

func fullBatch() *frame.Batch {
	b := frame.NewBatch(40*(4+14+payloadLen), 40)
	for f := testFrame(string(make([]byte, payloadLen))); b.Append(f); {
	}
	return b
}

// The server may be the peer in tests that measure the client: it must not
// allocate for each frame. What is left is crypto/tls, once or twice a record of
// about ten frames, at both ends.
func TestFramesCostNoAllocation(t *testing.T) {
	const batches = 500
	for name, handler := range map[string]func(*softethertest.ServerSession){"sink": softethertest.Sink, "echo": softethertest.Echo} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, softethertest.WithHandler(handler))
			c, _ := login(t, s)
			c.tcp.SetDeadline(time.Time{})
			sess, b := session(t, s), fullBatch()
			go io.Copy(io.Discard, c.conn)
			frames := uint64(batches * b.Len())
			run := func(total uint64) {
				for range batches {
					if _, err := c.conn.Write(b.Message()); err != nil {
						t.Fatal(err)
					}
				}
				for sess.Stats().FramesIn < total {
					time.Sleep(time.Millisecond)
				}
			}
			run(frames) // fills pools
			if n := mallocs(func() { run(2 * frames) }); n > frames/2 {
				t.Errorf("%d allocations for %d frames", n, frames)
			}
		})
	}
	t.Run("source", func(t *testing.T) {
		s := newServer(t, softethertest.WithHandler(softethertest.Source(testFrame(string(make([]byte, payloadLen))), 40)))
		c, _ := login(t, s)
		c.tcp.SetDeadline(time.Time{})
		const frames = 20000
		buf := make([]byte, 64<<10)
		n := mallocs(func() {
			if _, err := io.CopyBuffer(io.Discard, io.LimitReader(onlyReader{c.conn}, frames*payloadLen), buf); err != nil {
				t.Error(err)
			}
		})
		if n > frames/2 {
			t.Errorf("%d allocations for %d frames", n, frames)
		}
	})
}

type onlyReader struct{ io.Reader }

func BenchmarkSink(b *testing.B) {
	s := softethertest.NewServer()
	defer s.Close()
	c, _ := login(b, s)
	sess, batch := session(b, s), fullBatch()
	b.SetBytes(int64(batch.Len() * (14 + payloadLen)))
	b.ReportAllocs()
	total := uint64(0)
	for b.Loop() {
		if _, err := c.conn.Write(batch.Message()); err != nil {
			b.Fatal(err)
		}
		total += uint64(batch.Len())
	}
	for sess.Stats().FramesIn < total {
		time.Sleep(time.Millisecond)
	}
}

func BenchmarkSource(b *testing.B) {
	s := softethertest.NewServer(softethertest.WithHandler(softethertest.Source(testFrame(string(make([]byte, payloadLen))), 40)))
	defer s.Close()
	c, _ := login(b, s)
	buf := make([]byte, 40*(14+payloadLen))
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.ReadFull(c.conn, buf); err != nil {
			b.Fatal(err)
		}
	}
}
