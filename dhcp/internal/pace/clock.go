// SPDX-License-Identifier: Apache-2.0

package pace

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time by which deadlines are set and judged, with [Left]. Unlike Go's monotonic clock it goes on while the
// machine is suspended, and unlike the wall clock it cannot be set. It is the clock by which NetworkManager
// and the kernel count the lifetimes of other interfaces' addresses (CLOCK_BOOTTIME). Its wall clock reading
// means nothing.
func Now() time.Time { return time.Now().Add(machine.slept()) }

// Left returns the time until deadline, both of them from [Now].
func Left(deadline, now time.Time) time.Duration { return deadline.Sub(now) }

// A sleeper counts the time that the machine was suspended. It takes the difference between the kernel's
// clocks as an offset to Go's, so that tests with a clock of their own have that one.
type sleeper struct {
	measure func() (d time.Duration, ok bool)

	mu    sync.Mutex
	start time.Duration // at first
	last  time.Duration
}

var machine = newSleeper(suspended)

// The two clocks cannot be read at the same instant. A measurement that took longer than maxSkew is ignored, and one that differs
// by less than minSleep is not sleep.
const (
	maxSkew  = 50 * time.Millisecond
	minSleep = 200 * time.Millisecond
)

func newSleeper(measure func() (time.Duration, bool)) *sleeper {
	s := &sleeper{measure: measure}
	s.start, _ = measure()
	s.last = s.start
	return s
}

// slept returns for how long the machine has been suspended so far.
func (s *sleeper) slept() time.Duration {
	d, ok := s.measure()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok && d > s.last+minSleep {
		s.last = d
	}
	return s.last - s.start
}

// suspended returns for how long the machine has been suspended since it was started.
func suspended() (d time.Duration, ok bool) {
	var before, boot, after unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &before) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil ||
		unix.ClockGettime(unix.CLOCK_MONOTONIC, &after) != nil {
		return 0, false
	}
	return time.Duration(boot.Nano() - before.Nano()), time.Duration(after.Nano()-before.Nano()) < maxSkew
}
