// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/internal/bubbletest"
)

func TestAConnectionKnowsWhatItHears(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		client, server := pair(t, weather{delay: 50 * time.Millisecond})
		go func() {
			for b := make([]byte, 64); ; {
				if _, err := server.Read(b); err != nil {
					return
				}
			}
		}()
		want := func(when string, unacked, overdue bool, atLeast, atMost time.Duration) {
			t.Helper()
			u, o, quiet := client.Hearing()
			if u != unacked || o != overdue || quiet < atLeast || quiet > atMost {
				t.Errorf("%s: unacked %v, overdue %v, quiet for %v", when, u, o, quiet)
			}
		}
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		client.Write([]byte("x"))
		want("on its way", true, false, 0, 5*time.Second)
		pass(time.Second)
		want("acknowledged", false, false, 0, time.Second)
		pass(time.Minute)
		if unacked, _, _ := client.Hearing(); unacked { // a sign of life is on its way
			pass(300 * time.Millisecond)
		}
		want("idle", false, false, 0, keepAliveMax+time.Second)

		client.carrier.(*pipe).set(func() { client.carrier.(*pipe).weather.lose = 1 })
		server.carrier.(*pipe).set(func() { server.carrier.(*pipe).weather.lose = 1 })
		client.Write([]byte("y"))
		pass(4 * time.Second)
		want("lost", true, true, 4*time.Second-50*time.Millisecond, keepAliveMax+5*time.Second)
		pass(time.Minute) // over
		want("over", true, true, time.Minute, 2*time.Minute)
	})
}
