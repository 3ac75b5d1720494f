// SPDX-License-Identifier: Apache-2.0

// Package bubbletest runs tests that have a clock of their own.
package bubbletest

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// Run runs f with a clock of its own, as [synctest.Test] does. Under the race detector it uses a single
// processor, so no test that runs in parallel with others may call it.
//
// All timers of a bubble share one of the detector's threads. A timer that is already due when it is set, or
// when a goroutine comes to its channel, fires there and then; two at once, on two processors, corrupt what
// the detector knows about that thread, and the process ends with a segmentation fault or a failed check (Go
// 1.26.8, runtime.(*timer).unlockAndRun; https://go.dev/issue/78156). Nothing is missed for lack of the
// second processor: the detector asks what orders two accesses, not when they happened.
func Run(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if raceDetector {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, f)
}
