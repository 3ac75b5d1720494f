// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"errors"

	"network-manager-softether/frame"
)

// From the host to the link, all in one goroutine:
//
//	1. Read waits until the host has sent something, and takes all there is until
//	   the batch is full (TAP.Read, tapread_linux.go). Superframes are split and
//	   checksums finished on the way into the batch, which has the layout of the wire
//	   (offload.Segmenter). A superframe that does not fit continues in the next batch.
//	2. The batch goes to the link that is plugged in, in one Send, which may block;
//	   nothing is read meanwhile, so that the queue is the kernel's, and bounded.
//	3. Again, with the same batch.
//
// What a Port sends bypasses all this: it goes to the link at once.

// batchBytes fills five TLS records of 16 KiB (including the 4 bytes of the message header), and the largest
// superframe (64 KiB) still fits into one batch once it is split. batchFrames bounds small frames, so that
// one message does not overrun a server's queue of 1024 frames (softether-protocol.md 9.1).
const (
	batchBytes  = 5<<14 - 4
	batchFrames = 256
)

// sendLoop reads the device until it is gone.
func (b *Bridge) sendLoop() {
	defer close(b.sending)
	batch := frame.NewBatch(batchBytes, batchFrames)
	for {
		batch.Reset()
		err := b.dev.Read(batch)
		if batch.Len() > 0 {
			b.send(batch)
		}
		if err != nil {
			if !b.isOver() && !errors.Is(err, ErrClosed) {
				b.log.Error("the TAP is gone", "error", err)
			}
			b.end(err)
			return
		}
	}
}

// send passes the batch to the link, if there is one, and counts it.
func (b *Bridge) send(batch *frame.Batch) {
	n := uint64(batch.Len())
	p := b.link.Load()
	if p == nil {
		b.counters.sendDropped.Add(n)
		return
	}
	if err := p.Send(batch); err != nil {
		b.counters.sendDropped.Add(n)
		if !p.failed.Swap(true) {
			b.log.Debug("the link accepts no more frames", "error", err)
		}
		return
	}
	b.counters.sentBatches.Add(1)
	b.counters.sentFrames.Add(n)
	b.counters.sentBytes.Add(uint64(payloadLen(batch)))
}

// payloadLen returns the total length of the frames in the batch.
func payloadLen(batch *frame.Batch) int {
	const sizes = 4 // bytes for the count, and before every frame
	return len(batch.Message()) - sizes*(1+batch.Len())
}
