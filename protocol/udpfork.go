// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"sync"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/udpaccel"
)

const (
	// forkRest is how long a flow stays on TCP after a frame that UDP acceleration does not carry, so that
	// its frames do not overtake each other.
	forkRest  = 500 * time.Millisecond
	forkFlows = 1024 // flows told apart, by hash
	sizeLen   = 4    // before every frame in a batch
)

// A fork sends flows of short frames by UDP acceleration and those with long frames over TCP, for paths that
// lose long packets. The zero value is ready to use.
type fork struct {
	mu          sync.Mutex
	until       [forkFlows]time.Time // flows stay on TCP
	short, rest [][]byte             // of the last sort
	long        *frame.Batch
	size, count int // long has room for
}

// divide sends each frame the way it can go and reports whether it sent all of them.
func (a *acceleration) divide(p *udpaccel.Path, longest int, frames [][]byte) bool {
	k := &a.fork
	k.mu.Lock()
	defer k.mu.Unlock()
	long := k.sort(time.Now(), longest, frames)
	if len(k.short) == 0 {
		return false
	}
	if long > 0 {
		a.s.tcp.Send(k.long)
	}
	if err := p.Send(k.short); err != nil && long == 0 {
		return false
	} else if err != nil {
		k.take(k.short)
		a.s.tcp.Send(k.long)
	}
	return true
}

// sort puts frames of at most longest bytes into k.short, unless their flow recently had a longer one, and
// the others into k.long. It returns how many are in k.long.
func (k *fork) sort(now time.Time, longest int, frames [][]byte) int {
	rest := now.Add(forkRest)
	for _, f := range frames {
		if len(f) > longest {
			k.until[slot(f)] = rest
		}
	}
	k.short = k.short[:0]
	k.rest = k.rest[:0]
	for _, f := range frames {
		if now.Before(k.until[slot(f)]) {
			k.rest = append(k.rest, f)
		} else {
			k.short = append(k.short, f)
		}
	}
	if len(k.short) > 0 && len(k.rest) > 0 { // else they are sent as they came
		k.take(k.rest)
	}
	return len(k.rest)
}

func slot(f []byte) uint64 { return datapath.Flow(f) % forkFlows }

// take copies frames into k.long.
func (k *fork) take(frames [][]byte) {
	size := 0
	for _, f := range frames {
		size += sizeLen + len(f)
	}
	if size > k.size || len(frames) > k.count {
		k.size, k.count = max(size, k.size), max(len(frames), k.count)
		k.long = frame.NewBatch(k.size, k.count)
	}
	k.long.Reset()
	for _, f := range frames {
		k.long.Append(f)
	}
}
