// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge/offload"
)

// A Device is the host's end of the bridge; a [TAP] is one. Read and Write may run
// at the same time, each by one goroutine; Close at any time, and more than once.
type Device interface {
	// Read appends frames to b, which has room for at least one of frame.MaxLen: it waits for the first, then
	// takes what is there until b is full. An error means that the device is gone for good; b may contain
	// frames even then.
	Read(b *frame.Batch) error
	// Write passes frames to the host without blocking and returns how many it accepted; the others are lost.
	// It does not retain them. An error means that the device is gone for good.
	Write(frames [][]byte) (int, error)
	// Close removes the device and makes Read return.
	Close() error
}

// A Link accepts what the host sends. Send may block, which keeps the bridge from reading the device, and
// does not retain b. It is safe for concurrent use.
type Link interface {
	Send(b *frame.Batch) error
}

// closeWait bounds how long Close waits for a Link.
const closeWait = 5 * time.Second

// A Bridge moves frames between a Device, a Link and its Ports. All methods are
// safe for concurrent use.
type Bridge struct {
	dev Device
	log *slog.Logger

	link atomic.Pointer[plug] // nil: unplugged

	// receiveMu serializes what comes from the link and guards ports and scratch.
	receiveMu sync.Mutex
	ports     []*Port
	scratch   [offload.MaxFrames][]byte

	counters counters

	over    sync.Once
	err     error // set before done is closed
	done    chan struct{}
	sending chan struct{} // closed when the sending goroutine has ended
}

// A plug is a link that is plugged in.
type plug struct {
	Link
	failed atomic.Bool // Send has failed, and that was logged
}

// New returns a bridge for dev, which it will close, with no link plugged in. It starts one goroutine, which
// ends with the device or with Close. A nil log discards.
func New(dev Device, log *slog.Logger) *Bridge {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	b := &Bridge{dev: dev, log: log, done: make(chan struct{}), sending: make(chan struct{})}
	go b.sendLoop()
	return b
}

// SetLink plugs l in, in place of the present link; nil unplugs. It does not wait for a Send in progress on
// the old link.
func (b *Bridge) SetLink(l Link) {
	if l == nil {
		b.link.Store(nil)
		return
	}
	b.link.Store(&plug{Link: l})
}

// Done returns a channel that is closed when the device is gone or the bridge closed; Err then says which.
// While a Link does not return from Send, only Receive can notice that the device is gone.
func (b *Bridge) Done() <-chan struct{} { return b.done }

// Err returns nil before Done is closed; afterwards [ErrClosed] after Close, an error that is [ErrTAPGone] if
// the device was deleted, or whatever else ended the device.
func (b *Bridge) Err() error {
	select {
	case <-b.done:
		return b.err
	default:
		return nil
	}
}

// Close closes the device and all ports and waits until no frame is in progress between the device and the link.
// It fails with [ErrStuck] if the link does not return from Send within 5 seconds: close that first.
func (b *Bridge) Close() error {
	b.end(ErrClosed)
	t := time.NewTimer(closeWait)
	defer t.Stop()
	select {
	case <-b.sending:
		return nil
	case <-t.C:
		return &Error{Op: "close", Err: ErrStuck}
	}
}

// end shuts the bridge down. Only the first reason given counts. It must not be called with receiveMu held.
func (b *Bridge) end(why error) {
	b.over.Do(func() {
		b.err = why
		b.link.Store(nil)
		if err := b.dev.Close(); err != nil {
			b.log.Warn("cannot close the TAP", "error", err)
		}
		b.receiveMu.Lock()
		for _, p := range b.ports {
			p.shut()
		}
		b.ports = nil
		close(b.done)
		b.receiveMu.Unlock()
	})
}

// isOver reports whether end has run.
func (b *Bridge) isOver() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}
