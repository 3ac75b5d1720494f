// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

func TestANewRouterTakesADetour(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, false)
		follow := func(pinnedToo bool) {
			st.changed(func() terrain {
				t := onServer(field())
				for i, r := range t.routes {
					if r.nic == eth && r.via.IsValid() && (pinnedToo || !pinned(r, serverAddr.Addr())) {
						t.routes[i].via = netip.MustParseAddr("10.1.0.3")
					}
				}
				return t
			}())
			synctest.Wait()
		}
		follow(false)
		st.expect(t, "config se0 via 10.1.0.3")
		st.becomes(changed(wg, func(n *nic) { n.up = false })) // and back: nothing more
		follow(false)
		wait(renewalPause)
		st.expect(t, "config se0 via 192.0.2.1")
		st.moved(t)
		follow(true)
		st.moved(t, true) // what goes by the new router already may be heard
		st.event(protocol.Stayed{Err: protocol.ErrUnreachable})
		st.moved(t)
		if at, _ := st.path.standing(); at.base.via != netip.MustParseAddr("10.1.0.3") {
			t.Errorf("the base is %v", at.base)
		}
		st.becomes()
		st.event(protocol.Detached{Err: protocol.ErrLost})
		follow(true)
		st.moved(t, true, false) // back, and away once more with nothing to be careful with
		st.Disconnect()
	})
}

// A base that comes back with another router, as when a network is configured anew: NetworkManager's
// route to the server outlives it.
func TestARouteToAFormerRouterIsRenewed(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		st := onGround(t, true)
		st.becomes(without(wifi), without(eth))
		wait(lossSettles)
		st.moved(t, false)
		st.event(protocol.Detached{Err: protocol.ErrLost})
		st.nm.take()
		st.becomes(without(wifi), router(eth, "10.1.0.3", false))
		st.moved(t, false)
		st.expect(t, "config se0 via 10.1.0.3")
		st.becomes(without(wifi), router(eth, "10.1.0.3", true))
		st.moved(t, false) // what went to the former router is not waited for
		st.becomes(without(wifi), router(eth, "10.1.0.3", true))
		st.moved(t)
		st.Disconnect()
	})
}
