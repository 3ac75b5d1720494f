// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
)

// pings checks that each of addrs answers the desktop.
func (w *world) pings(addrs ...netip.Addr) {
	w.t.Helper()
	for _, a := range addrs {
		ctx, cancel := context.WithTimeout(w.ctx, hung/2)
		if _, err := w.Desktop.Ping(ctx, a); err != nil {
			w.t.Error(err)
		}
		cancel()
	}
}

// addressIn returns the only address on dev within net.
func (w *world) addressIn(dev string, net netip.Prefix) netip.Addr {
	w.t.Helper()
	addrs, err := w.Desktop.Addrs(dev)
	w.ok(err)
	addrs = slices.DeleteFunc(addrs, func(p netip.Prefix) bool { return !net.Contains(p.Addr()) })
	if len(addrs) != 1 || addrs[0].Bits() != net.Bits() {
		all, _ := w.Desktop.Addrs(dev)
		w.t.Fatalf("addresses on %s are %v, want one in %v", dev, all, net)
	}
	return addrs[0].Addr()
}

// inOffice checks what everybody sees of a VPN that leads into the office: the same IPv4 address in nmcli and in the kernel,
// the kernel's route, and that the office answers by it.
func (w *world) inOffice(name string) {
	w.t.Helper()
	tap := w.tap()
	self := w.addressIn(tap, plan.OfficeNet)
	w.shows(name, "IP4.ADDRESS", netip.PrefixFrom(self, plan.OfficeNet.Bits()).String())
	w.hasRoutes(plan.OfficeNet.String() + " dev " + tap)
	w.pings(plan.OfficeGateway)
}

// shows waits until nmcli prints all words in a field of an active connection.
func (w *world) shows(name, field string, words ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("nmcli to show %q in %s", words, field), 10*time.Second, func() error {
		shown, err := w.Desktop.MustNMCLI(w.ctx, "-g", field, "connection", "show", name)
		shown = strings.ReplaceAll(shown, "\\", "")
		for _, word := range words {
			if err == nil && !strings.Contains(shown, word) {
				err = fmt.Errorf("it shows %q", shown)
			}
		}
		return err
	})
}

// hasRoutes checks that all these routes are there, in the form of netns.Host.Routes.
func (w *world) hasRoutes(want ...string) {
	w.t.Helper()
	got, err := w.Desktop.Routes()
	w.ok(err)
	for _, r := range want {
		if !slices.Contains(got, r) {
			w.t.Errorf("no route %q in\n%s", r, strings.Join(got, "\n"))
		}
	}
}

// hasNoRoute checks that no route begins like that.
func (w *world) hasNoRoute(prefix string) {
	w.t.Helper()
	got, err := w.Desktop.Routes()
	w.ok(err)
	for _, r := range got {
		if strings.HasPrefix(r, prefix) {
			w.t.Errorf("there is a route %q", r)
		}
	}
}

// web checks which part of the lab answers at an address that exists on the Internet and in the office.
func (w *world) web(wantPlace string, wantFrom netip.Addr) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, hung/2)
	defer cancel()
	got, err := w.Desktop.WhoAmI(ctx, plan.EverywhereWeb)
	w.ok(err)
	if want := wantPlace + " " + wantFrom.String(); got != want {
		w.t.Errorf("the web sees %q, want %q", got, want)
	}
}

// vpnDNS returns the one DNS entry of a VPN.
func (w *world) vpnDNS() desktop.DNSEntry {
	w.t.Helper()
	list, err := w.Desktop.VPNDNS()
	w.ok(err)
	if len(list) != 1 {
		w.t.Fatalf("DNS entries of VPNs are %v, want one", list)
	}
	return list[0]
}

// resolves checks what the desktop's resolver says.
func (w *world) resolves(name string, want netip.Addr) {
	w.t.Helper()
	out, err := w.Desktop.Must(w.ctx, "getent", "hosts", name)
	if err != nil || !strings.HasPrefix(out, want.String()+" ") {
		w.t.Errorf("%s resolves to %q, %v, want %v\n%s", name, out, err, want, w.Desktop.ResolvConf())
	}
}

// baseIntact checks that the connection below the VPN works as before.
func (w *world) baseIntact() {
	w.t.Helper()
	w.pings(plan.ServerAddr)
	w.hasRoutes("default via " + plan.Bases[0].Router.String() + " dev " + plan.Bases[0].Device)
	w.wantState(plan.Bases[0].Profile, desktop.Activated)
}

// serverRoute is the host route that keeps the tunnel's own packets on a base connection.
func serverRoute(server netip.Addr, base plan.Base) string {
	router := base.Router
	if server.Is6() {
		router = base.Router6
	}
	return netip.PrefixFrom(server, server.BitLen()).String() + " via " + router.String() + " dev " + base.Device
}

// netOf is the network of that size which addr is in.
func netOf(addr netip.Addr, bits int) netip.Prefix { return netip.PrefixFrom(addr, bits).Masked() }
