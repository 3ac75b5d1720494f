// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"sync/atomic"
	"testing"

	"network-manager-softether/frame"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// Both ends run in one process here: the numbers are for both together.

func BenchmarkSend(b *testing.B) {
	srv := NewServer()
	defer srv.Close()
	s, err := protocol.Dial(b.Context(), alice(srv))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.Start(func([][]byte) {})
	batch := frame.NewBatch(16<<10-4, 16)
	for batch.Append(numbered(1514, 1)) {
	}
	b.SetBytes(int64(batch.Len() * 1514))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Send(batch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	srv := NewServer(WithHandler(Source(numbered(1514, 1), 10)))
	defer srv.Close()
	s, err := protocol.Dial(b.Context(), alice(srv))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var frames, batches atomic.Int64
	more := make(chan struct{}, 1)
	s.Start(func(f [][]byte) {
		frames.Add(int64(len(f)))
		batches.Add(1)
		select {
		case more <- struct{}{}:
		default:
		}
	})
	b.SetBytes(1514)
	b.ReportAllocs()
	first := frames.Load()
	for i := int64(0); b.Loop(); i++ {
		for frames.Load()-first < i {
			<-more
		}
	}
	b.ReportMetric(float64(frames.Load())/float64(batches.Load()), "frames/batch")
}
