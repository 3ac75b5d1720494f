// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Stats counts what a [Path] has done.
type Stats struct {
	SentFrames, SentBytes         uint64 // frames and their bytes
	SentPackets, ReceivedPackets  uint64 // including keep-alives
	SendCalls, ReceiveCalls       uint64 // system calls
	ReceivedFrames, ReceivedBytes uint64
	SendErrors                    uint64
	Dropped                       [numDrops]uint64 // received packets, by reason ([Drop])
}

// Refused describes what was refused: "3 not genuine, 1 replayed", or "nothing".
func (s *Stats) Refused() string {
	var words []string
	for d, n := range s.Dropped {
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %v", n, Drop(d)))
		}
	}
	if words == nil {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

type counters struct {
	sentFrames, sentBytes, sentPackets, sendCalls, sendErrors    atomic.Uint64
	receivedFrames, receivedBytes, receivedPackets, receiveCalls atomic.Uint64
	dropped                                                      [numDrops]atomic.Uint64
}

func (c *counters) stats() Stats {
	s := Stats{
		SentFrames: c.sentFrames.Load(), SentBytes: c.sentBytes.Load(), SentPackets: c.sentPackets.Load(),
		SendCalls: c.sendCalls.Load(), SendErrors: c.sendErrors.Load(),
		ReceivedFrames: c.receivedFrames.Load(), ReceivedBytes: c.receivedBytes.Load(), ReceivedPackets: c.receivedPackets.Load(),
		ReceiveCalls: c.receiveCalls.Load(),
	}
	for i := range c.dropped {
		s.Dropped[i] = c.dropped[i].Load()
	}
	return s
}
