// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
)

// A person sits in the office, on one network with the VPN server, and the hub pushes a route over that network. The
// tunnel's own packets, by whatever they travel, must not take it: they did, from the first socket on.
func TestTheServerIsOnTheLocalLink(t *testing.T) {
	for _, tt := range []struct{ transport, udp string }{{"tcp", "no"}, {"tcp", "yes"}} {
		t.Run(tt.transport+", UDP acceleration "+tt.udp, func(t *testing.T) {
			w := freshNetwork(t)
			local := servers.OfficeDHCP()
			for _, half := range []string{"10.81.0.0/25", "10.81.0.128/25"} { // they win against the network itself
				local.Routes = append(local.Routes, servers.Route{Dst: netip.MustParsePrefix(half), Via: plan.OfficeGateway})
			}
			w.office(local)
			v := w.persistent("vpn.persistent", "no")
			v.Data["gateway"], v.Data["transport"], v.Data["udp-acceleration"] = plan.Bases[0].Router.String(), tt.transport, tt.udp
			v.Data["accept-overlapping-routes"] = "yes"
			w.up(v)
			w.hasRoutes("10.81.0.0/25 via 10.20.0.1 dev " + w.tap())
			b := w.beats()
			time.Sleep(12 * time.Second) // UDP acceleration carries after 10 s
			gap, lost := b.gap(), b.stop()
			t.Logf("longest gap %v, %d lost", gap, lost)
			if gap > 5*time.Second {
				t.Errorf("nothing passed for %v", gap)
			}
			w.down("office")
		})
	}
}
