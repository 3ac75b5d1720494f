// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"
	"testing/synctest"
)

// Bubble runs a test with a clock of its own. The race detector of Go 1.26.8 cannot
// watch that: with timers that fire in a bubble it ends, one run in ten or so, with a
// segmentation fault of its own (in StackDepotBase::Put, or in maybeRunChan without a
// context). So make unit runs this package twice, and these tests in the other run.
func Bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if raceDetector {
		t.Skip("make unit runs this without the race detector")
	}
	synctest.Test(t, f)
}
