// SPDX-License-Identifier: Apache-2.0

// Package tapbridgetest has a [tapbridge.Device] in memory, for tests that need a
// host but no kernel.
package tapbridgetest

import (
	"bytes"
	"sync"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
)

// A Device is a host whose network stack is the test: what the test passes to Send goes through the bridge to
// the link, and what comes from the link arrives at Frames. All methods are safe for concurrent use.
type Device struct {
	out  chan []byte // from the host
	in   chan []byte // to the host
	done chan struct{}

	mu  sync.Mutex // guards err and the closing of done
	err error

	pending []byte // read from out, but the batch was full; used by Read only
}

var _ tapbridge.Device = (*Device)(nil)

// NewDevice returns a device that queues up to depth frames in each direction.
func NewDevice(depth int) *Device {
	return &Device{out: make(chan []byte, depth), in: make(chan []byte, depth), done: make(chan struct{})}
}

// Send sends frames as the host; it blocks while the queue is full, until the device is closed. The frames
// must not be changed afterwards.
func (d *Device) Send(frames ...[]byte) {
	for _, f := range frames {
		select {
		case d.out <- f:
		case <-d.done:
		}
	}
}

// Frames returns the channel of what the host received, as copies. It is never
// closed.
func (d *Device) Frames() <-chan []byte { return d.in }

// Vanish deletes the device behind its owner's back: Read and Write fail with [tapbridge.ErrTAPGone] from now
// on.
func (d *Device) Vanish() { d.end(tapbridge.ErrTAPGone) }

// Closed returns a channel that is closed when the device is.
func (d *Device) Closed() <-chan struct{} { return d.done }

// Read implements [tapbridge.Device].
func (d *Device) Read(b *frame.Batch) error {
	if d.pending == nil {
		select {
		case d.pending = <-d.out:
		case <-d.done:
			return d.reason()
		}
	}
	for d.pending != nil {
		if !b.Append(d.pending) {
			return nil
		}
		d.pending = nil
		select {
		case d.pending = <-d.out:
		default:
		}
	}
	return nil
}

// Write implements [tapbridge.Device]. A frame is lost if the queue is full.
func (d *Device) Write(frames [][]byte) (int, error) {
	took := 0
	for _, f := range frames {
		select {
		case <-d.done:
			return took, d.reason()
		default:
		}
		select {
		case d.in <- bytes.Clone(f):
			took++
		default:
		}
	}
	return took, nil
}

// Close implements [tapbridge.Device].
func (d *Device) Close() error {
	d.end(tapbridge.ErrClosed)
	return nil
}

// end sets the reason once.
func (d *Device) end(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = why
		close(d.done)
	}
}

func (d *Device) reason() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
