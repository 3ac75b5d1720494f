// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/profile"
	"network-manager-softether/protocol"
)

// onDatagrams is onGround for a session over R-UDP, with nowhere else to go.
func onDatagrams(t *testing.T) *groundStage {
	t.Helper()
	st := onGround(t, true, without(wifi))
	st.call(func() error { st.profile.Transport = profile.TransportUDP; return nil })
	return st
}

func noCarrier(t *terrain) { changed(eth, func(n *nic) { n.up = false })(t) }

func TestDatagramsOutliveAnInterruption(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onDatagrams(t)
		st.becomes(without(wifi), noCarrier)
		wait(lossSettles)
		st.moved(t)
		st.becomes(without(wifi))
		st.moved(t, true) // beside what may live
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t)
		st.event(protocol.Silent{After: 4 * time.Second})
		st.moved(t, true)
		st.event(protocol.Moved{Addr: serverAddr})
		st.base(t, "eth0")
		if n := len(st.dialled); n != 1 {
			t.Errorf("%d logins, want 1", n)
		}
		st.Disconnect()
	})
}

func TestDatagramsThatTheServerForgotInSleepAreReplacedAtOnce(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onDatagrams(t)
		st.sleep(true, func() {})
		st.moved(t)
		time.Sleep(time.Hour)
		st.sleep(false, func() {})
		st.moved(t, true)
		st.event(protocol.Stayed{Err: refused(protocol.CodeSessionTimeout)})
		wait(2 * shortestPause)
		if n := len(st.dialled); n != 2 {
			t.Errorf("%d logins, want 2", n)
		}
		st.Disconnect()
	})
}
