// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// held counts what a connection can leave behind in the process.
func held(t *testing.T) (descriptors, goroutines int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds), runtime.NumGoroutine()
}

// A server that is never right is tried again for days. It must not cost a descriptor or a goroutine each time.
func TestAThousandFailedLoginsLeaveNothing(t *testing.T) {
	srv := start(t)
	tries := []struct {
		step  Step
		fault Fault
	}{
		{StepAccept, Hangup},
		{StepAccept, Reset},
		{StepAccept, PlainHTTP},
		{StepHello, Hangup},
		{StepHello, GarbagePack},
		{StepHello, Status("404 Not Found")},
		{StepLogin, Reset},
		{StepLogin, Truncated},
		{StepLogin, Refuse(33)},
		{StepLogin, SetInt("use_encrypt", 0)},
	}
	failed := func(rounds int) {
		for range rounds {
			for _, try := range tries {
				srv.Set(WithFault(try.step, try.fault))
				if s, err := protocol.Dial(t.Context(), alice(srv)); err == nil {
					s.Close()
					t.Fatal("logged in")
				}
				srv.Set(WithFault(try.step, nil))
			}
		}
	}
	failed(1) // what is opened once
	descriptors, goroutines := held(t)
	failed(100)
	const spare = 10 // of 1000: the server's, and the runtime's own
	for until := time.Now().Add(leaktest.Patience); ; time.Sleep(10 * time.Millisecond) {
		d, g := held(t)
		if d <= descriptors+spare && g <= goroutines+spare {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%d descriptors and %d goroutines became %d and %d", descriptors, goroutines, d, g)
		}
	}
}
