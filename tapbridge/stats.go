// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"log/slog"
	"sync/atomic"
)

// Stats counts since the bridge was made. Bytes are those of Ethernet frames,
// without the framing of the tunnel.
type Stats struct {
	SentBatches, SentFrames, SentBytes uint64 // to the link
	SendDropped                        uint64 // frames: no link, or the link refused

	ReceivedBatches, ReceivedFrames, ReceivedBytes uint64 // from the link to the TAP
	ReceiveDropped                                 uint64 // frames: impossible length, or the TAP is down

	PortFrames, PortDropped uint64 // from the link to ports; dropped because the host was slow
}

// LogValue makes a Stats a group of the counts.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Uint64("sent-frames", s.SentFrames), slog.Uint64("sent-bytes", s.SentBytes),
		slog.Uint64("send-dropped", s.SendDropped),
		slog.Uint64("received-frames", s.ReceivedFrames), slog.Uint64("received-bytes", s.ReceivedBytes),
		slog.Uint64("receive-dropped", s.ReceiveDropped),
	)
}

// counters is Stats while being counted. The two directions are written by different goroutines, a few times
// per batch.
type counters struct {
	sentBatches, sentFrames, sentBytes, sendDropped atomic.Uint64

	_ [64]byte // keeps the directions on different cache lines

	receivedBatches, receivedFrames, receivedBytes, receiveDropped atomic.Uint64
	portFrames, portDropped                                        atomic.Uint64
}

// Stats returns the counts so far. They are read one by one: under load they may not all belong to the same
// moment.
func (b *Bridge) Stats() Stats {
	c := &b.counters
	return Stats{
		SentBatches: c.sentBatches.Load(), SentFrames: c.sentFrames.Load(),
		SentBytes: c.sentBytes.Load(), SendDropped: c.sendDropped.Load(),
		ReceivedBatches: c.receivedBatches.Load(), ReceivedFrames: c.receivedFrames.Load(),
		ReceivedBytes: c.receivedBytes.Load(), ReceiveDropped: c.receiveDropped.Load(),
		PortFrames: c.portFrames.Load(), PortDropped: c.portDropped.Load(),
	}
}
