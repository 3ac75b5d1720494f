// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Times of the protocol (softether-protocol.md 10.5).
const (
	// tickWindow is how much older than the newest tick a tick may be, and how old an echo of our own.
	tickWindow = 30 * time.Second
	// stablePeriod is how long a path must have been alive before it carries frames, unless [Params] say
	// otherwise.
	stablePeriod = 10 * time.Second
)

// A pace is how often each side sends keep-alives, and what follows from that. Which one applies is
// negotiated.
type pace struct {
	limit    time.Duration // silence that ends the stable period
	quiet    time.Duration // longest pause between the peer's keep-alives
	min, max time.Duration // between ours
}

var (
	fastPace = pace{limit: 2100 * time.Millisecond, quiet: time.Second, min: 500 * time.Millisecond, max: 750 * time.Millisecond}
	slowPace = pace{limit: 9 * time.Second, quiet: 3 * time.Second, min: time.Second, max: 1500 * time.Millisecond}
)

// interval draws the time until the next keep-alive.
func (p *pace) interval() time.Duration { return p.min + rand.N(p.max-p.min) }

// answerSlack is added to the peer's pause and the round trip before a packet counts as unanswered.
const answerSlack = 100 * time.Millisecond

// health tracks whether a path is alive. Times are since the engine's start and never 0. heard is called by
// one goroutine, sent by one at a time, and the other methods by any.
type health struct {
	pace
	period time.Duration // stablePeriod
	last   atomic.Int64  // when the peer was last heard
	stable atomic.Int64  // since when the peer has never been silent for longer than limit
	// unanswered is when the first packet was sent that the peer has not yet shown to have received; 0: none.
	unanswered atomic.Int64
	rtt        atomic.Int64 // upper bound
	newest     atomic.Int64 // newest echo
	forgive    atomic.Bool  // the present silence is our own doing
	doubt      atomic.Int64 // what was sent before this says nothing about the present path; 0: everything does
}

// heard processes a genuine packet that echoes a tick of ours.
func (h *health) heard(now, echo time.Duration) {
	age := now - echo
	if age < 0 || age >= tickWindow {
		return
	}
	forgiven := h.forgive.Swap(false)
	if last := time.Duration(h.last.Load()); last == 0 || now-last > h.limit && !forgiven {
		h.stable.Store(int64(now))
	}
	h.last.Store(int64(now))
	// The age includes the peer's own pause, so small ones tell more, and repeated ones nothing.
	switch rtt := time.Duration(h.rtt.Load()); {
	case int64(echo) <= h.newest.Load():
	case rtt == 0 || age < rtt:
		h.rtt.Store(int64(age))
	default:
		h.rtt.Store(int64(min(age, rtt+rtt/16+time.Millisecond)))
	}
	h.newest.Store(max(h.newest.Load(), int64(echo)))
	if d := h.doubt.Load(); d != 0 && int64(echo) > d {
		h.doubt.CompareAndSwap(d, 0)
	}
	if u := h.unanswered.Load(); u != 0 && int64(echo) >= u {
		h.unanswered.CompareAndSwap(u, 0)
	}
}

// sent records that a packet was sent, at the time that an echo of it will show.
func (h *health) sent(now time.Duration) {
	if h.unanswered.Load() == 0 {
		h.unanswered.Store(int64(echoed(tick(now))))
	}
}

// usable is the protocol's own rule.
func (h *health) usable(now time.Duration) bool {
	last := time.Duration(h.last.Load())
	return last != 0 && now-last <= h.limit && now-time.Duration(h.stable.Load()) >= h.period
}

// carries is our stricter rule for sending. It turns false as soon as one keep-alive of the peer is missing,
// or nothing shows that ours arrive, and true again with the next one; only limit costs another stable
// period.
func (h *health) carries(now time.Duration) bool {
	return h.doubt.Load() == 0 && h.usable(now) && now-time.Duration(h.last.Load()) <= h.quiet && h.answered(now)
}

// answered reports whether the peer has shown to receive what was sent, or may still do so in time.
func (h *health) answered(now time.Duration) bool {
	u := time.Duration(h.unanswered.Load())
	return u == 0 || now-u <= h.quiet+time.Duration(h.rtt.Load())+answerSlack
}
