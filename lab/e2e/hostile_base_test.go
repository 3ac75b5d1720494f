// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// The local network is the attacker's: it hands out routes and addresses that draw traffic out of a VPN.
func TestStrictModeHoldsAgainstTheLocalNetwork(t *testing.T) {
	for name, tt := range map[string]struct {
		router string
		also   []netip.Addr
		more   []string
	}{
		"TunnelVision": {
			plan.Bases[1].Router.String() + "/24", nil,
			[]string{"dhcp-option=121,0.0.0.0/0,10.82.0.1,192.0.2.0/24,10.82.0.1,10.20.0.0/25,10.82.0.1"},
		},
		"TunnelCrack": {"192.0.2.1/24", []netip.Addr{elsewhere4}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := freshNetwork(t)
			// As systemd sets it up: answers to nobody are not taken.
			w.ok(w.Desktop.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("2"), 0) }))
			server, err := w.BaseByDHCP(w.ctx, netip.MustParsePrefix(tt.router), tt.also, tt.more...)
			w.ok(err)
			w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))))
			w.ok(w.Desktop.UseBase(w.ctx, 1))
			w.pings(plan.ServerAddr)

			w.ok(w.Desktop.Up(w.ctx, "office"))
			seen := w.watchesBases()
			w.sends(elsewhere4)
			seen.some(elsewhere4) // without strict mode the attack works
			w.down("office")

			w.strictly("on", "office")
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.pings(plan.OfficeInner, plan.OfficeGateway)
			w.blocked(func() { w.pings(plan.OfficeInner) })
			renewed := strings.Count(server.Tail(1000), "DHCPACK")
			w.blocked(func() { time.Sleep(5 * time.Second) })
			if n := strings.Count(server.Tail(1000), "DHCPACK"); n <= renewed {
				t.Errorf("the lease of the base is not renewed:\n%s", server.Tail(20))
			}
			// The router asks for our address, as it does now and then.
			_, err = w.Internet.Must(w.ctx, "ip", "neigh", "flush", "all")
			w.ok(err)
			w.pings(plan.OfficeInner)
			// And joins the network once more, with all its routes.
			w.blocked(func() { w.ok(w.Desktop.Down(w.ctx, "office")) }, func() { w.ok(w.Desktop.Down(w.ctx, plan.Bases[1].Profile)) },
				func() { w.ok(w.Desktop.UseBase(w.ctx, 1)) })
			w.ok(w.Desktop.Up(w.ctx, "office"))
			w.pings(plan.OfficeInner)
			w.down("office")
			w.strictly("off", "--all")
		})
	}
}
