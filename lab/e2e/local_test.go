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

// onTheServersLink puts the desktop, the VPN server and the proxies into one public subnet, and has the office push a
// route over it in two halves, which it returns: they win against the subnet itself.
func (w *world) onTheServersLink() (halves []string) {
	w.t.Helper()
	self := netip.MustParsePrefix("203.0.113.200/24")
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", plan.Bases[0].Profile, "+ipv4.addresses", self.String())
	w.ok(err)
	_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", plan.Bases[0].Device)
	w.ok(err)
	// The server's answers that are not TCP come from where the kernel says.
	_, err = w.Internet.Must(w.ctx, "ip", "route", "add", plan.Single(self.Addr()).String(), "dev", plan.Bases[0].Far, "src", plan.ServerAddr.String())
	w.ok(err)
	w.pings(plan.ServerAddr)
	local := servers.OfficeDHCP()
	halves = []string{"203.0.113.0/25", "203.0.113.128/25"}
	for _, half := range halves {
		local.Routes = append(local.Routes, servers.Route{Dst: netip.MustParsePrefix(half), Via: plan.OfficeGateway})
	}
	w.office(local)
	return halves
}

// locally connects where the server is on the local link, and checks for a time that the tunnel's own packets do not go
// into it: whatever carries them is then dead until the session is given up.
func (w *world) locally(v desktop.VPN, halves []string, length time.Duration) {
	w.t.Helper()
	v.Data["accept-overlapping-routes"] = "yes"
	mark := w.Desktop.NMLogMark()
	w.up(v)
	w.hasRoutes(halves[0]+" via 10.20.0.1 dev "+w.tap(), halves[1]+" via 10.20.0.1 dev "+w.tap())
	w.shows(v.Name, "IP4.ROUTE", halves...)
	b := w.beats()
	time.Sleep(length)
	gap, lost := b.gap(), b.stop() // a long one is UDP acceleration's that is dead
	w.t.Logf("%s: longest gap %v, %d lost", v.Name, gap, lost)
	w.inOffice(v.Name)
	if log := w.Desktop.VPNLog(mark); strings.Contains(log, "session lost") {
		w.t.Errorf("%s: the session was lost:\n%s", v.Name, log)
	}
	if gap > 8*time.Second {
		w.t.Errorf("%s: nothing passed for %v", v.Name, gap)
	}
	w.down(v.Name)
}

// A person sits in the office, on one network with the VPN server, and the hub pushes a route over that network. The
// tunnel's own packets, by whatever they travel, must not take it: they did, from the first socket on.
func TestTheServerIsOnTheLocalLink(t *testing.T) {
	w := freshNetwork(t)
	halves := w.onTheServersLink()
	for udp, length := range map[string]time.Duration{"no": 3 * time.Second, "yes": 12 * time.Second} { // UDP acceleration carries after 10 s
		v := w.by("tcp")
		v.Name, v.Data["udp-acceleration"] = "UDP acceleration "+udp, udp
		w.locally(v, halves, length)
	}
}

// The same with everything else that carries the tunnel: what is neither TCP nor UDP acceleration, and a proxy on the
// local link.
func TestTheServerIsOnTheLocalLinkByOtherWays(t *testing.T) {
	w := freshNetwork(t)
	halves := w.onTheServersLink()
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
		v.Name = tc.name
		w.ok(w.OnlyLet(w.ctx, tc.let))
		w.locally(v, halves, 3*time.Second)
		w.ok(w.OnlyLet(w.ctx, ""))
		if tc.end != nil {
			tc.end()
		}
	}
}
