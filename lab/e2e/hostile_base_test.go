// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// pushes is the line of dnsmasq that pushes routes by the second base's router.
func pushes(routes ...string) string {
	line := "dhcp-option=121"
	for _, r := range routes {
		line += "," + r + "," + plan.Bases[1].Router.String()
	}
	return line
}

// The local network pushes a default route in halves, as the tunnel's are. They are worse, or no better.
func TestHalvesOfTheLocalNetworkDoNotWin(t *testing.T) {
	w := freshNetwork(t)
	w.verbose()
	base := plan.Bases[1]
	_, err := w.BaseByDHCP(w.ctx, netip.PrefixFrom(base.Router, 24), nil, pushes("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"))
	w.ok(err)
	w.ok(w.Desktop.UseBase(w.ctx, 1))
	w.pings(plan.ServerAddr)
	w.up(w.persistent())
	for _, metric := range []string{"100", "50", "20"} { // the tunnel has 50
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", base.Profile, "ipv4.route-metric", metric)
		w.ok(err)
		_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", base.Device)
		w.ok(err)
		w.eventually("the halves of the base at metric "+metric, 20*time.Second, func() error {
			routes, err := w.Desktop.Must(w.ctx, "ip", "route", "show", "128.0.0.0/1", "dev", base.Device)
			if err == nil && !strings.Contains(routes, "metric "+metric) {
				err = fmt.Errorf("they are %q", routes)
			}
			return err
		})
		for _, to := range []netip.Addr{elsewhere4, lowerElsewhere4} {
			w.eventually("the way to "+to.String(), 20*time.Second, func() error {
				way, err := w.Desktop.RouteTo(to)
				return is("that", way, w.tap(), err)
			})
		}
		seen := w.watchesBases()
		for range 50 {
			w.whispers(elsewhere4, lowerElsewhere4, plan.OfficeInner)
			time.Sleep(10 * time.Millisecond)
		}
		for what, n := range seen.left(findsServer) {
			if !routersOwn(what) {
				t.Errorf("at metric %s %d packets left in clear: %s", metric, n, what)
			}
		}
		w.pings(plan.OfficeInner)
	}
	w.down("office")
}

// lowerElsewhere4 is in the other half of the Internet than elsewhere4.
var lowerElsewhere4 = netip.MustParseAddr("45.0.2.77")

// The local network is the attacker's: it hands out routes and addresses that draw traffic out of a VPN.
func TestStrictModeHoldsAgainstTheLocalNetwork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		router string
		also   []netip.Addr
		more   []string
	}{
		"TunnelVision": {
			plan.Bases[1].Router.String() + "/24", nil,
			[]string{pushes("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2", "192.0.2.0/24", "10.20.0.0/25")},
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
