// SPDX-License-Identifier: Apache-2.0

package pace

import "time"

// Seldom limits the rate of what anybody on the network can trigger at will, such as a warning. The zero
// value is ready to use. It is for one goroutine.
type Seldom struct{ next time.Time }

// Due reports whether it may be done at now, and if so, not again for pause.
func (s *Seldom) Due(now time.Time, pause time.Duration) bool {
	if Left(s.next, now) > 0 {
		return false
	}
	s.next = now.Add(pause)
	return true
}
