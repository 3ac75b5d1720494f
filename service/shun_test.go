// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"network-manager-softether/protocol"
)

func TestABaseIsLeftAloneForLongerEachTime(t *testing.T) {
	now := time.Unix(1e9, 0)
	var s shunning
	var pauses []time.Duration
	fails := func(after time.Duration) {
		now = now.Add(after)
		s = s.longer(now)
		pauses = append(pauses, s.pause)
		now = s.until
	}
	for range 7 {
		fails(time.Second)
	}
	fails(shunProven * shunMost) // it has done well
	fails(shunProven*shunFirst - 1)
	want := []time.Duration{3, 6, 12, 24, 48, 60, 60, 3, 6}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(pauses, want) {
		t.Errorf("pauses are %v, want %v", pauses, want)
	}
}

// A base that still does not lead to the server is tried less and less often.
func TestALogInPageIsNotPestered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := onGround(t, true, without(eth))
		began := time.Now()
		st.becomes()
		for _, pause := range []time.Duration{0, shunFirst, 2 * shunFirst, 4 * shunFirst} {
			wait(pause + walkSettles)
			st.moved(t, true)
			st.event(protocol.Stayed{Err: errors.New("a log-in page")})
			st.base(t, "wlan0")
		}
		if d := time.Since(began); d < 7*shunFirst {
			t.Errorf("four walks in %v", d)
		}
		st.Disconnect()
	})
}
