// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
)

// A carriage is what a session goes by to its server, if not by TCP straight there. UDP acceleration, which needs its time
// to begin, has a test of its own.
type carriage struct {
	name    string
	passes  string // all that the way to the server lets through
	prepare func(w *world) error
	profile func(w *world) desktop.VPN
	open    bool // not possible in strict mode
	counts  bool // the server may count a connection that was lost for as long as its time-out, and take no more beside it
}

var carriages = []carriage{
	{
		"an HTTP proxy", "iifname lo", func(w *world) error { return w.StartSquid(w.ctx, servers.SquidOpen) },
		func(w *world) desktop.VPN { return w.byProxy("http", servers.SquidOpen) }, false, true,
	},
	{
		"a SOCKS proxy", "iifname lo", func(w *world) error { return w.StartDante(w.ctx, servers.DanteOpen) },
		func(w *world) desktop.VPN { return w.byProxy("socks5", servers.DanteOpen) }, false, true,
	},
	{
		"R-UDP", "meta l4proto udp", func(w *world) error { _, err := w.Server.BehindRendezvous(w.ctx); return err },
		func(w *world) desktop.VPN { return w.by("udp") }, true, false,
	},
	{
		"ICMP", "meta l4proto icmp", func(w *world) error { return w.Server.OverICMP(w.ctx) },
		func(w *world) desktop.VPN { return w.by("icmp") }, false, false,
	},
	{
		"DNS", "udp dport 53", func(w *world) error { return w.Server.OverDNS(w.ctx) },
		func(w *world) desktop.VPN { return w.by("dns") }, false, false,
	},
}

// byProxy goes to the server's address by a proxy.
func (w *world) byProxy(kind string, port int) desktop.VPN {
	v := w.by("tcp")
	v.Data["proxy-type"], v.Data["proxy-server"] = kind, fmt.Sprintf("%v:%d", plan.ProxyAddr, port)
	return v
}

// A departure is a way to lose the first base, and to have it back.
var departures = []struct {
	name        string
	leave, back func(w *world)
}{
	{"disconnected", func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) }, func(w *world) { w.activates(plan.Bases[0].Profile) }},
	{"cable pulled", func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) }, func(w *world) {
		w.ok(w.Internet.SetLink(wan0, true))
		w.ok(w.Server.AnswerAsItself(w.ctx))
	}},
}

// A session by any other way than TCP to the server follows the computer from network to network, and back, without any
// right that it had when it came up. Nobody outside sees what it carries.
func TestEveryCarriageRoams(t *testing.T) {
	t.Parallel()
	for _, c := range carriages {
		t.Run(c.name, func(t *testing.T) {
			w := freshNetwork(t)
			w.verbose()
			w.both(false)
			w.farAway()
			w.ok(c.prepare(w))
			w.ok(w.OnlyLet(w.ctx, c.passes))
			v := c.profile(w)
			v.More = append(v.More, "vpn.persistent", "yes")
			w.ok(w.Desktop.Add(w.ctx, v))
			if !c.open {
				w.strictly("on", v.Name)
			}
			w.ok(w.Desktop.Up(w.ctx, v.Name))
			w.ok(w.withoutRights())
			end := w.streamsMeanwhile()
			secret := w.private(true)
			b := w.beats()
			step := func(what string, do func(w *world), says string) {
				t.Helper()
				mark := w.Desktop.NMLogMark()
				b.fresh()
				do(w)
				w.says(mark, says)
				t.Logf("%s: longest gap %v", what, b.gap())
			}
			first, second := "going on over "+plan.Bases[0].Device, "going on over "+plan.Bases[1].Device
			for _, d := range departures {
				step(d.name, d.leave, second)
				step("and back", d.back, first)
				if c.counts {
					break // back after a second loss, it might have to wait
				}
			}
			step("silent", func(w *world) { w.ok(w.Vanish(w.ctx, plan.Bases[0])) }, second)

			// The server has no other IPv4 address, nor the ways to it an IPv6 one: so there is a network, and none for the tunnel.
			w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
			step("for two seconds IPv6 alone", func(w *world) {
				mark := w.Desktop.NMLogMark()
				w.hasIPv4(plan.Bases[1], false)
				w.says(mark, "waiting for a network")
				time.Sleep(2 * time.Second)
				w.hasIPv4(plan.Bases[1], true)
			}, second)
			b.quit()
			end()
			secret()
			w.down(v.Name)
		})
	}
}

// hasIPv4 takes a base's IPv4 addresses away while it is up, or gives them back.
func (w *world) hasIPv4(b plan.Base, on bool) {
	w.t.Helper()
	change := []string{"device", "modify", b.Device, "ipv4.method", "disabled", "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dns", ""}
	if on {
		change = []string{"device", "reapply", b.Device} // as the profile has it
	}
	_, err := w.Desktop.MustNMCLI(w.ctx, change...)
	w.ok(err)
}
