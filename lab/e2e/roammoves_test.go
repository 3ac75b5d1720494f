// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// official0 is the first cable of the official client's computer; plan.Bases[0] is ours.
var official0 = softether.OfficialCables[0]

// moves are those that make check has time for.
var moves = []move{
	{
		name:     "a better network comes up",
		prepare:  func(*world) {},
		ours:     func(w *world) { w.both(true) },
		official: func(w *world, o *softether.Official) { w.ok(o.PreferSecondCable(w.ctx)) },
		onto:     plan.Bases[1].Device,
	},
	{
		name:     "the network is disconnected",
		prepare:  func(w *world) { w.both(false) },
		ours:     func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) },
		official: func(w *world, o *softether.Official) { w.ok(o.SetLink(official0.Device, false)) },
		onto:     plan.Bases[1].Device,
	},
	{
		name:    "the cable is pulled",
		prepare: func(w *world) { w.both(false) },
		ours:    func(w *world) { w.ok(w.Internet.SetLink(wan0, false)) },
		official: func(w *world, o *softether.Official) {
			// Without NetworkManager nobody takes the route of a cable without carrier away.
			w.ok(w.Internet.SetLink(official0.Far, false))
			w.ok(o.PreferSecondCable(w.ctx))
		},
		onto: plan.Bases[1].Device,
	},
}

// moreMoves are those of -every-move. For the official client a shell takes NetworkManager's part.
var moreMoves = []move{
	{
		name:    "the network dies without a word",
		prepare: func(w *world) { w.both(false) },
		ours:    func(w *world) { w.ok(w.Vanish(w.ctx, plan.Bases[0])) },
		official: func(w *world, o *softether.Official) {
			for h, device := range map[*netns.Host]string{w.Internet: official0.Far, o.Host: official0.Device} {
				_, err := h.Must(w.ctx, "nft", fmt.Sprintf(`table netdev vanish2 { chain in { type filter hook ingress device %q priority 0; policy drop; }; }`, device))
				w.ok(err)
			}
		},
		onto: plan.Bases[1].Device,
	},
	{
		name:    "no carrier for two seconds",
		prepare: func(*world) {},
		ours:    func(w *world) { w.withoutCarrier(wan0, 2*time.Second) },
		official: func(w *world, _ *softether.Official) {
			w.withoutCarrier(official0.Far, 2*time.Second)
		},
	},
	{
		name:    "another address",
		prepare: func(*world) {},
		ours: func(w *world) {
			d, device := w.Desktop.Host, plan.Bases[0].Device
			w.ips(d, "address add 10.81.0.77/24 dev "+device, "address del 10.81.0.2/24 dev "+device, "address replace 10.81.0.77/24 dev "+device,
				"route replace default via 10.81.0.1 dev "+device+" metric 100")
		},
		official: func(w *world, o *softether.Official) {
			w.ips(o.Host, "address add 10.83.0.77/24 dev base0", "address del 10.83.0.2/24 dev base0", "address replace 10.83.0.77/24 dev base0",
				"route replace 203.0.113.10 via 10.83.0.1 dev base0")
		},
	},
	{
		name:    "another router",
		prepare: func(w *world) { w.ips(w.Internet, "address add 10.81.0.254/24 dev wan0") },
		ours: func(w *world) {
			b := plan.Bases[0]
			_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "modify", b.Profile, "ipv4.gateway", "10.81.0.254")
			w.ok(err)
			_, err = w.Desktop.MustNMCLI(w.ctx, "device", "reapply", b.Device)
			w.ok(err)
			w.ips(w.Internet, "address del 10.81.0.1/24 dev wan0", "address replace 10.81.0.254/24 dev wan0")
			w.ips(w.Desktop.Host, "neighbour flush dev "+b.Device)
		},
		official: func(w *world, o *softether.Official) {
			w.ips(w.Internet, "address add 10.83.0.254/24 dev wan2")
			w.ips(o.Host, "route replace 203.0.113.10 via 10.83.0.254 dev base0")
			w.ips(w.Internet, "address del 10.83.0.1/24 dev wan2", "address replace 10.83.0.254/24 dev wan2")
			w.ips(o.Host, "neighbour flush dev base0")
		},
	},
	{
		name:    "the device goes and is back after 2 s",
		prepare: func(*world) {},
		ours: func(w *world) {
			b := plan.Bases[0]
			w.unplug(w.Desktop.Host, b.Device)
			time.Sleep(2 * time.Second)
			w.ok(netns.Cable(w.Desktop.Host, b.Device, w.Internet, b.Far))
			w.ok(w.Internet.AddAddr(b.Far, netip.PrefixFrom(b.Router, b.V4Bits), netip.PrefixFrom(b.Router6, b.V6Bits)))
			w.activates(b.Profile)
		},
		official: func(w *world, o *softether.Official) {
			w.unplug(o.Host, official0.Device)
			time.Sleep(2 * time.Second)
			w.ok(netns.Cable(o.Host, official0.Device, w.Internet, official0.Far))
			w.ips(w.Internet, "address add 10.83.0.1/24 dev wan2")
			w.ips(o.Host, "address add 10.83.0.2/24 dev base0", "route add 203.0.113.10 via 10.83.0.1 dev base0")
		},
	},
	{
		name:    "no network for a minute",
		prepare: func(*world) {},
		ours: func(w *world) {
			w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile))
			time.Sleep(time.Minute)
			w.activates(plan.Bases[0].Profile)
		},
		official: func(w *world, o *softether.Official) {
			w.ok(o.SetLink(official0.Device, false))
			w.ok(o.SetLink(softether.OfficialCables[1].Device, false))
			time.Sleep(time.Minute)
			w.ok(o.SetLink(official0.Device, true))
			w.ips(o.Host, "route add 203.0.113.10 via 10.83.0.1 dev base0")
		},
	},
	{
		name:    "the computer sleeps for half a minute",
		prepare: func(*world) {},
		ours:    func(w *world) { w.freezes(w.service()) },
		official: func(w *world, o *softether.Official) {
			w.freezes(o.PIDs()...)
		},
	},
	{
		name:    "from a network of IPv4 only to one of IPv6 only",
		prepare: oneFamilyEach,
		ours:    func(w *world) { w.ok(w.Desktop.Down(w.ctx, plan.Bases[0].Profile)) },
		official: func(w *world, o *softether.Official) {
			w.ok(o.SetLink(official0.Device, false))
		},
		named: func(w *world, o *softether.Official) string {
			// No network is configured but for this, and a name server that is gone is asked first.
			w.ips(w.Internet, "address add fd84::1/64 dev wan3 nodad")
			w.ips(o.Host, "address flush dev base1 scope global", "address add fd84::2/64 dev base1 nodad", "-6 route add default via fd84::1 dev base1")
			w.officialAsks(o, "10.83.0.1", "fd84::1")
			return plan.ServerName
		},
		onto:    plan.Bases[1].Device,
		profile: func(_ *world, v *desktop.VPN) { v.Data["gateway"] = plan.ServerName },
	},
	{
		name:    "the server's name moves",
		prepare: func(w *world) { w.ok(w.MoveName(movingName, plan.ServerAddr)) },
		ours: func(w *world) {
			w.ips(w.Internet, "address add "+plan.Single(movedTo).String()+" dev lo", "address del "+plan.Single(plan.ServerAddr).String()+" dev lo")
			w.ok(w.MoveName(movingName, movedTo))
		},
		official: func(w *world, _ *softether.Official) { // back again
			w.ips(w.Internet, "address add "+plan.Single(plan.ServerAddr).String()+" dev lo", "address del "+plan.Single(movedTo).String()+" dev lo")
			w.ok(w.MoveName(movingName, plan.ServerAddr))
		},
		named: func(w *world, o *softether.Official) string {
			w.ips(o.Host, "route add "+movedTo.String()+" via 10.83.0.1")
			w.officialAsks(o, "10.83.0.1")
			return movingName
		},
		profile: func(_ *world, v *desktop.VPN) { v.Data["gateway"] = movingName },
	},
}

// officialAsks sets the name servers of the official client's computer.
func (w *world) officialAsks(o *softether.Official, servers ...string) {
	w.t.Helper()
	lines := "nameserver " + strings.Join(servers, "\nnameserver ") + "\n"
	w.ok(os.WriteFile(o.Path("/etc/resolv.conf"), []byte(lines), 0o644))
}

// ips runs ip on a host, a line each time.
func (w *world) ips(h *netns.Host, lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		_, err := h.Must(w.ctx, "sh", "-c", "ip "+line)
		w.ok(err)
	}
}

func (w *world) withoutCarrier(far string, d time.Duration) {
	w.t.Helper()
	w.ok(w.Internet.SetLink(far, false))
	time.Sleep(d)
	w.ok(w.Internet.SetLink(far, true))
}

func (w *world) unplug(h *netns.Host, device string) {
	w.t.Helper()
	link, err := h.Net.LinkByName(device)
	w.ok(err)
	w.ok(h.Net.LinkDel(link))
}

// activates brings a base's profile up, which has a device by now or will have it soon.
func (w *world) activates(profile string) {
	w.t.Helper()
	w.eventually("profile "+profile, 20*time.Second, func() error {
		_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", profile)
		return err
	})
}

// freezes stops processes for half a minute, as sleep does.
func (w *world) freezes(pids ...int) {
	w.t.Helper()
	for _, pid := range pids {
		w.ok(syscall.Kill(pid, syscall.SIGSTOP))
	}
	time.Sleep(30 * time.Second)
	for _, pid := range pids {
		w.ok(syscall.Kill(pid, syscall.SIGCONT))
	}
}

// oneFamilyEach leaves the first base only IPv4, and the second one only IPv6.
func oneFamilyEach(w *world) {
	w.t.Helper()
	a, b := plan.Bases[0], plan.Bases[1]
	for _, change := range [][]string{
		{"connection", "modify", a.Profile, "ipv6.method", "disabled", "ipv6.addresses", "", "ipv6.gateway", ""},
		{"connection", "up", a.Profile},
		{"connection", "modify", b.Profile, "ipv4.method", "disabled", "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dns", "", "ipv6.dns", b.Router6.String()},
	} {
		_, err := w.Desktop.MustNMCLI(w.ctx, change...)
		w.ok(err)
	}
	w.both(false)
}
