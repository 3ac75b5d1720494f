// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
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
			w.shows("office", "IP4.ROUTE", "10.81.0.0/25", "10.81.0.128/25")
			w.inOffice("office")
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

// The same with all else that carries the tunnel: what is neither TCP nor its acceleration, and a proxy that is on the
// local link as well.
func TestTheServerIsOnTheLocalLinkByOtherWays(t *testing.T) {
	w := freshNetwork(t)
	// One public subnet has the desktop, the server and the proxies.
	self := netip.MustParsePrefix("203.0.113.200/24")
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", plan.Bases[0].Profile, "+ipv4.addresses", self.String())
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", plan.Bases[0].Device)
	w.ok(err)
	// The server's answers that are not TCP come from where the kernel says.
	_, err = w.Internet.Must(w.ctx, "ip", "route", "add", plan.Single(self.Addr()).String(), "dev", plan.Bases[0].Far, "src", plan.ServerAddr.String())
	w.ok(err)
	w.eventually("the server on the local link", 10*time.Second, func() error {
		_, err := w.Desktop.Ping(w.ctx, plan.ServerAddr)
		return err
	})
	local := servers.OfficeDHCP()
	halves := []string{"203.0.113.0/25", "203.0.113.128/25"}
	for _, half := range halves {
		local.Routes = append(local.Routes, servers.Route{Dst: netip.MustParsePrefix(half), Via: plan.OfficeGateway})
	}
	w.office(local)
	proxies := func(on bool) { w.ok(w.OnlyProxies(w.ctx, on)) }
	for _, tc := range []struct {
		name    string
		profile func() desktop.VPN
		let     string // to the server: all else is lost
		end     func()
	}{
		{"an HTTP proxy", func() desktop.VPN {
			w.ok(w.StartSquid(w.ctx, servers.SquidOpen))
			proxies(true)
			return w.proxied("http", servers.SquidOpen, false)
		}, "", func() { proxies(false) }},
		{"a SOCKS proxy", func() desktop.VPN {
			w.ok(w.StartDante(w.ctx, servers.DanteOpen))
			proxies(true)
			return w.proxied("socks5", servers.DanteOpen, false)
		}, "", func() { proxies(false) }},
		{"ICMP", func() desktop.VPN { w.ok(w.Server.OverICMP(w.ctx)); return w.by("icmp") }, "meta l4proto icmp", nil},
		{"R-UDP", func() desktop.VPN {
			_, err := w.Server.BehindRendezvous(w.ctx)
			w.ok(err)
			return w.by("udp")
		}, "meta l4proto udp", nil},
		{"DNS", func() desktop.VPN { w.ok(w.Server.OverDNS(w.ctx)); return w.by("dns") }, "udp dport 53", nil}, // the end of names
	} {
		v := tc.profile()
		v.Name, v.Data["accept-overlapping-routes"] = tc.name, "yes"
		w.ok(w.OnlyLet(w.ctx, tc.let))
		mark := w.Desktop.NMLogMark()
		w.up(v)
		w.hasRoutes(halves[0]+" via 10.20.0.1 dev "+w.tap(), halves[1]+" via 10.20.0.1 dev "+w.tap())
		w.shows(tc.name, "IP4.ROUTE", halves...)
		b := w.beats()
		time.Sleep(3 * time.Second)
		gap, lost := b.gap(), b.stop()
		t.Logf("%s: longest gap %v, %d lost", tc.name, gap, lost)
		w.inOffice(tc.name)
		// A tunnel whose packets go into itself is dead until the session is given up.
		if log := w.Desktop.VPNLog(mark); strings.Contains(log, "session lost") {
			t.Errorf("%s: the session was lost:\n%s", tc.name, log)
		}
		w.down(tc.name)
		w.ok(w.OnlyLet(w.ctx, ""))
		if tc.end != nil {
			tc.end()
		}
	}
}
