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
