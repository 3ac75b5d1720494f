// SPDX-License-Identifier: Apache-2.0

package arq

import "time"

// Bounds of the time after which a segment is sent again (softether-protocol.md 11.3). The original starts
// from 1.2 round trips, without a minimum.
const (
	firstResend = 200 * time.Millisecond
	minResend   = 50 * time.Millisecond
	maxResend   = 4792 * time.Millisecond
)

// rtt estimates the time between a segment and its acknowledgement as TCP does (RFC 6298 2). The zero value
// has no estimate yet.
type rtt struct {
	smooth, spread time.Duration
}

// sample takes into account how long one segment, sent only once, waited.
func (r *rtt) sample(d time.Duration) {
	d = max(d, 0)
	if r.smooth == 0 {
		r.smooth, r.spread = max(d, 1), d/2
		return
	}
	diff := r.smooth - d
	if diff < 0 {
		diff = -diff
	}
	r.spread += (diff - r.spread) / 4
	r.smooth = max(r.smooth+(d-r.smooth)/8, 1)
}

// resend returns how long to wait for the acknowledgement of a segment that has been sent tries times.
func (r *rtt) resend(tries int) time.Duration {
	d := firstResend
	if r.smooth > 0 {
		d = max(r.smooth+4*r.spread, minResend)
	}
	for range min(tries-1, 10) {
		d *= 2
	}
	return min(d, maxResend)
}
