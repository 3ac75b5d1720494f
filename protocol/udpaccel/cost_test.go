// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/internal/leaktest"
)

func TestPathAllocatesNothing(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		t.Run(fmt.Sprint("compressed ", compressed), func(t *testing.T) { allocatesNothing(t, compressed) })
	}
}

func allocatesNothing(t *testing.T, compressed bool) {
	ce, se := ends(t, 2, func(p *Params) { p.Compressed = compressed })
	cs, ss := socket(t, "127.0.0.1", 0), socket(t, "127.0.0.1", 0)
	var got atomic.Int64
	more := make(chan struct{}, 1)
	start(t, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Receive: func(f [][]byte) {
		got.Add(int64(len(f)))
		select {
		case more <- struct{}{}:
		default:
		}
	}})
	client := start(t, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
	b := framesOf(ether(1363), ether(1363), ether(1363), ether(66), ether(1514), ether(1514))
	var sent int64
	late := time.NewTimer(leaktest.Patience)
	defer late.Stop()
	if n := testing.AllocsPerRun(200, func() {
		if err := client.Send(b); err != nil {
			t.Fatal(err)
		}
		for sent += int64(len(b)); got.Load() < sent; {
			select {
			case <-more:
			case <-late.C:
				t.Fatalf("%d frames arrived, sent were %d", got.Load(), sent)
			}
		}
	}); n >= 1 { // a keep-alive may allocate
		t.Errorf("%v allocations a batch, sent and received, want 0", n)
	}
}

// BenchmarkPath sends over loopback, both ends in one process.
func BenchmarkPath(b *testing.B) {
	for name, size := range map[string]int{"bulk": 1363, "small": 66, "fragmented": 1514} {
		b.Run(name, func(b *testing.B) {
			ce, se := ends(b, 2)
			cs, ss := socket(b, "127.0.0.1", 0), socket(b, "127.0.0.1", 0)
			var got atomic.Int64
			start(b, PathConfig{Engine: se, Conn: ss, Port: portOf(cs), Receive: func(f [][]byte) { got.Add(int64(len(f))) }})
			client := start(b, PathConfig{Engine: ce, Conn: cs, Port: portOf(ss)})
			batch := frame.NewBatch(80<<10, 256)
			for range 48 {
				batch.Append(ether(size))
			}
			b.SetBytes(int64(batch.Len() * size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := client.Send(batch.Frames()); err != nil {
					b.Fatal(err)
				}
				n += batch.Len()
			}
			within(b, "the rest", func() bool { a := got.Load(); time.Sleep(5 * time.Millisecond); return a == got.Load() })
			b.ReportMetric(100*float64(got.Load())/float64(n), "%arrived")
		})
	}
}

func TestEngineAllocatesNothing(t *testing.T) {
	bothVersions(t, func(t *testing.T, v int) {
		client, server := ends(t, v)
		f, p := ether(1400), make([]byte, 1500)
		p = p[:client.Size(len(f))]
		now := time.Second
		server.Open(now, seal(client, now, nil)) // makes the replay window
		if n := testing.AllocsPerRun(1000, func() {
			client.Seal(now, p, f)
			if _, err := server.Open(now, p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations a packet, want 0", n)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for v := 1; v <= 2; v++ {
		b.Run(fmt.Sprint("v", v), func(b *testing.B) {
			client, _ := ends(b, v)
			f := ether(1363)
			p := make([]byte, client.Size(len(f)))
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			for b.Loop() {
				client.Seal(time.Second, p, f)
			}
		})
	}
}

// BenchmarkSealOpen does both, as a packet can be opened only once.
func BenchmarkSealOpen(b *testing.B) {
	for v := 1; v <= 2; v++ {
		b.Run(fmt.Sprint("v", v), func(b *testing.B) {
			client, server := ends(b, v)
			f := ether(1363)
			p := make([]byte, client.Size(len(f)))
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			now := time.Second
			for b.Loop() {
				now += 10 * time.Microsecond
				client.Seal(now, p, f)
				if _, err := server.Open(now, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
