// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"testing"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

// Behind a Wi-Fi's login page there is another server, which no patience helps against.
func TestALoginPageIsLeftForANetworkThatLeadsToTheServer(t *testing.T) {
	page, _ := certificate(protocol.CertMemberDiffer)
	for name, err := range map[string]error{
		"another certificate": page, "no TLS": protocol.ErrTLS, "another kind of server": protocol.ErrNotSoftEther, "no answer": protocol.ErrTimeout,
	} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true)
				st.session.die(fmt.Errorf("re-attach: %w", err))
				wait(shortestPause)
				st.base(t, "wlan0")
				if n := len(st.dialled); n != 2 {
					t.Errorf("%d attempts, want one over the other network", n-1)
				}
				st.Disconnect()
			})
		})
		t.Run("for the next login, "+name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true)
				st.call(func() error { st.answers = []error{err}; return nil })
				st.session.die(protocol.ErrLost)
				wait(2 * shortestPause)
				st.base(t, "wlan0")
				if n := len(st.dialled); n != 3 {
					t.Errorf("%d attempts, want one over each network", n-1)
				}
				st.Disconnect()
			})
		})
	}
}

// What the server itself says is no reason to look for it elsewhere.
func TestAnAnswerOfTheServerIsNotLookedForElsewhere(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.call(func() error { st.answers = []error{refused(protocol.CodeHubStopping)}; return nil })
		st.session.die(protocol.ErrLost)
		wait(2 * shortestPause)
		st.base(t, "eth0")
		st.Disconnect()
	})
}
