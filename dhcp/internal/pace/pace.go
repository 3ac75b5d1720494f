// SPDX-License-Identifier: Apache-2.0

// Package pace decides when a client retransmits and when time is up.
package pace

import (
	"math/rand/v2"
	"time"
)

// Poll is how often a client that waits for something far away looks at the clocks, since no timer runs while
// the machine sleeps.
const Poll = 30 * time.Second

// Jitter returns d, randomly up to a tenth shorter or longer, so that many clients of one server do not stay
// in step (RFC 8415 15).
func Jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()*0.2-0.1)*float64(d))
}

// Double returns twice prev, at most limit.
func Double(prev, limit time.Duration) time.Duration { return min(2*prev, limit) }

// Left returns the time until deadline, by whichever clock says less.
//
// The monotonic clock of Linux stands still while the machine is suspended; the wall clock does not, but may
// be set. With the smaller difference, a lease that ran out during sleep has run out, a clock set back
// extends nothing, and a clock set forward at worst has an address asked for again early.
func Left(deadline, now time.Time) time.Duration {
	return min(deadline.Sub(now), deadline.Round(0).Sub(now.Round(0)))
}
