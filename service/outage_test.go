// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestWithoutANetworkNothingIsDoneForHours(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.addressed()
		st.becomes(without(wifi), without(eth))
		wait(lossSettles)
		st.moved(t, false)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		time.Sleep(outageShown - 2*time.Millisecond)
		st.expect(t)
		time.Sleep(20 * time.Second)
		st.session.die(protocol.ErrUnreachable)
		time.Sleep(5 * time.Hour)
		st.expect(t, "state starting")
		if n := len(st.dialled); n != 1 {
			t.Errorf("%d attempts without a network", n-1)
		}
		st.becomes(without(eth))
		if n := len(st.dialled); n != 2 {
			t.Errorf("%d attempts at once when there is one again, want 1", n-1)
		}
		st.base(t, "wlan0")
		st.hears(t, "config se0 via 192.0.2.1", "state started")
		st.Disconnect()
	})
}

// NetworkManager would stay at "connecting" for ever.
func TestAnOutageIsNotShownWhereAllAddressesAreThePersonsOwn(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.becomes(without(wifi), without(eth))
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.session.die(protocol.ErrUnreachable)
		time.Sleep(time.Hour)
		st.becomes(without(eth))
		st.base(t, "wlan0")
		wait(time.Hour)
		for _, line := range st.nm.take() {
			if line == "state starting" {
				t.Error("NetworkManager is told that the VPN is connecting")
			}
		}
		st.Disconnect()
	})
}

func TestAShortOutageIsNotShown(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true, without(wifi))
		st.becomes(without(wifi), changed(eth, func(n *nic) { n.up = false }))
		time.Sleep(outageShown / 2)
		st.becomes(without(wifi))
		st.moved(t, false, false)
		st.event(protocol.Reattached{Addr: serverAddr})
		time.Sleep(time.Hour)
		st.expect(t)
		st.Disconnect()
	})
}
