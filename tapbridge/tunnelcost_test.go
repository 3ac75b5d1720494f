// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/softethertest"
)

// Nothing is allocated for a frame or a batch. What is left is crypto/tls, a few for a
// record of eleven frames, at both ends.
func TestTunnelAllocatesNothingForFrames(t *testing.T) {
	const (
		supers  = 200
		frames  = supers * superFrames
		allowed = frames / 8
	)
	mallocs := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	t.Run("up", func(t *testing.T) {
		d, far := tunnel(t, softethertest.Sink)
		run := func(total uint64) {
			for range supers {
				d.tokens <- struct{}{}
			}
			sent(t, far, total)
		}
		run(frames) // fills pools
		if n := mallocs(func() { run(2 * frames) }); n > allowed {
			t.Errorf("%d allocations for %d frames, want at most %d", n, frames, allowed)
		}
	})
	t.Run("down", func(t *testing.T) {
		d, _ := tunnel(t, segments)
		d.await(t, frames)
		first := d.received.Load()
		if n := mallocs(func() { d.await(t, first+frames) }); n > allowed {
			t.Errorf("%d allocations for %d frames, want at most %d", n, frames, allowed)
		}
	})
}

func BenchmarkTunnelUp(b *testing.B) {
	d, far := tunnel(b, softethertest.Sink)
	report := costs(b)
	supers := uint64(0)
	for b.Loop() {
		d.tokens <- struct{}{}
		supers++
	}
	sent(b, far, supers*superFrames)
	report(int(supers))
}

func BenchmarkTunnelDown(b *testing.B) {
	d, _ := tunnel(b, segments)
	report := costs(b)
	first, supers := d.received.Load(), int64(0)
	for b.Loop() {
		supers++
		d.await(b, first+supers*superFrames)
	}
	report(int(supers))
}

// costs returns a function that reports the throughput of that many superframes, and
// the CPU time a GB of this process, which is both ends.
func costs(b *testing.B) func(supers int) {
	size := 0
	for _, f := range burst(superFrames) {
		size += len(f)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	began, cpu := time.Now(), cpuTime(b)
	return func(supers int) {
		gb := float64(supers*size) / 1e9
		b.ReportMetric((cpuTime(b)-cpu).Seconds()/gb, "cpu-s/GB")
		b.ReportMetric(8*gb/time.Since(began).Seconds(), "Gbit/s")
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
