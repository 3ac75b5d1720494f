// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/zblock"
)

// A Drop is why a packet was refused. It is an error, and an index into [Stats.Dropped].
type Drop uint8

// Reasons to refuse a packet.
const (
	DropForged     Drop = iota // not sealed with the session's key, or too short for that
	DropCookie                 // for somebody else
	DropTruncated              // shorter than it says
	DropOld                    // far older than others, or too old to tell a repetition
	DropReplay                 // seen before
	DropFrame                  // its frame is not an Ethernet frame, or too long
	DropCompressed             // compressed without permission, or badly
	numDrops
)

var dropText = [numDrops]string{"not genuine", "wrong cookie", "truncated", "too old", "replayed", "bad frame length", "bad compression"}

func (d Drop) Error() string { return "udpaccel: packet " + d.String() }

func (d Drop) String() string {
	if int(d) >= len(dropText) {
		return fmt.Sprintf("Drop(%d)", uint8(d))
	}
	return dropText[d]
}

// An Engine is one end of a UDP acceleration, without clock and socket: it turns frames into packets and
// packets into frames. It outlives sockets. Seal may be called by one goroutine and Open by another one at
// the same time; the other methods are safe for concurrent use.
//
// Times are passed in, as the time since some start; they never go back and must be at least a millisecond.
type Engine struct {
	params   Params
	out, in  box
	ivLen    int
	front    int
	overhead int // of a packet, without padding
	health   health
	peerTick atomic.Uint64 // highest one received
	echo     atomic.Uint64 // highest of ours that the peer has shown to have received
	muted    atomic.Bool

	sealing  sync.Mutex // held by a path while it calls Seal
	opening  sync.Mutex // held by a path while it calls Open and uses the result
	replay   replayWindow
	expander zblock.Expander
	expanded [frame.MaxLen]byte
}

// Params is what both ends have agreed on.
type Params struct {
	Version                int    // 1 or 2
	SendKey, RecvKey       []byte // at least 20 bytes in version 1, 32 in version 2
	SendCookie, RecvCookie uint32
	Fast                   bool // fast disconnect detection
	Compressed             bool // the session uses compression: packets may hold compressed frames
	// Stable is how long a path must have been alive before it carries our frames; 0 means the protocol's 10
	// s.
	Stable time.Duration
}

// NewEngine returns the end that p describes.
func NewEngine(p Params) (*Engine, error) {
	e := &Engine{params: p}
	need := map[int]int{1: v1KeyLen, 2: 32}[p.Version]
	switch {
	case need == 0:
		return nil, fmt.Errorf("udpaccel: unknown version %d", p.Version)
	case len(p.SendKey) < need || len(p.RecvKey) < need:
		return nil, fmt.Errorf("udpaccel: keys of %d and %d bytes, version %d needs %d", len(p.SendKey), len(p.RecvKey), p.Version, need)
	}
	if p.Version == 1 {
		e.out, e.in, e.ivLen = newBoxV1(p.SendKey), newBoxV1(p.RecvKey), v1IVLen
	} else {
		out, err := newBoxV2(p.SendKey)
		if err != nil {
			return nil, err
		}
		in, err := newBoxV2(p.RecvKey)
		if err != nil {
			return nil, err
		}
		e.out, e.in, e.ivLen = out, in, v2IVLen
	}
	front, back := e.out.overhead()
	e.front, e.overhead = front, front+headerLen+back
	e.health.pace, e.health.period = slowPace, cmp.Or(p.Stable, stablePeriod)
	if p.Fast {
		e.health.pace = fastPace
	}
	return e, nil
}

// Version returns 1 or 2.
func (e *Engine) Version() int { return e.params.Version }

// Size returns the length of the packet for a frame of n bytes, without padding.
func (e *Engine) Size(n int) int { return e.overhead + n }

// Seal makes in p the packet for a frame of at most frame.MaxLen bytes or, without a frame, a keep-alive. The
// length of p is that of the packet: [Engine.Size], and up to 31 more.
func (e *Engine) Seal(now time.Duration, p, f []byte) { e.seal(tick(now), p, f, false) }

// seal is Seal with a given tick, any padding, and a frame that may be compressed.
func (e *Engine) seal(tick uint64, p, f []byte, compressed bool) {
	h := header{cookie: e.params.SendCookie, tick: tick, size: len(f), compressed: compressed}
	if !e.muted.Load() {
		h.echo = e.peerTick.Load()
	}
	inside := p[e.front:]
	h.put(inside)
	n := headerLen + copy(inside[headerLen:], f)
	clear(inside[n : len(p)-e.overhead+headerLen])
	e.out.seal(p)
	e.health.sent(echoed(tick))
}

// tick is the wire form of a time, and echoed its inverse.
func tick(now time.Duration) uint64          { return uint64(now.Milliseconds()) }
func echoed(tick uint64) (now time.Duration) { return time.Duration(tick) * time.Millisecond }

// Open opens the packet p in place and returns its frame, nil for a keep-alive. The frame is a view of p or,
// if it was compressed, of a buffer that the next Open overwrites. A non-nil error is a [Drop].
func (e *Engine) Open(now time.Duration, p []byte) ([]byte, error) {
	if len(p) > maxReceived {
		return nil, DropForged
	}
	inside := e.in.open(p)
	if inside == nil {
		return nil, DropForged
	}
	h, data, ok := parseHeader(inside)
	newest := e.peerTick.Load()
	switch {
	case !ok:
		return nil, DropTruncated
	case h.cookie != e.params.RecvCookie:
		return nil, DropCookie
	case h.tick == 0 || h.tick < newest && newest-h.tick > uint64(tickWindow.Milliseconds()):
		return nil, DropOld
	case h.tick <= e.replay.floor:
		return nil, DropOld
	case e.replay.seen(p[:e.ivLen], h.tick):
		return nil, DropReplay
	}
	if h.tick > newest {
		e.peerTick.Store(h.tick)
	}
	// An echo from the future is not one; the comparison also keeps echoed from overflowing.
	if h.echo != 0 && h.echo <= tick(now) {
		e.health.heard(now, echoed(h.echo))
		if h.echo > e.echo.Load() {
			e.echo.Store(h.echo)
		}
	}
	if h.size == 0 {
		return nil, nil
	}
	if h.compressed {
		if !e.params.Compressed {
			return nil, DropCompressed
		}
		n, err := e.expander.Expand(e.expanded[:], data)
		if err != nil {
			return nil, DropCompressed
		}
		data = e.expanded[:n]
	}
	if len(data) < frame.HeaderLen || len(data) > frame.MaxLen {
		return nil, DropFrame
	}
	return data, nil
}

// Usable reports whether frames may be sent: the peer was heard just now and hears us, and that has been so
// for the stable period, 10 s unless [Params] say otherwise.
func (e *Engine) Usable(now time.Duration) bool { return e.health.carries(now) }

// Alive reports whether the peer is heard, without waiting for the stable period. It may not hear us.
func (e *Engine) Alive(now time.Duration) bool {
	last := time.Duration(e.health.last.Load())
	return last != 0 && now-last <= e.health.limit
}

// Answers reports whether the peer is heard and shows to hear us, without waiting for the stable period.
func (e *Engine) Answers(now time.Duration) bool { return e.Alive(now) && e.health.answered(now) }

// RTT returns an upper bound on the round trip, 0 before there is one.
func (e *Engine) RTT() time.Duration { return time.Duration(e.health.rtt.Load()) }

// Mute makes our packets claim that nothing was heard. A peer that follows the protocol then keeps its frames
// off this path, though it goes on showing that it hears us.
func (e *Engine) Mute(on bool) { e.muted.Store(on) }

// Doubt requires the path to prove itself again: it is not usable until the peer has shown to have received
// something sent from now on.
func (e *Engine) Doubt(now time.Duration) { e.health.doubt.Store(int64(echoed(tick(now)))) }

// Forgive makes the silence that ends with the next packet count for nothing: it was this side that did not
// listen.
func (e *Engine) Forgive() { e.health.forgive.Store(true) }

// interval draws the time until the next keep-alive.
func (e *Engine) interval() time.Duration { return e.health.interval() }
