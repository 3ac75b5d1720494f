// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// ipv4Only makes the server's IPv4 address the one that is used, for tests that look at routes.
func ipv4Only(v desktop.VPN) desktop.VPN {
	v.Data["gateway"] = plan.ServerName4
	return v
}

func TestPersonConnectsWithPasswordAndIsInTheOffice(t *testing.T) {
	w := network(t)
	before, err := w.Desktop.Routes()
	w.ok(err)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))

	tap := w.tap()
	if tap != "se0" {
		t.Errorf("the interface is called %s, want se0", tap)
	}
	self := w.addressIn(tap, plan.OfficeNet)
	w.hasRoutes(
		"default via 10.20.0.1 dev "+tap,
		"10.20.0.0/24 dev "+tap,
		"10.30.0.0/16 via 10.20.0.1 dev "+tap,
		serverRoute(plan.ServerAddr, plan.Bases[0]))
	w.pings(plan.OfficeGateway, plan.OfficeInner, plan.ServerAddr)
	w.web("office", self)
	want := desktop.DNSEntry{
		Interface: tap, Servers: []netip.Addr{plan.OfficeGateway, plan.OfficeDNS2},
		Domains: []string{"office.test", "lab.office.test"}, VPN: true, Priority: 50,
	}
	got := w.vpnDNS()
	slices.Sort(got.Domains)
	slices.Sort(want.Domains)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("DNS (-want +got)\n%s", diff)
	}
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.resolves("wiki.lab", plan.OfficeInner)
	w.wantState("office", desktop.Activated)

	w.down("office")
	after, err := w.Desktop.Routes()
	w.ok(err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("routes after disconnecting (-before +after)\n%s", diff)
	}
	w.baseIntact()
}

func TestSplitTunnelLeavesTheInternetWhereItIs(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("split", softether.HubOffice, softether.Alice, "ipv4.never-default", "yes")))
	tap := w.tap()
	w.hasRoutes("10.20.0.0/24 dev "+tap, "10.30.0.0/16 via 10.20.0.1 dev "+tap)
	w.hasNoRoute("default via 10.20.0.1")
	w.pings(plan.OfficeGateway, plan.OfficeInner)
	w.web("internet", plan.Bases[0].Address)
	w.resolves("intranet.office.test", plan.OfficeGateway)
	w.down("split")
	w.baseIntact()
}

func TestOfficeWithoutRouterGivesNoDefaultRoute(t *testing.T) {
	w := network(t)
	dhcp := servers.OfficeDHCP()
	dhcp.Router, dhcp.Routes = netip.Addr{}, []servers.Route{{Dst: plan.InnerNet, Via: plan.OfficeGateway}}
	w.ok(w.Office.Configure(w.ctx, dhcp))
	t.Cleanup(func() { w.ok(w.Office.Configure(w.ctx, servers.OfficeDHCP())) })
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.pings(plan.OfficeInner)
	w.hasNoRoute("default dev " + w.tap())
	w.hasNoRoute("default via 10.20.0.1")
	w.web("internet", plan.Bases[0].Address)
}

func TestHubWithSecureNAT(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("nat", softether.HubNAT, softether.Alice)))
	tap := w.tap()
	w.addressIn(tap, plan.NATNet)
	w.hasRoutes("default via 192.168.30.1 dev "+tap, serverRoute(plan.ServerAddr, plan.Bases[0]))
	w.pings(plan.NATGateway)
	if got := w.vpnDNS(); !slices.Equal(got.Servers, []netip.Addr{plan.NATGateway}) || !slices.Equal(got.Domains, []string{"nat.test"}) {
		t.Errorf("DNS is %+v", got)
	}
	w.resolves("www.public.test", plan.EverywhereWeb)
	w.down("nat")
}

func TestServerIsReachedOverIPv6(t *testing.T) {
	for name, gateway := range map[string]string{"name": plan.ServerName6, "literal": "[2001:db8:113::10]:992"} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			v := w.profile("six", softether.HubOffice, softether.Alice)
			v.Data["gateway"] = gateway
			w.up(v)
			w.hasRoutes(serverRoute(plan.ServerAddr6, plan.Bases[0]))
			w.pings(plan.OfficeInner)
			w.down("six")
		})
	}
}

func TestServerNameWithDeadAddressesStillConnectsSoon(t *testing.T) {
	w := network(t)
	v := w.profile("moved", softether.HubOffice, softether.Alice)
	v.Data["gateway"] = plan.MovedServerName
	began := time.Now()
	w.up(v)
	// One after the other they would take 10 s each; side by side it is less than one.
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("connecting took %v with one of three addresses alive", took)
	}
	w.hasRoutes(serverRoute(plan.ServerAddr, plan.Bases[0]))
}

func TestPersonChoosesTheInterfaceName(t *testing.T) {
	w := network(t)
	w.up(w.profile("named", softether.HubOffice, softether.Alice, "connection.interface-name", "work0"))
	if tap := w.tap(); tap != "work0" {
		t.Errorf("the interface is called %s, want work0", tap)
	}
	w.down("named")
}

func TestTwoConnectionsToTwoHubsAtOnce(t *testing.T) {
	w := network(t)
	w.up(ipv4Only(w.profile("office", softether.HubOffice, softether.Alice)))
	w.up(ipv4Only(w.profile("nat", softether.HubNAT, softether.Alice, "ipv4.never-default", "yes")))
	if pids, taps := w.Desktop.Services(), w.taps(); len(pids) != 2 || !slices.Equal(taps, []string{"se0", "se1"}) {
		t.Errorf("services %v and TAPs %v, want two of each", pids, taps)
	}
	w.pings(plan.OfficeInner, plan.NATGateway)
	w.ok(w.Desktop.Down(w.ctx, "office"))
	w.eventually("the first connection to be gone", 5*time.Second, func() error {
		return is("number of services", len(w.Desktop.Services()), 1, nil)
	})
	w.pings(plan.NATGateway)
	w.wantState("nat", desktop.Activated)
	w.down("nat")
	w.baseIntact()
}

func (w *world) taps() []string {
	w.t.Helper()
	taps, err := w.Desktop.TAPs()
	w.ok(err)
	slices.Sort(taps)
	return taps
}
