// SPDX-License-Identifier: Apache-2.0

package offload

import (
	"fmt"
	"testing"

	"network-manager-softether/frame"
)

// full is a superframe of the largest kind, as a bulk transfer has them.
func full(v6, udp bool) []byte {
	s := tcp4(1, pattern(43*1448)).with(func(s *spec) { s.v6, s.udp = v6, udp })
	if !udp {
		s.options = timestamps
	}
	return s.super(1448 - 20*btoi(v6))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// kinds are the four kinds of flows.
func kinds(run func(name string, v6, udp bool)) {
	run("tcp4", false, false)
	run("tcp6", true, false)
	run("udp4", false, true)
	run("udp6", true, true)
}

// splitOnce sends one superframe into a batch.
func splitOnce(s *Segmenter, b []byte, batch *frame.Batch) {
	batch.Reset()
	if s.Load(b) != nil || !s.Drain(batch) {
		panic("a superframe does not fit")
	}
}

// joinOnce takes all frames to what is to be written, and returns how much that is.
func joinOnce(c *Coalescer, frames [][]byte) (n int) {
	for len(frames) > 0 {
		frames = frames[c.Load(frames, true):]
		for parts := c.Next(); parts != nil; parts = c.Next() {
			n++
		}
	}
	return n
}

func TestNothingIsAllocatedOnTheWay(t *testing.T) {
	batch := frame.NewBatch(96<<10, 256)
	kinds(func(name string, v6, udp bool) {
		b, s, c := full(v6, udp), new(Segmenter), NewCoalescer(true)
		if n := testing.AllocsPerRun(100, func() { splitOnce(s, b, batch) }); n != 0 {
			t.Errorf("%s: %v allocations to split, want 0", name, n)
		}
		if joinOnce(c, batch.Frames()) != 1 {
			t.Errorf("%s: not joined", name)
		}
		if n := testing.AllocsPerRun(100, func() { joinOnce(c, batch.Frames()) }); n != 0 {
			t.Errorf("%s: %v allocations to join, want 0", name, n)
		}
	})
}

func TestNothingIsAllocatedForAcknowledgements(t *testing.T) {
	c, frames := NewCoalescer(true), acks(200, nil)
	if n := testing.AllocsPerRun(100, func() { joinOnce(c, frames) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// BenchmarkAcks takes 240 acknowledgements of one flow.
func BenchmarkAcks(b *testing.B) {
	c, frames, written := NewCoalescer(true), acks(240, nil), 0
	b.ReportAllocs()
	for b.Loop() {
		written = joinOnce(c, frames)
	}
	b.ReportMetric(float64(written), "writes")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/frame")
}

func BenchmarkSplit(b *testing.B) {
	batch := frame.NewBatch(96<<10, 256)
	kinds(func(name string, v6, udp bool) {
		b.Run(name, func(b *testing.B) {
			super, s := full(v6, udp), new(Segmenter)
			b.SetBytes(int64(len(super)))
			b.ReportAllocs()
			for b.Loop() {
				splitOnce(s, super, batch)
			}
		})
	})
}

func BenchmarkJoin(b *testing.B) {
	kinds(func(name string, v6, udp bool) {
		b.Run(name, func(b *testing.B) {
			super, c := full(v6, udp), NewCoalescer(true)
			frames := split(b, super, frame.NewBatch(96<<10, 256))
			b.SetBytes(int64(len(super)))
			b.ReportAllocs()
			for b.Loop() {
				joinOnce(c, frames)
			}
		})
	})
}

// BenchmarkJoinFlows takes 240 frames that belong to as many flows as said, in turn.
func BenchmarkJoinFlows(b *testing.B) {
	for _, n := range []int{1, 10, 120, 240} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var flows [][][]byte
			for i := range n {
				s := tcp4(1, nil)
				s.sport += uint16(i)
				flows = append(flows, flow(s, 240/n, nil))
			}
			frames, c := mix(flows...), NewCoalescer(true)
			b.ReportAllocs()
			written := 0
			for b.Loop() {
				written = joinOnce(c, frames)
			}
			b.ReportMetric(float64(written), "writes")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/frame")
		})
	}
}

func BenchmarkChecksum(b *testing.B) {
	for _, n := range []int{20, 64, 1448} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := pattern(n)
			b.SetBytes(int64(n))
			var sum uint64
			for b.Loop() {
				sum = add(sum, p)
			}
		})
	}
}
