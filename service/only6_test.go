// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"

	"network-manager-softether/internal/bubbletest"
	"network-manager-softether/protocol"
)

// A server that has IPv4 alone may be reached where there is IPv6 alone, by an address that the name servers there know.
func TestWhereThereIsIPv6AloneTheServersNameIsLookedUp(t *testing.T) {
	router6 := netip.MustParseAddr("fe80::1")
	six := func(t *terrain) {
		t.nics[wifi] = nic{name: "wlan0", up: true, addrs: []netip.Addr{netip.MustParseAddr("2001:db8:7::2")}}
		t.routes = append(t.routes, groundRoute{netip.MustParsePrefix("::/0"), router6, wifi, 600})
	}
	for name, tt := range map[string]struct {
		gateway string
		there   bool
	}{"a name": {"vpn.example", true}, "an address": {serverAddr.Addr().String(), false}} {
		t.Run(name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				st := onGround(t, true, without(wifi))
				st.call(func() error { st.profile.Gateway.Host = tt.gateway; return nil })
				st.becomes(without(eth), without(wifi), six)
				wait(lossSettles)
				st.event(protocol.Detached{Err: protocol.ErrLost})
				st.base(t, "none")
				wait(only6Wait)
				if !tt.there {
					st.base(t, "none")
					st.moved(t, false)
					st.Disconnect()
					return
				}
				if at, _ := st.path.standing(); at.base != (base{wifi, "wlan0", router6}) || at.lost != "" {
					t.Errorf("it is looked for over %v (%s)", at.base, at.lost)
				}
				st.moved(t, false, false)
				st.becomes(without(eth), without(wifi), six, changed(wg, func(n *nic) { n.up = false }))
				st.moved(t) // it is there already
				st.becomes(without(eth), six, changed(wifi, func(n *nic) { n.addrs = append(n.addrs, netip.MustParseAddr("10.2.0.2")) }))
				st.moved(t, false) // IPv4 has come
				if at, _ := st.path.standing(); at.base != (base{wifi, "wlan0", netip.MustParseAddr("10.2.0.1")}) {
					t.Errorf("it is looked for over %v", at.base)
				}
				st.Disconnect()
			})
		})
	}
}
