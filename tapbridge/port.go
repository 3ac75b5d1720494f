// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"bytes"
	"slices"
	"sync"

	"network-manager-softether/frame"
)

// A Port is a host inside this process, on the same side of the bridge as the TAP and often with the same
// address. It receives the frames that it wants in place of the TAP. All methods are safe for concurrent use.
type Port struct {
	bridge  *Bridge
	listens bool // what it wants also goes to others
	match   func(frame []byte) bool
	in      chan []byte // closed, and shut set, with bridge.receiveMu held
	shutIn  bool        // guarded by bridge.receiveMu

	sendMu sync.Mutex // guards out
	out    *frame.Batch
}

// NewPort plugs a host in. match is called for every frame from the link, with the bridge locked: it must be
// quick, must neither keep nor change the frame, and must not call the bridge. Of several ports that want the
// same frame, the oldest gets it. At most depth frames (at least 1) wait for the host; more are dropped.
func (b *Bridge) NewPort(match func(frame []byte) bool, depth int) *Port {
	return b.newPort(match, depth, false)
}

// NewListener is NewPort for a host that only listens: the frames that it wants also go where they would go
// without it.
func (b *Bridge) NewListener(match func(frame []byte) bool, depth int) *Port {
	return b.newPort(match, depth, true)
}

func (b *Bridge) newPort(match func(frame []byte) bool, depth int, listens bool) *Port {
	p := &Port{
		bridge:  b,
		listens: listens,
		match:   match,
		in:      make(chan []byte, max(depth, 1)),
		out:     frame.NewBatch(frame.MaxLen+64, 1),
	}
	b.receiveMu.Lock()
	defer b.receiveMu.Unlock()
	if b.isOver() {
		p.shut()
		return p
	}
	if listens {
		b.ports = slices.Insert(b.ports, 0, p) // before those who take frames away
	} else {
		b.ports = append(b.ports, p)
	}
	return p
}

// Send sends one whole Ethernet frame to the link. As on a real cable, a frame is silently lost while nothing
// is plugged in or when the link is over. Send fails with [ErrBadFrame], or with [ErrClosed] when the bridge
// is closed.
func (p *Port) Send(f []byte) error {
	if len(f) < frame.HeaderLen || len(f) > frame.MaxLen {
		return &Error{Op: "send a frame through", Err: ErrBadFrame}
	}
	if p.bridge.isOver() {
		return &Error{Op: "send a frame through", Err: ErrClosed}
	}
	p.sendMu.Lock()
	defer p.sendMu.Unlock()
	p.out.Reset()
	p.out.Append(f)
	p.bridge.send(p.out)
	return nil
}

// Frames returns the channel on which the frames for this host arrive, as copies.
// It is closed by Close and at the end of the bridge.
func (p *Port) Frames() <-chan []byte { return p.in }

// Close unplugs the host: the frames it wanted go to the TAP again.
func (p *Port) Close() {
	b := p.bridge
	b.receiveMu.Lock()
	defer b.receiveMu.Unlock()
	b.ports = slices.DeleteFunc(b.ports, func(q *Port) bool { return q == p })
	p.shut()
}

// shut closes the channel once. The caller holds receiveMu.
func (p *Port) shut() {
	if !p.shutIn {
		p.shutIn = true
		close(p.in)
	}
}

// deliver copies f to the host, or drops it. The caller holds receiveMu.
func (p *Port) deliver(f []byte) {
	if len(p.in) == cap(p.in) { // only receivers run meanwhile, so this stays true
		p.bridge.counters.portDropped.Add(1)
		return
	}
	p.in <- bytes.Clone(f)
	p.bridge.counters.portFrames.Add(1)
}
