// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"network-manager-softether/frame"
	"network-manager-softether/tapbridge/offload"
)

// From the link to the host, in the goroutine that calls Receive:
//
//	1. One lock for the whole call.
//	2. Frames of an impossible length are dropped.
//	3. Priority tags are taken off (untag.go).
//	4. A frame that a Port wants is copied to that port, and goes no further.
//	5. The others go to the device in one Write (TAP.Write, tapwrite_linux.go), which
//	   joins consecutive segments of a flow into superframes, and leaves out
//	   acknowledgements that later ones repeat (offload.Coalescer), one system call
//	   each. Nothing is kept for a later Receive.
//
// The device accepts a frame or loses it, but never blocks: the queues are in the host's kernel.

// Receive accepts frames from the link. It does not retain or change them.
func (b *Bridge) Receive(frames [][]byte) {
	b.receiveMu.Lock()
	var err error
	for len(frames) > 0 && err == nil && !b.isOver() {
		n := min(len(frames), offload.MaxFrames)
		err = b.receive(frames[:n])
		frames = frames[n:]
	}
	b.receiveMu.Unlock()
	if err != nil {
		b.end(err)
	}
}

// ToHost passes a frame to the host alone, as if it had come from the link and no port had wanted it.
func (b *Bridge) ToHost(f []byte) error {
	if len(f) < frame.HeaderLen || len(f) > frame.MaxLen {
		return &Error{Op: "give the host a frame through", Err: ErrBadFrame}
	}
	if b.isOver() {
		return &Error{Op: "give the host a frame through", Err: ErrClosed}
	}
	b.receiveMu.Lock()
	_, err := b.dev.Write([][]byte{f})
	b.receiveMu.Unlock()
	if err != nil {
		b.end(err)
	}
	return err
}

// receive handles at most offload.MaxFrames frames. The caller holds receiveMu.
func (b *Bridge) receive(frames [][]byte) error {
	host := b.scratch[:0]
	var bytes, bad uint64
	for _, f := range frames {
		if len(f) < frame.HeaderLen || len(f) > frame.MaxLen {
			bad++
			continue
		}
		f = untag(f)
		if len(b.ports) == 0 || !b.toPort(f) {
			host = append(host, f)
			bytes += uint64(len(f))
		}
	}
	took := 0
	var err error
	if len(host) > 0 {
		took, err = b.dev.Write(host)
	}
	b.counters.receivedBatches.Add(1)
	b.counters.receivedFrames.Add(uint64(took))
	b.counters.receivedBytes.Add(bytes)
	b.counters.receiveDropped.Add(bad + uint64(len(host)-took))
	return err
}

// toPort passes f to all listeners that want it, and to the first other port that does. It reports whether
// there is such a port. The caller holds receiveMu.
func (b *Bridge) toPort(f []byte) bool {
	for _, p := range b.ports {
		if p.match(f) {
			p.deliver(f)
			if !p.listens {
				return true
			}
		}
	}
	return false
}
